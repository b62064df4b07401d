#!/usr/bin/env python3
"""What tools/ share: looking up figures of a report, rows of one round, generated parts, verdicts.

usage: report_json_test.py SOURCE_DIR
"""
import contextlib
import io
import itertools
import json
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
import parts_guide
import peers_goals
import peers_load
import peers_summary
import rows
from peers_figures import Ratio
from report_json import Figure, Report, interval_note, size_text, table
from sessions import Spread, ratio_text


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

    def test_a_ratio_lies_on_a_side_of_one_by_its_interval(self):
        self.assertEqual([parts_findings.side_of(figure) for figure in
                          (self.LESS, self.MORE, self.SAME)], ["below", "above", "neither"])

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
        self.assertIn("and by −3.0 to +1.0 % on a kept connection", text)
        self.assertIn("One compiler built both kernels.", text)

    def test_kernels_with_other_options_are_said(self):
        text = self.kernels(*4 * [Figure(3, 100, 99, 101, 0.75)], options=("voluntary", "lazy"))
        self.assertIn("One compiler built both kernels, with other options.", text)

    def test_a_finding_of_few_rounds_is_refused(self):
        with self.assertRaisesRegex(rows.Failure, "too few rounds for a thing"):
            parts_findings.sure(self.FEW, "a thing")
        with self.assertRaisesRegex(rows.Failure, "too few rounds for a thing"):
            parts_findings.sure(None, "a thing")


class OfSessions(unittest.TestCase):
    POOLED = Figure(18, 1.2, 1.15, 1.25, 0.95)

    @staticmethod
    def session(median):
        return Figure(6, median, median - 0.01, median + 0.01, 0.96)

    def spread(self, *medians):
        return Spread.of_sessions(self.POOLED, [median and self.session(median)
                                                for median in medians])

    def test_the_interval_holds_the_median_of_each_session(self):
        found = self.spread(1.1, 1.2, 1.3)
        self.assertEqual((found.median, found.low, found.high), (1.2, 1.1, 1.3))
        found = self.spread(1.19, 1.2, None)
        self.assertEqual((found.low, found.high), (1.15, 1.25))
        self.assertIsNone(Spread.of_sessions(None, [None]))

    def test_how_far_sessions_differ_is_told(self):
        self.assertEqual(self.spread(1.2, 1.212).spread_text(), "1.0 %")
        self.assertEqual(self.spread(1.2, 1.32, 1.25).spread_text(), "**10.0 %**")
        self.assertEqual(self.spread(1.2, None).spread_text(), "–")

    def test_what_a_reader_has_to_know_of_a_figure_is_marked(self):
        self.assertEqual(self.spread(1.2, None).text(1), "1.2 (1.1 to 1.2)¹")
        self.assertEqual(self.spread(1.2, 1.2).text(1), "1.2 (1.1 to 1.2)")
        few = Spread.of_sessions(Figure(4, 1.2, 1.1, 1.3, 0.875), [self.session(1.2)] * 2)
        self.assertEqual(few.text(1), "1.2 (1.1 to 1.3)*")
        self.assertEqual(self.spread(1.2).text(1), "1.2 (1.1 to 1.2)¹")
        self.assertEqual(ratio_text(self.spread(1.2, 1.32)), "1.20 (1.15–1.32)†")

    def test_a_ratio_of_two_rounds_is_none(self):
        for count, text in ((2, "–"), (3, "1.20 (1.10–1.30)*")):
            few = Spread.of_sessions(Figure(count, 1.2, 1.1, 1.3, 0.5), [self.session(1.2)] * 2)
            self.assertEqual(ratio_text(few), text)

    def test_the_middle_of_rounds_is_that_of_all_their_pairs(self):
        self.assertEqual(peers_summary.hodges_lehmann([1, 2, 9]), 3.5)
        self.assertEqual(peers_summary.hodges_lehmann([4]), 4)

    def test_one_session_decides_nothing(self):
        self.assertFalse(self.spread(1.2).is_sure)
        self.assertFalse(self.spread(1.2, None).is_sure)
        self.assertTrue(self.spread(1.2, 1.21).is_sure)


class Goals(unittest.TestCase):
    LOW, BOTH, HIGH = (Figure(5, median, low, high, 0.9375) for median, low, high in
                       ((1.0, 1.0, 1.1), (1.3, 1.1, 1.5), (1.3, 1.2, 1.5)))

    def check(self, verdict, ratio, least=1.15, most=None):
        self.assertEqual(peers_goals.verdict_of(ratio, least, most), verdict, ratio)

    def test_an_interval_that_holds_the_limit_is_undecided(self):
        self.check("met", Ratio(self.HIGH))
        self.check("undecided", Ratio(self.BOTH))
        self.check("missed", Ratio(self.LOW))
        self.check("met", Ratio(self.LOW), least=None, most=1.15)
        self.check("missed", Ratio(self.HIGH), least=None, most=1.15)

    def test_a_goal_may_have_two_limits(self):
        for low, high, verdict in ((0.98, 1.02, "met"), (0.96, 1.0, "undecided"),
                                   (1.0, 1.1, "undecided"), (0.8, 0.9, "missed"),
                                   (1.1, 1.2, "missed"), (0.9, 1.1, "undecided")):
            self.check(verdict, Ratio(Figure(9, (low + high) / 2, low, high, 0.95)), 0.97, 1.03)

    def test_few_rounds_are_undecided(self):
        self.check("undecided", Ratio(Figure(4, 1.3, 1.2, 1.5, 0.875)))
        self.check("undecided", Ratio(Figure(1, 1.3)))

    def test_the_limit_of_the_client_leaves_no_verdict(self):
        self.check("", Ratio(None, True))
        self.check("", Ratio(None))


class Guide(unittest.TestCase):
    """page/guide.json, which docs/choose.md and the page read."""

    def setUp(self):
        with open(os.path.join(sys.argv[1], "page/guide.json"), encoding="utf-8") as file:
            self.rules = json.load(file)
        self.values = {question["name"]: {answer["value"] for answer in question["answers"]}
                       for question in self.rules["questions"]}

    def test_rules_ask_what_can_be_answered_and_name_known_figures(self):
        for rules_of_part in self.rules["rules"].values():
            for rule in rules_of_part:
                for name, values in rule["when"].items():
                    self.assertLessEqual(set(values), self.values[name], rule)
                for name, side in rule["figures"]:
                    self.assertIn(name, parts_guide.KNOWN)
                    self.assertIn(side, ("", "below", "above"))

    def test_each_answer_has_a_rule_and_each_rule_an_answer(self):
        used = set()
        for values in itertools.product(*self.values.values()):
            answers = dict(zip(self.values, values))
            for part, rules_of_part in self.rules["rules"].items():
                used.add((part, next(number for number, rule in enumerate(rules_of_part)
                                     if all(answers[name] in wanted
                                            for name, wanted in rule["when"].items()))))
        self.assertEqual(used, {(part, number) for part, found in self.rules["rules"].items()
                                for number in range(len(found))})

    def figure(self, side, low, high):
        known = {"handover": ("µs", lambda _: Figure(9, (low + high) / 2, low, high, 0.95), 1, "x"),
                 "other": ("by", lambda _: Figure(9, (low + high) / 2, low, high, 0.95), 1, "x")}
        with mock.patch.object(parts_guide, "KNOWN", known):
            return [parts_guide.figure_of("program", name, side)["shown"] for name in known]

    def test_a_rule_is_shown_or_not_and_never_against_its_rows(self):
        self.assertEqual(self.figure("above", 1.1, 1.3), ["shown", "shown"])
        self.assertEqual(self.figure("above", 0.9, 1.3), ["shown", "not shown"])
        self.assertEqual(self.figure("", 0.9, 1.3), ["", ""])
        with self.assertRaisesRegex(rows.Failure, "says that other is above 1"):
            self.figure("above", 0.8, 0.9)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
