#!/usr/bin/env python3
"""tools/bisect-kernels on made-up rows: which step is found, and what is no step.

usage: bisect_kernels_test.py SOURCE_DIR
"""
import csv
import os
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.abspath(sys.argv[1])
GCC_14 = "x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0"
GCC_16 = "gcc-16 (Debian 16.2.0-4) 16.2.0"
CELL = {"status": "ok", "mode": "direct", "relay": "", "buffers": "registered", "connections": "4",
        "body_bytes": "1048576", "reuse": "yes", "tls": "off", "kernel_compiler": GCC_14,
        "guest": "qemu=7.2.22;machine=microvm;cpu=Nehalem-v1;settle=7;workers=300"}


def boots_of(kernel, counts, **other):
    return [{**CELL, "kernel": f"{kernel}+deb13-cloud-amd64", "run_id": "r", "repeat": str(boot),
             "instructions_per_request": str(count), **other}
            for boot, count in enumerate(counts, 1)]


class BisectKernels(unittest.TestCase):
    def run_on(self, rows, *arguments, name="rows.csv"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name)
            with open(path, "w", newline="", encoding="utf-8") as file:
                columns = list(dict.fromkeys(column for row in rows for column in row))
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
            done = subprocess.run(
                [os.path.join(SOURCE, "tools", "bisect-kernels"), *arguments, path],
                capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_the_first_kernel_that_moved_is_named(self):
        # 6.9 is older than 6.12, whatever the order of the rows.
        rows = (boots_of("6.16.12", [1300, 1302, 1301]) + boots_of("6.9.1", [1000, 1001, 1002])
                + boots_of("6.12.118", [1003, 1001, 1002]) + boots_of("7.2.12", [1301, 1300, 1302]))
        status, text = self.run_on(rows)
        self.assertEqual(status, 0, text)
        self.assertIn("6.16.12 moved against 6.12.118: +299, +29.8 %.", text)
        self.assertEqual(text.count("moved against"), 1)

    def test_a_fall_back_is_a_step_too(self):
        rows = (boots_of("6.12.1", [1000]) + boots_of("6.16.1", [1300])
                + boots_of("7.2.1", [1000]))
        self.assertIn("7.2.1 moved against 6.16.1: -300, -23.1 %.", self.run_on(rows)[1])

    def test_less_than_the_threshold_is_none(self):
        rows = boots_of("6.12.1", [1000]) + boots_of("6.16.1", [1029])
        status, text = self.run_on(rows)
        self.assertEqual((status, "None moved by more than 3 %" in text), (1, True), text)
        self.assertEqual(self.run_on(rows, "--threshold", "2%")[0], 0)

    def test_boots_that_overlap_are_none(self):
        rows = boots_of("6.12.1", [1000, 1000, 1200]) + boots_of("6.16.1", [1100, 1100, 1300])
        self.assertEqual(self.run_on(rows)[0], 1)

    def test_another_compiler_is_left_out_by_name(self):
        rows = (boots_of("6.12.1", [1000]) + boots_of("6.16.1", [1000])
                + boots_of("7.2.13", [500], kernel_compiler=GCC_16))
        status, text = self.run_on(rows)
        self.assertEqual(status, 1, text)
        self.assertIn(f"Left out: 7.2.13+deb13-cloud-amd64, by {GCC_16}: 500.", text)

    def test_another_cell_or_processor_is_not_of_it(self):
        others = [{"buffers": "plain"}, {"connections": "64"}, {"reuse": "no"}, {"tls": "worker"},
                  {"body_bytes": "0"}, {"guest": "cpu=Nehalem-v1,+erms;workers=1"},
                  {"status": "failed"}]
        rows = boots_of("6.12.1", [1000]) + boots_of("6.16.1", [1000])
        for other in others:
            rows += boots_of("6.16.1", [9000], **other)
        status, text = self.run_on(rows)
        self.assertEqual((status, "9,000" in text), (1, False), text)

    def test_a_role_has_its_own_count(self):
        rows = (boots_of("6.12.1", [1000]) + boots_of(
            "6.16.1", [1000], guest=CELL["guest"].replace("workers=300", "workers=400")))
        self.assertEqual(self.run_on(rows)[0], 1)
        self.assertIn("+100, +10.0 %", self.run_on(rows, "--role", "workers")[1])

    def test_a_function_of_a_profile_that_one_kernel_does_not_call(self):
        def functions(kernel, memcpy):
            rows = boots_of(kernel, [1000], subsystem="copy", function="")
            rows += boots_of(kernel, [600], subsystem="copy", function="_copy_to_iter")
            return rows + (boots_of(kernel, [memcpy], subsystem="copy", function="memcpy")
                           if memcpy else [])
        rows = functions("6.12.1", 0) + functions("6.16.1", 400) + functions("7.2.1", 401)
        status, text = self.run_on(rows, "--function", "memcpy", name="rows.profile.csv")
        self.assertEqual(status, 0, text)
        self.assertIn("6.16.1 moved against 6.12.1: +400, +40.0 %.", text)
        self.assertEqual(
            self.run_on(rows, "--function", "_copy_to_iter", name="rows.profile.csv")[0], 1)

    def test_too_few_kernels_are_said(self):
        self.assertEqual(self.run_on(boots_of("6.12.1", [1000]))[0], 77)
        self.assertEqual(self.run_on(boots_of("6.12.1", [1000]), "--body", "big")[0], 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
