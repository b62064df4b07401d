#!/usr/bin/env python3
"""tools/update-readme in a copy of what it reads: what it finds, mends, and cannot tell.

usage: update_readme_test.py URING_BENCH SOURCE_DIR
"""
import csv
import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY, SOURCE = map(os.path.abspath, sys.argv[1:3])
# A whole run of the study, the oldest there is: what is committed later does not change it.
RUN = "results/method-2/6.18.44-fc-v669.csv"
ROWS, MORE_ROWS = "results/sessions/peers-1.csv", "results/sessions/peers-2.csv"
MIB = 1 << 20
README = """# A page

<!-- tables:begin -->
<!-- tables:end -->

![requests](docs/pictures/throughput.svg)
"""
# Draws nothing but what it was given.
RENDERER = """#!/bin/sh
for name in throughput cpu; do echo "<svg>$(wc -c < "$1")</svg>" > "$2/$name.svg"; done
"""
NO_RENDERER = """#!/bin/sh
echo 'render-pictures: the library is not there' >&2
exit 77
"""


class UpdateReadme(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="uring-bench-test-")
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("tools", "results/sessions", "docs/pictures", "page"):
            os.makedirs(os.path.join(self.root, folder))
        for path in ("tools/update-readme", "page/picture.js", "page/library.json"):
            shutil.copy(os.path.join(SOURCE, path), os.path.join(self.root, path))
        with open(os.path.join(SOURCE, RUN), newline="", encoding="utf-8") as file:
            old = list(csv.DictReader(file))
        with open(os.path.join(SOURCE, "test/data/csv_header.txt"), encoding="utf-8") as file:
            columns = file.read().split()[-1].split(",")
        self.rows = [{**dict.fromkeys(columns, ""), **row, "schema": "3", "method": "3",
                      "connections": "8"} for row in old]
        self.write_rows(ROWS, self.rows)
        for path in glob.glob(os.path.join(SOURCE, "tools", "*.py")):
            shutil.copy(path, os.path.join(self.root, "tools"))
        self.write("README.md", README)
        self.write("tools/render-pictures", RENDERER, mode=0o755)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def write(self, path, text, mode=0o644):
        with open(os.path.join(self.root, path), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(self.root, path), mode)

    def change(self, path, old, new):
        text = self.read(path)
        self.assertIn(old, text)
        self.write(path, text.replace(old, new, 1))

    def add_part(self, name):
        self.write("README.md", self.read("README.md") +
                   f"\n<!-- {name}:begin -->\n<!-- {name}:end -->\n")

    def part(self, name):
        return self.read("README.md").split(f"<!-- {name}:begin -->\n")[1].split("\n<!-- ")[0]

    def write_rows(self, path, changes):
        """A file of rows: the first of the run, with these changes."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**self.rows[0], **change} for change in changes)
        self.write(path, text.getvalue())

    def write_session(self, path, run, factor):
        """The run again, so much faster than it was."""
        self.write_rows(path, [{**row, "run_id": run, "requests_per_s": str(
            factor * float(row["requests_per_s"]))} for row in self.rows])

    def run_tool(self, *arguments):
        """Exit code and standard error. There is no node in this PATH."""
        done = subprocess.run(
            [sys.executable, os.path.join(self.root, "tools/update-readme"), "--binary", BINARY,
             *arguments], capture_output=True, text=True, check=False, cwd=self.root,
            env={**os.environ, "PATH": "/usr/bin:/bin"})
        return done.returncode, done.stderr

    def test_what_was_written_is_not_different(self):
        self.assertEqual(self.run_tool(), (0, ""))
        self.assertIn("| cluster | ", self.part("tables"))
        self.assertIn("<svg>", self.read("docs/pictures/throughput.svg"))
        self.assertEqual(self.run_tool("--check"), (0, ""))

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *arguments],
                       cwd=self.root, check=True, capture_output=True)

    def test_a_check_is_of_the_rows_that_git_knows(self):
        self.assertEqual(self.run_tool(), (0, ""))
        self.git("init", "-q")
        self.git("add", "-A")
        # What a run of one's own leaves behind: more rows in a file, and a file more.
        rows = self.read(ROWS)
        self.change(ROWS, "\n", "\n" + rows.splitlines()[1].replace("2026", "2036") + "\n")
        self.write(MORE_ROWS, rows.replace("2026", "2036"))
        self.assertEqual(self.run_tool("--check"), (0, ""))
        self.git("add", "-A")
        status, errors = self.run_tool("--check")
        self.assertEqual(status, 1)
        self.assertIn("README.md: part tables", errors)

    def test_figures_of_several_sessions_hold_each_of_them(self):
        self.run_tool()
        one = self.part("tables")
        self.write_session(MORE_ROWS, "another", 2)
        self.assertEqual(self.run_tool(), (0, ""))
        two = self.part("tables")
        self.assertIn("one session", one.replace("\n", " "))
        self.assertIn("2 sessions", two.replace("\n", " "))
        self.assertIn(f"`{MORE_ROWS}`", two)
        low, high = (sorted(float(row["requests_per_s"]) for row in self.rows if (
            row["mode"], row["body_bytes"], row["reuse"]) == ("cluster", str(MIB), "no"))
            for _ in range(2))
        ends = re.search(r"\| cluster \| [^|]*\| [\d≥ ]+\((\d+)–(\d+)\) \|", two)
        self.assertLessEqual(float(ends[1]), low[len(low) // 2] + 1)
        self.assertGreaterEqual(float(ends[2]), 2 * high[(len(high) - 1) // 2] - 1)

    def test_a_figure_that_no_row_gives_is_named_and_mended(self):
        self.run_tool()
        good = self.read("README.md")
        self.change("README.md", "| cluster | ", "| cluster | 1")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("README.md: part tables is not what the rows give", error)
        self.run_tool()
        self.assertEqual(self.read("README.md"), good)

    def test_a_picture_that_was_not_drawn_is_named_and_mended(self):
        self.run_tool()
        good = self.read("docs/pictures/throughput.svg")
        self.change("docs/pictures/throughput.svg", "</svg>", "<rect/></svg>")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("docs/pictures/throughput.svg is not what was drawn", error)
        self.assertEqual(self.run_tool()[0], 0)
        self.assertEqual(self.read("docs/pictures/throughput.svg"), good)

    def test_a_picture_of_other_rows_or_another_specification_is_named(self):
        self.run_tool()
        self.change("page/picture.js", "\n", "\n\n")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("docs/pictures/throughput.svg is not of these rows", error)
        self.change("page/picture.js", "\n\n", "\n")
        self.assertEqual(self.run_tool("--check"), (0, ""))
        self.write_rows(ROWS, self.rows[:-1])
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("docs/pictures/throughput.svg is not of these rows", error)

    def test_without_a_renderer_a_check_tells_all_and_texts_are_written(self):
        self.write("tools/render-pictures", NO_RENDERER, mode=0o755)
        code, error = self.run_tool()
        self.assertEqual(code, 77)
        self.assertIn("pictures were not drawn: render-pictures: the library is not there", error)
        self.assertIn("| cluster | ", self.part("tables"))
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("docs/pictures/throughput.svg is not of these rows", error)
        self.assertNotIn("part tables", error)

    def test_a_check_of_drawn_pictures_needs_no_renderer(self):
        self.run_tool()
        os.remove(os.path.join(self.root, "tools/render-pictures"))
        self.write("tools/render-pictures", RENDERER)
        self.assertEqual(self.run_tool("--check"), (0, ""))

    def test_instructions_of_all_files_become_a_part(self):
        others = [{}, {"connections": "64"}, {"buffers": "plain"},
                  {"guest": "qemu=7;machine=microvm;cpu=Nehalem-v1,+erms"}]
        for kernel, count in (("6.12.1", 20000), ("6.1.2", 10000)):
            self.write_rows(f"results/{kernel}.csv", [{
                "run_id": f"{kernel} {place}", "accelerator": "tcg", "body_bytes": "0", "reuse": "no", "requests_per_s": "",
                "kernel": kernel, "instructions_per_request": str(count * (1 + place)),
                "guest": "qemu=7;machine=microvm;cpu=Nehalem-v1", "connections": "4",
                "method": "3", "buffers": "registered", **other} for place, other in enumerate(others)])
        self.add_part("instructions")
        self.assertEqual(self.run_tool(), (0, ""))
        part = self.part("instructions")
        # Nobody knows these kernels' compilers. Other connections, buffers and processors are out.
        self.assertRegex(part, r"\| 0 B, no reuse \| compiler \| \S+ \|\n.*\n"
                               r"\| 6\.1\.2 \| unknown \| 10\.0 \|\n"
                               r"\| 6\.12\.1 \| unknown \| 20\.0 \|")

    def costs(self, session, cells, rounds=6):
        """A session of rounds: mode, relay, body, reuse, buffers and CPU of server and client. The
        second round is on a machine half as fast, the third on one a third as fast, and so on."""
        rows = [{
            "run_id": f"{buffers} {seed} {relay}", "mode": mode, "relay": relay,
            "buffers": buffers, "workers": "4", "connections": "4", "body_bytes": str(size),
            "reuse": reuse, "seed": str(seed), "repeat": "1", "bottleneck": "none", "warnings": "",
            "cpu_us_per_request_master": "0", "cpu_us_per_request_workers": str(server * seed),
            "cpu_us_per_request_client": str(client * seed)}
            for seed in range(1, rounds + 1) for mode, relay, size, reuse, buffers, server, client in cells]
        self.write_rows(f"results/sessions/buffers-{session}.csv", rows)

    def test_what_a_hand_over_costs_is_within_a_round_of_any_buffers(self):
        for session, cost in ((1, 20), (2, 24)):
            self.costs(session, [(mode, "", 0, "no", buffers, server, 60)
                                 for buffers in ("registered", "plain")
                                 for mode, server in (("direct", 40), ("cluster", 40 + cost))],
                       rounds=2)
        self.add_part("handover")
        self.assertEqual(self.run_tool(), (0, ""))
        part = self.part("handover")
        # Costs of 20 and 40 in the first session, of 24 and 48 in the second, with two kinds.
        self.assertRegex(part, r"\| cluster \| 4 \| 33\.0 \(.*\) \| 33\.0 \(.*\) \| 30\.0 .* \| 36\.0 .* \| 8 \|")

    def test_relays_are_compared_within_a_round(self):
        self.costs(1, [("passthru", relay, size, reuse, "registered", cpu, 10)
                       for reuse in ("no", "yes") for size in (4096, MIB)
                       for relay, cpu in (("copy", 20), ("sync", 50 if size == 4096 else 5))])
        self.add_part("relays")
        self.assertEqual(self.run_tool(), (0, ""))
        part = self.part("relays")
        self.assertIn("| 4 KiB | 2.00 (2.00–2.00)¹ | – | 2.00 (2.00–2.00)¹ | – |", part)
        self.assertIn("| 1 MiB | 0.50 (0.50–0.50)¹ | – | 0.50 (0.50–0.50)¹ | – |", part)

    def test_the_files_of_the_guide_are_checked_as_the_texts_are(self):
        shutil.copy(os.path.join(SOURCE, "page/guide.json"), os.path.join(self.root, "page"))
        rules = json.loads(self.read("page/guide.json"))
        for rules_of_part in rules["rules"].values():
            for rule in rules_of_part:
                rule["figures"] = [["plain-0 B", "below"]]
        self.write("page/guide.json", json.dumps(rules))
        self.costs(1, [("socket", "", 0, "yes", buffers, server, 10)
                       for buffers, server in (("registered", 40), ("plain", 15))])
        self.assertEqual(self.run_tool(), (0, ""))
        self.assertIn('"figure": "0.50 (0.50 to 0.50)¹"', self.read("page/guide_figures.json"))
        self.change("page/guide_figures.json", "0.50 (", "0.51 (")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("page/guide_figures.json is not what the rows give", error)
        # Rows that say the opposite of a rule.
        self.costs(1, [("socket", "", 0, "yes", buffers, server, 10)
                       for buffers, server in (("registered", 40), ("plain", 90))])
        code, error = self.run_tool("--check")
        self.assertEqual(code, 2)
        self.assertIn("a rule says that plain-0 B is below 1", error)

    def test_a_part_without_rows_is_an_error_with_its_remedy(self):
        for name, remedy in (("relays", "results/sessions/buffers-*.csv: there is none"),
                             ("handover", "results/README.md has its command"),
                             ("no-such-part", "there is no part no-such-part")):
            self.write("README.md", README)
            self.add_part(name)
            code, error = self.run_tool("--check")
            self.assertEqual(code, 2)
            self.assertIn(remedy, error)

    def test_a_part_without_an_end_is_an_error_with_its_remedy(self):
        self.change("README.md", "<!-- tables:end -->", "")
        code, error = self.run_tool()
        self.assertEqual(code, 2)
        self.assertIn("README.md: part tables has no end", error)

    def test_no_run_of_the_study_is_an_error_with_its_remedy(self):
        self.write_rows(ROWS, [])
        code, error = self.run_tool("--check")
        self.assertEqual(code, 2)
        self.assertIn("no row has figures", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
