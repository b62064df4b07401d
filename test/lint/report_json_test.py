#!/usr/bin/env python3
"""What tools/ share: looking up figures of a report, rows of one round, generated parts, verdicts.

usage: report_json_test.py SOURCE_DIR
"""
import contextlib
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools"))
import generated
import parts_costs
import parts_findings
import peers_goals
import peers_load
import rows
from peers_figures import Ratio
from report_json import Figure, Report, interval_note, size_text, table


def comparison(first, second, kind, *figure):
    count, median, low, high, confidence = figure
    return {"of": first, "to": second, "metric": "requests_per_s", "kind": kind, "n": count,
            "median": median, "low": low, "high": high, "confidence": confidence}


def cell(name, mode, relay="", setting="t0"):
    return {"id": name, "setting": setting, "kernel": "6.1", "mode": mode, "relay": relay,
            "label": mode, "body_bytes": 0, "reuse": True, "rows": [0, 1, 2], "metrics": {
                "requests_per_s": {"n": 7, "median": 5, "low": 4, "high": 8, "confidence": 0.98}}}


REPORT = {"format": "uring-bench-report-1", "sections": [],
          "settings": [{"id": "t0", "values": {"connections": "8"}},
                       {"id": "t1", "values": {"connections": 64}}],
          "cells": [cell("c0", "socket"), cell("c1", "passthru", "sync"),
                    cell("c2", "socket", setting="t1")],
          "comparisons": [comparison("c0", "c1", "ratio", 7, 2, 1, 4, 0.98),
                          comparison("c0", "c1", "difference", 7, 3, -1, 5, 0.98)]}


class Reports(unittest.TestCase):
    def setUp(self):
        self.report = Report(REPORT)

    def test_a_cell_is_found_by_name_and_setting(self):
        self.assertEqual(self.report.find("socket", 0, True, connections=64)["id"], "c2")
        self.assertEqual(self.report.find("passthru sync", 0, True)["id"], "c1")
        self.assertIsNone(self.report.find("passthru", 0, True))
        self.assertIsNone(self.report.find("socket", 0, True, connections=9))

    def test_a_comparison_is_found_either_way(self):
        first, second = self.report.cells[:2]
        metric = "requests_per_s"
        self.assertEqual(self.report.between(first, second, metric), Figure(7, 2, 1, 4, 0.98))
        self.assertEqual(self.report.between(second, first, metric),
                         Figure(7, 0.5, 0.25, 1, 0.98))
        self.assertEqual(self.report.between(second, first, metric, "difference"),
                         Figure(7, -3, -5, 1, 0.98))
        self.assertIsNone(self.report.between(first, self.report.cells[2], metric))
        self.assertIsNone(self.report.between(first, None, metric))

    def test_the_client_is_the_limit_when_it_was_in_most_rounds(self):
        self.assertTrue(self.report.is_of_client({"limited_by_client": True}))
        self.assertFalse(self.report.is_of_client({"limited_by_client": False}))
        self.assertFalse(self.report.is_of_client(None))

    def test_another_format_is_refused(self):
        with self.assertRaisesRegex(rows.Failure, "format 'other-2'"):
            Report({**REPORT, "format": "other-2"})


class Figures(unittest.TestCase):
    def test_texts(self):
        figure = Figure(7, 1.234, 1, 1.5, 0.98)
        self.assertEqual(figure.text(2), "1.23 (1.00 to 1.50)")
        self.assertEqual(figure.short_text(1), "1.2 (1.0–1.5)")
        self.assertEqual(Figure(1, 3).text(0), "3")

    def test_few_rounds_decide_nothing(self):
        self.assertTrue(Figure(5, 2, 1.5, 3, 0.9375).is_sure)
        self.assertFalse(Figure(3, 2, 1.5, 3, 0.75).is_sure)
        self.assertTrue(Figure(3, 2, 1.5, 3, 0.75).holds(1))
        self.assertFalse(Figure(5, 2, 1.5, 3, 0.9375).holds(1))
        self.assertTrue(Figure(1, 2).holds(9))
        self.assertEqual(interval_note([Figure(5, 2, 1.5, 3, 0.9375)]), "(93 % interval).")
        self.assertIn("range", interval_note([Figure(5, 2, 1, 3, 0.94), Figure(3, 2, 1, 3, 0.75)]))

    def test_requests_until_a_hand_over_is_small(self):
        cost, request = Figure(40, 20, 10, 30, 0.95), Figure(7, 100, 50, 200, 0.98)
        self.assertEqual(parts_costs.requests_below_a_percent(cost, request), (5, 60))

    def test_sizes(self):
        self.assertEqual([size_text(size) for size in (0, 4096, 1 << 20)],
                         ["0 B", "4 KiB", "1 MiB"])

    def test_a_table_has_its_rule(self):
        self.assertEqual(table(["a", "b"], [["1", "2"]]), "| a | b |\n| --- | ---: |\n| 1 | 2 |")


class Rows(unittest.TestCase):
    ROW = {"mode": "passthru", "relay": "sync", "seed": "3", "run_id": "x", "buffers": "plain"}

    def test_runs_of_one_seed_are_a_round(self):
        found = rows.as_rounds([self.ROW, {**self.ROW, "run_id": "y"}], buffers="registered")
        self.assertEqual({row["run_id"] for row in found}, {"seed-3"})
        self.assertEqual((found[0]["mode"], found[0]["relay"], found[0]["buffers"]),
                         ("passthru sync", "", "registered"))
        self.assertEqual(self.ROW["run_id"], "x")

    def test_files_of_two_schemas_are_written_together(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rows.csv")
            rows.write_rows(path, [{"a": "1"}, {"a": "2", "b": "3"}])
            self.assertEqual(rows.read_rows(path), [{"a": "1", "b": ""}, {"a": "2", "b": "3"}])

    def test_releases_are_in_the_order_of_their_numbers(self):
        releases = ["6.12.117+deb12-cloud-amd64", "6.1.0-56-cloud-amd64", "5.10.0-46-cloud-amd64"]
        self.assertEqual([rows.short_release(release) for release in
                          sorted(releases, key=rows.version_of)],
                         ["5.10.0-46", "6.1.0-56", "6.12.117"])

    def test_compilers_have_a_short_name(self):
        self.assertEqual([rows.short_compiler(name) for name in (
            "x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0", "Debian clang version 19.1.7",
            "something (else)", "")],
                         ["gcc 14.2.0", "clang 19.1.7", "something (else)", "unknown"])

    def test_durations(self):
        self.assertEqual([peers_load.milliseconds_of(text) for text in ("800ms", "2s", "1m")],
                         [800, 2000, 60000])
        for wrong in ("", "s", "0s", "1.5s", "5h", "5", "1sm"):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                peers_load.milliseconds_of(wrong)


class Parts(unittest.TestCase):
    TEXT = "a\n<!-- one:begin -->\n<!-- one:end -->\nb\n<!-- two:begin -->\nold\n<!-- two:end -->\n"

    def test_a_part_is_replaced_and_no_other(self):
        self.assertEqual(generated.names_in(self.TEXT), ["one", "two"])
        text = generated.with_part(self.TEXT, "one", "new")
        self.assertEqual(generated.part_of(text, "one"), "new")
        self.assertEqual(generated.part_of(text, "two"), "old")
        self.assertEqual(generated.with_part(text, "one", ""),
                         self.TEXT.replace("<!-- one:begin -->\n", "<!-- one:begin -->\n\n"))

    def test_a_part_without_an_end_is_told(self):
        with self.assertRaisesRegex(ValueError, "part one has no end"):
            generated.with_part("<!-- one:begin -->\n", "one", "new")


class Findings(unittest.TestCase):
    LESS, MORE, SAME, FEW = (Figure(7, median, low, high, confidence) for
                             median, low, high, confidence in (
                                 (0.5, 0.4, 0.6, 0.98), (2, 1.5, 3, 0.98), (1, 0.9, 1.2, 0.98),
                                 (0.5, 0.4, 0.6, 0.75)))

    def splices(self, *figures):
        """What is found of sizes 1, 2, 3, … with these ratios to copying."""
        growth = parts_costs.Growth.__new__(parts_costs.Growth)
        growth.sizes = list(range(len(figures) + 1))
        growth.ratio = lambda first, second, size, reuse, metric: figures[size - 1]
        return growth.splice_sizes("sync", False, "cpu")

    def test_where_splices_need_less_is_told_by_intervals(self):
        self.assertEqual(self.splices(self.MORE, self.SAME, self.LESS, self.LESS), (1, 3))
        self.assertEqual(self.splices(self.SAME, self.LESS), (None, 2))
        # Not in between, where larger bodies are not told from copying.
        self.assertEqual(self.splices(self.LESS, self.SAME), (None, None))
        # Few rounds and missing ones say nothing.
        self.assertEqual(self.splices(self.LESS, None, self.FEW), (None, 1))

    def kernels(self, *found, options=("lazy", "lazy")):
        counts = mock.Mock()
        counts.options_of.side_effect = options
        counts.of_one_compiler.return_value = ["6.1.2-x", "6.9.1-x", "6.12.3-x"]
        counts.count.side_effect = found
        with mock.patch.object(parts_findings, "counts_of", return_value=counts):
            return parts_findings.kernel_finding("program")

    def test_kernels_differ_by_the_ends_of_the_ranges_of_their_boots(self):
        boots = Figure(3, 100, 99, 101, 0.75)
        text = self.kernels(boots, Figure(3, 94, 93, 95, 0.75), boots, Figure(3, 99, 98, 100, 0.75))
        self.assertIn("From Linux 6.1.2 to 6.12.3", text)
        self.assertIn("change by −7.9 to −4.0 %", text)
        self.assertIn("On a kept connection they change by −3.0 to +1.0 %", text)
        self.assertIn("One compiler built both kernels.", text)

    def test_kernels_with_other_options_are_said(self):
        text = self.kernels(*4 * [Figure(3, 100, 99, 101, 0.75)], options=("voluntary", "lazy"))
        self.assertIn("One compiler built both kernels, with other options.", text)

    def test_a_finding_of_few_rounds_is_refused(self):
        with self.assertRaisesRegex(rows.Failure, "too few rounds for a thing"):
            parts_findings.sure(self.FEW, "a thing")
        with self.assertRaisesRegex(rows.Failure, "too few rounds for a thing"):
            parts_findings.sure(None, "a thing")


class Goals(unittest.TestCase):
    LOW, BOTH, HIGH = (Figure(5, median, low, high, 0.9375) for median, low, high in
                       ((1.0, 1.0, 1.1), (1.3, 1.1, 1.5), (1.3, 1.2, 1.5)))

    def check(self, verdict, *ratios, least=1.15, most=None):
        found = peers_goals.decide(dict(enumerate(ratios)), least, most)
        self.assertEqual(found[0], verdict, ratios)

    def test_the_worst_cell_decides(self):
        self.check("met", Ratio(self.HIGH))
        self.check("undecided", Ratio(self.HIGH), Ratio(self.BOTH))
        self.check("missed", Ratio(self.HIGH), Ratio(self.BOTH), Ratio(self.LOW))
        self.check("met", Ratio(self.LOW), least=None, most=1.15)
        self.check("missed", Ratio(self.HIGH), least=None, most=1.15)
        self.check("not measured")
        self.check("not measured", Ratio(self.HIGH), Ratio(None))
        verdict, cell_ = peers_goals.decide({"a": Ratio(self.HIGH), "b": Ratio(self.BOTH)}, 1.15)
        self.assertEqual((verdict, cell_), ("undecided", "b"))

    def test_few_rounds_are_undecided(self):
        self.check("undecided", Ratio(Figure(4, 1.3, 1.2, 1.5, 0.875)))
        self.check("undecided", Ratio(Figure(1, 1.3)))

    def test_the_limit_of_the_client_leaves_no_ratio(self):
        self.check("not measured", Ratio(None, True))
        self.check("met", Ratio(self.HIGH), Ratio(None, True))

    def test_two_figures_decide_only_where_their_intervals_do_not_meet(self):
        bare = Figure(5, 9, 8, 10, 0.94)
        for low, high, verdict in ((13, 21, "undecided"), (9, 16, "met"), (20.1, 30, "missed")):
            line = peers_goals.handover_line(Figure(30, (low + high) / 2, low, high, 0.95), bare)
            self.assertEqual(line[-1], verdict)
        self.assertIsNone(peers_goals.handover_line(None, bare))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
