#!/usr/bin/env python3
"""tools/update-readme in a copy of what it reads: what it finds, mends, and cannot tell.

usage: update_readme_test.py URING_BENCH SOURCE_DIR
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY, SOURCE = map(os.path.abspath, sys.argv[1:3])

# All that `report` and update-readme ask of a gnuplot.
GNUPLOT = """#!/bin/sh
cat >/dev/null
echo '<svg><title></title><desc>Produced by GNUPLOT 0.1 patchlevel 0 </desc></svg>'
"""


ROWS = "results/6.18.44-fc-v669.csv"


class UpdateReadme(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="uring-bench-test-")
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("tools", "results", "docs/pictures", "bin"):
            os.makedirs(os.path.join(self.root, folder))
        # One file of rows, the oldest there is, and no parts from others: what is committed later
        # does not change these cases.
        for path in ("README.md", "tools/update-readme", ROWS, *self.source_files("docs/pictures")):
            shutil.copy(os.path.join(SOURCE, path), os.path.join(self.root, path))
        readme = self.read("README.md")
        for part in ("instructions", "peers", "map", "handover"):
            readme = readme.replace(f"<!-- {part}:", f"<!-- not here: {part} ")
        self.write("README.md", readme)
        self.write("bin/gnuplot", GNUPLOT)
        os.chmod(os.path.join(self.root, "bin/gnuplot"), 0o755)

    @staticmethod
    def source_files(folder):
        return [os.path.join(folder, name) for name in os.listdir(os.path.join(SOURCE, folder))]

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def write(self, path, text):
        with open(os.path.join(self.root, path), "w", encoding="utf-8") as file:
            file.write(text)

    def change(self, path, old, new):
        text = self.read(path)
        self.assertIn(old, text)
        self.write(path, text.replace(old, new, 1))

    def run_tool(self, *arguments, path="bin:/usr/bin:/bin"):
        """Exit code and standard error."""
        done = subprocess.run(
            [sys.executable, os.path.join(self.root, "tools/update-readme"), "--binary", BINARY,
             *arguments], capture_output=True, text=True, check=False, cwd=self.root,
            env={**os.environ, "PATH": path.replace("bin:", os.path.join(self.root, "bin:"), 1)})
        return done.returncode, done.stderr

    def test_what_was_written_is_not_different(self):
        code, error = self.run_tool()
        self.assertEqual((code, error), (0, ""))
        self.assertIn("GNUPLOT 0.1", self.read("docs/pictures/cpu.svg"))
        self.assertEqual(self.run_tool("--check"), (0, ""))

    def test_a_copy_of_a_file_adds_no_repeats(self):
        self.run_tool()
        good = self.read("README.md")
        shutil.copy(os.path.join(self.root, ROWS), os.path.join(self.root, "results/z-copy.csv"))
        code, error = self.run_tool("--check")
        self.assertEqual(code, 0)
        self.assertIn("results/z-copy.csv: 80 rows are there twice", error)
        self.assertEqual(self.read("README.md"), good)

    def test_a_figure_that_no_row_gives_is_named_and_mended(self):
        self.run_tool()
        good = self.read("README.md")
        self.change("README.md", "req/s |", "1 req/s |")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("README.md: part tables is not what the rows give", error)
        self.run_tool()
        self.assertEqual(self.read("README.md"), good)

    def test_a_picture_that_no_row_gives_is_named(self):
        self.run_tool()
        self.change("docs/pictures/cpu.svg", "</svg>", "<rect/></svg>")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 1)
        self.assertIn("docs/pictures/cpu.svg: is not", error)

    def test_another_gnuplot_cannot_tell_pictures_but_tables(self):
        self.run_tool()
        self.change("bin/gnuplot", "0.1", "0.2")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 77)
        self.assertIn("is by GNUPLOT 0.1 patchlevel 0, here is GNUPLOT 0.2", error)
        self.change("README.md", "req/s", "req/h")
        self.assertEqual(self.run_tool("--check")[0], 1)

    def test_without_gnuplot_pictures_are_left_and_tables_checked(self):
        self.run_tool()
        code, error = self.run_tool("--check", path="/nonexistent")
        self.assertEqual(code, 77)
        self.assertIn("gnuplot is not installed", error)
        code, error = self.run_tool(path="/nonexistent")
        self.assertEqual(code, 2)
        self.change("README.md", "req/s", "req/h")
        self.assertEqual(self.run_tool("--check", path="/nonexistent")[0], 1)

    def test_instructions_of_all_files_become_a_part(self):
        header, row = self.read(ROWS).split("\n")[:2]
        fields = dict(zip(header.split(","), row.split(",")))
        fields.update(accelerator="tcg", body_bytes="0", reuse="no", requests_per_s="")
        for kernel, count in (("6.12.1", "20000"), ("6.1.2", "10000")):
            fields.update(kernel=kernel, instructions_per_request=count)
            self.write(f"results/{kernel}.csv", header + "\n" + ",".join(fields.values()) + "\n")
        self.change("README.md", "## Build", "<!-- instructions:begin -->\n\n"
                    "<!-- instructions:end -->\n\n## Build")
        self.assertEqual(self.run_tool(), (0, ""))
        part = self.read("README.md").split("<!-- instructions:", 2)[1]
        self.assertRegex(part, r"6\.1\.2 +\| +6\.12\.1 ")
        self.assertRegex(part, r"10000 +\| +20000 +\| +\+100\.0 %")
        # Nobody knows these kernels' compilers.
        self.assertRegex(" ".join(part.split()), r"6\.1\.2 unknown, 6\.12\.1 unknown\.")

    def test_what_a_hand_over_costs_depends_on_connections_and_on_who_is_counted(self):
        names = ["started_at", "kernel", "mode", "buffers", "workers", "connections", "body_bytes",
                 "reuse", "seed", "status", "warnings", "cpu_us_per_request_master",
                 "cpu_us_per_request_workers", "cpu_us_per_request_client"]
        for pattern, connections, costs in (("growth", 8, (30, -8)), ("handover", 64, (17, -9))):
            lines = [",".join(names)]
            for seed in range(11):
                for mode, server, client in (("direct", 40, 60), ("cluster", 40 + costs[0], 60 + costs[1])):
                    lines.append(f"2026,6.18,{mode},registered,4,{connections},0,no,{seed},ok,"
                                 f"{'buffers_starved' * (seed < 3)},10,{server - 10},{client}")
            self.write(f"results/{pattern}-6.18.csv", "\n".join(lines) + "\n")
        for end in ("begin", "end"):
            self.change("README.md", f"<!-- not here: handover {end}", f"<!-- handover:{end}")
        self.assertEqual(self.run_tool()[0], 0)
        text = self.read("README.md")
        self.assertIn("| cluster | 8 | 30.0 (30.0 to 30.0) | 22.0 (22.0 to 22.0) | 11 | 3 |", text)
        self.assertIn("| cluster | 64 | 17.0 (17.0 to 17.0) | 8.0 (8.0 to 8.0) | 11 | 3 |", text)

    def test_the_map_finds_where_splices_overtake_copies(self):
        names = ["started_at", "kernel", "cpus", "mode", "relay", "buffers", "workers", "connections", "body_bytes",
                 "reuse", "seed", "status", "cpu_us_per_request_master", "cpu_us_per_request_workers", "cpu_us_per_request_client"]
        lines = [",".join(names)]
        # The second round is on a machine half as fast, and has no `direct`: ratios are within a round.
        for seed, slower in ((1, 1), (2, 2)):
            for reuse in ("no", "yes"):
                for size in (0, 4 << 10, 64 << 10, 1 << 20):
                    for name, cpu in (("direct,", 10), ("cluster,", 12), ("socket,", 9), ("passthru,copy", 20 + size // 1024),
                                      ("passthru,sync", 40), ("passthru,linked", 60 + size)):
                        if (seed, name) != (2, "direct,"):
                            lines.append(f"2026,6.18,2,{name},registered,4,8,{size},{reuse},{seed},ok,0,{cpu * slower},{10 * slower}")
        self.write("results/growth-6.18.csv", "\n".join(lines) + "\n")
        self.change("README.md", "<!-- not here: map begin", "<!-- map:begin")
        self.change("README.md", "<!-- not here: map end", "<!-- map:end")
        self.assertEqual(self.run_tool()[0], 0)
        text = self.read("README.md")
        self.assertIn("`sync` splices needs less CPU than by `copy` | between 4 KiB and 64 KiB;", text)
        self.assertIn("`linked` splices needs less CPU than by `copy` | at no size up to the largest;", text)
        self.assertIn("(`cluster`) is under 1 % of their CPU | 2 µs a connection with 8 connections (2 to 2, 1 rounds) | 4 KiB: 7,", text)
        self.assertIn("(`socket`) is under 1 % of their CPU | -1 µs a connection with 8 connections (-1 to -1, 1 rounds) | at most 4 KiB: 1,", text)

    def test_peers_without_rows_is_an_error_with_its_remedy(self):
        self.change("README.md", "<!-- not here: peers begin", "<!-- peers:begin")
        self.change("README.md", "<!-- not here: peers end", "<!-- peers:end")
        code, error = self.run_tool()
        self.assertEqual(code, 2)
        self.assertIn("tools/peers measures it", error)

    def test_no_run_of_the_study_is_an_error_with_its_remedy(self):
        for name in os.listdir(os.path.join(self.root, "results")):
            if name.endswith(".csv"):
                header = self.read(os.path.join("results", name)).split("\n", 1)[0]
                self.write(os.path.join("results", name), header + "\n")
        code, error = self.run_tool("--check")
        self.assertEqual(code, 2)
        self.assertIn("measure first", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
