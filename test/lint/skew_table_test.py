#!/usr/bin/env python3
"""What tools/skew-table computes and says, by made-up rows. Usage: skew_table_test.py SOURCE_ROOT"""
import csv
import importlib.machinery
import importlib.util
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True


def load_tool():
    loader = importlib.machinery.SourceFileLoader("skew_table", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("skew_table", loader))
    loader.exec_module(module)
    return module


def row(mode, policy, repeat, p99, cpu, disturbed=""):
    return {"status": "ok", "mode": mode, "policy": policy, "connections": "16", "reuse": "no",
            "run_id": "r", "repeat": str(repeat), "disturbed": disturbed, "body_bytes": "105881",
            "body_mix": "1K:99+10M:1", "rate_requested": "1000", "worker_imbalance": "1.1",
            "latency_us_p50": "90", "latency_us_p99": "999", "latency_us_p999": "9999",
            "small_latency_us_p50": "50", "small_latency_us_p99": str(p99),
            "small_latency_us_p999": "500", "cpu_us_per_request_master": "0",
            "cpu_us_per_request_client": str(cpu),
            "cpu_us_per_request_workers": str(cpu), "host_cpu_us_per_request": str(2 * cpu)}


def output_for(rows, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "rows.csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return subprocess.run([sys.executable, TOOL, path, *options], capture_output=True,
                              text=True, check=False)


class Statistics(unittest.TestCase):
    def test_p_is_wilcoxons(self):
        tool = load_tool()
        self.assertEqual(tool.signed_rank_p([1, 2, 3, 4, 5]), 2 / 32)
        self.assertEqual(tool.signed_rank_p([1, 2, 3, 4, -5]), 20 / 32)  # sums up to 5: 10 of 32
        self.assertEqual(tool.signed_rank_p([1, -1, 2, -2]), 1)
        self.assertEqual(tool.signed_rank_p([0, 0]), 1)
        self.assertAlmostEqual(tool.signed_rank_p(range(1, 11)), 2 / 1024)

    def test_interval_is_of_the_same_test(self):
        tool = load_tool()
        ratios = [math.exp(one / 10) for one in range(1, 8)]
        ratio, low, high = tool.ratio_interval(ratios)
        self.assertAlmostEqual(math.log(ratio), 0.4)
        self.assertTrue(1 < low < ratio < high)  # seven of one sign: p is 1/64
        _, low, high = tool.ratio_interval([1.1, 1.2, 1.3])
        self.assertAlmostEqual(low, 1.1)  # too few for 95 %: the whole range
        self.assertAlmostEqual(high, 1.3)


class Table(unittest.TestCase):
    def rows(self, p99, cpu):
        return [one for repeat in range(1, 9)
                for one in (row("direct", "least", repeat, p99 + repeat, cpu + repeat / 100),
                            row("cluster", "least", repeat, 100 + repeat, 20 + repeat / 100))]

    def test_promises_hold_or_not(self):
        done = output_for(self.rows(100, 10))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("p99 µs: 1.00", done.stdout)
        self.assertEqual(done.stdout.count(" holds."), 3)
        self.assertIn("of the requests with the smallest body", done.stdout)
        self.assertIn("1K:99+10M:1", done.stdout)
        done = output_for(self.rows(300, 30))
        self.assertEqual(done.stdout.count(" does not hold."), 3)

    def test_few_rounds_decide_nothing(self):
        self.assertEqual(output_for(self.rows(100, 10)[:10]).stdout.count("is undecided"), 3)

    def test_disturbed_rounds_are_left_out(self):
        rows = self.rows(100, 10) + [row("direct", "least", 9, 1, 1, "foreign")]
        self.assertIn("1 left out as disturbed", output_for(rows).stdout)
        self.assertIn("direct:least | 8 |", output_for(rows).stdout)
        self.assertIn("direct:least | 9 |", output_for(rows, "--accept-disturbed").stdout)


TOOL = pathlib.Path(sys.argv.pop(1), "tools", "skew-table")
if __name__ == "__main__":
    unittest.main()
