#!/usr/bin/env python3
"""tools/update-readme in a copy of what it reads: what it finds, mends, and cannot tell.

usage: update_readme_test.py URING_BENCH SOURCE_DIR
"""
import csv
import glob
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY, SOURCE = map(os.path.abspath, sys.argv[1:3])
ROWS = "results/method-2/6.18.44-fc-v669.csv"
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
        for folder in ("tools", "results/method-2", "docs/pictures", "page"):
            os.makedirs(os.path.join(self.root, folder))
        # One file of rows, the oldest there is: what is committed later does not change these.
        for path in ("tools/update-readme", "page/picture.js", "page/library.json", ROWS):
            shutil.copy(os.path.join(SOURCE, path), os.path.join(self.root, path))
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
        """A file of rows: the first of ROWS, with these changes."""
        first = next(csv.DictReader(io.StringIO(self.read(ROWS))))
        text = io.StringIO()
        writer = csv.DictWriter(text, list(first), lineterminator="\n")
        writer.writeheader()
        for number, change in enumerate(changes):
            writer.writerow({**first, "run_id": f"run-{number}", "method": "2", **change})
        self.write(path, text.getvalue())

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
        self.write("results/9.9.9.csv", rows.replace("2026", "2036"))
        self.assertEqual(self.run_tool("--check"), (0, ""))
        self.git("add", "-A")
        status, errors = self.run_tool("--check")
        self.assertEqual(status, 1)
        self.assertIn("README.md: part tables", errors)

    def test_a_copy_of_a_file_adds_no_repeats(self):
        self.run_tool()
        good = self.read("README.md")
        shutil.copy(os.path.join(self.root, ROWS), os.path.join(self.root, "results/method-2/z-copy.csv"))
        code, error = self.run_tool("--check")
        self.assertEqual(code, 0)
        self.assertIn("results/method-2/z-copy.csv: 80 rows are there twice", error)
        self.assertEqual(self.read("README.md"), good)

    def test_the_newest_method_that_has_a_whole_run_makes_the_tables(self):
        rows = list(csv.DictReader(io.StringIO(self.read(ROWS))))
        newer = [{**row, "method": "9", "run_id": "newer", "started_at": "2020"} for row in rows]
        self.write_rows("results/9.9.9.csv", newer[:10])
        self.assertEqual(self.run_tool(), (0, ""))
        self.assertIn(ROWS, self.part("tables"))
        self.write_rows("results/9.9.9.csv", newer)
        self.assertEqual(self.run_tool(), (0, ""))
        self.assertIn("method 9", self.part("tables"))
        self.assertIn("(`results/9.9.9.csv`)", self.part("tables").replace("\n", " "))

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
        rows = self.read(ROWS).split("\n")
        self.write(ROWS, "\n".join(rows[:-2]) + "\n")
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
                "accelerator": "tcg", "body_bytes": "0", "reuse": "no", "requests_per_s": "",
                "kernel": kernel, "instructions_per_request": str(count * (1 + place)),
                "guest": "qemu=7;machine=microvm;cpu=Nehalem-v1", "connections": "4",
                "buffers": "registered", **other} for place, other in enumerate(others)])
        self.add_part("instructions")
        self.assertEqual(self.run_tool(), (0, ""))
        part = self.part("instructions")
        # Nobody knows these kernels' compilers. Other connections, buffers and processors are out.
        self.assertRegex(part, r"\| 0 B, no reuse \| compiler \| \S+ \|\n.*\n"
                               r"\| 6\.1\.2 \| unknown \| 10\.0 \|\n"
                               r"\| 6\.12\.1 \| unknown \| 20\.0 \|")

    def test_what_a_hand_over_costs_depends_on_connections_and_on_who_is_counted(self):
        for kind, connections, costs in (("growth", "8", (30, -8)), ("handover", "64", (17, -9))):
            self.write_rows(f"results/{kind}-6.18.csv", [{
                "mode": mode, "buffers": "registered", "workers": "4", "body_bytes": "0",
                "connections": connections, "reuse": "no", "seed": str(seed), "repeat": "1",
                "bottleneck": "client" if (mode, seed) == ("direct", 7) else "none",
                "warnings": "buffers_starved" if seed < 3 else "",
                "cpu_us_per_request_master": "10",
                "cpu_us_per_request_workers": str(server - 10),
                "cpu_us_per_request_client": str(client)}
                for seed in range(20) for mode, server, client in (
                    ("direct", 40, 60), ("cluster", 40 + costs[0], 60 + costs[1]))])
        self.add_part("handover")
        self.assertEqual(self.run_tool()[0], 0)
        part = self.part("handover")
        self.assertIn("| cluster | 8 | 30.0 (30.0 to 30.0) | 22.0 (22.0 to 22.0) | 20 | 3 |", part)
        self.assertIn("| cluster | 64 | 17.0 (17.0 to 17.0) | 8.0 (8.0 to 8.0) | 20 | 3 |", part)
        self.assertIn("the client was the limit in 1 rounds of `direct`.", part)
        self.assertIn("in 19 rounds.", part)

    def test_relays_are_compared_within_a_round(self):
        # The second round is on a machine half as fast.
        self.write_rows("results/growth-6.18.csv", [{
            "mode": mode, "relay": relay, "buffers": "registered", "workers": "4",
            "connections": "8", "body_bytes": str(size), "reuse": reuse, "seed": str(seed),
            "repeat": "1", "cpu_us_per_request_master": "0",
            "cpu_us_per_request_workers": str(cpu * seed),
            "cpu_us_per_request_client": str(10 * seed)}
            for seed in (1, 2) for reuse in ("no", "yes") for size in (4096, MIB)
            for mode, relay, cpu in (("socket", "", 10), ("passthru", "copy", 20),
                                     ("passthru", "sync", 40 if size == 4096 else 10))])
        self.add_part("relays")
        self.assertEqual(self.run_tool()[0], 0)
        part = self.part("relays")
        self.assertIn("| 4 KiB | 2.00 (2.00–2.00) | – | 2.00 (2.00–2.00) | – |", part)
        self.assertIn("| 1 MiB | 0.50 (0.50–0.50) | – | 0.50 (0.50–0.50) | – |", part)
        self.assertIn("| 4 KiB | 4.00 (4.00–4.00) | – | 2.00 (2.00–2.00) |", part)

    def test_a_part_without_rows_is_an_error_with_its_remedy(self):
        for name, remedy in (("goals", "results/socket-cluster-*.csv: there is none"),
                             ("handover", "tools/growth measures it"),
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
        self.write(ROWS, self.read(ROWS).split("\n", 1)[0] + "\n")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 2)
        self.assertIn("measure first", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
