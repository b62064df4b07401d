#!/usr/bin/env python3
"""What a reader does with the page of `uring-bench report`: choose, point, sort, compare, link.

Usage: page_test.py BINARY SOURCE_ROOT
"""

import re

from page_rig import PageCase, run_tests
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select


class PageTest(PageCase):
    def test_says_first_what_was_found(self):
        setting = self.open_busiest()
        report = self.report()
        texts = [one["text"] for one in report["rankings"] if one["setting"] == setting["id"]]
        self.assertTrue(texts)
        self.assertIn(texts[0], self.text("#found"))
        first = self.run_script("return document.querySelector('main > section').id")
        self.assertEqual(first, "found")
        self.assertRegex(self.text("#found-summary"), "sure|equal")

    def test_a_choice_changes_the_picture(self):
        self.open_busiest()
        seen = {self.picture()}
        for name, value in [("metric", "cpu_us_per_request_server"), ("reuse", "yes")]:
            self.choose(name, value)
            seen.add(self.picture())
        self.click("#modes input")
        seen.add(self.picture())
        self.assertEqual(len(seen), 4)

    def test_grows_over_sizes_connections_and_kernels(self):
        self.open()
        report = self.report()
        ways = set()
        for setting in report["settings"]:
            ways |= set(self.run_script(
                "const report = new Report(JSON.parse(byId('rows').textContent));"
                "return report.waysToShow(report.byId.get(arguments[0])).map(({name}) => name)",
                setting["id"]))
        self.assertLessEqual({"mode", "body_bytes", "kernel", "connections"}, ways)
        counts = next(section for section in report["sections"] if section["counts"])
        self.choose("section", counts["id"])
        self.choose("along", "kernel")
        kernels = {cell["kernel"] for cell in report["cells"] if cell["section"] == counts["id"]}
        for kernel in kernels:
            self.assertIn(f">{re.match('[0-9.]+', kernel).group()}", self.picture())

    def test_pointing_shows_figure_interval_and_command(self):
        self.open_busiest()
        bars = self.find_all("#picture svg .mark-rect path")
        self.assertGreater(len(bars), 4)
        for index in (0, len(bars) // 2, len(bars) - 1):
            before = self.text("#detail")
            cells = {cell["id"] for cell in self.report()["cells"]}
            self.run_script("arguments[0].scrollIntoView({block: 'center'})", bars[index])
            ActionChains(self.browser).move_to_element(bars[index]).perform()
            pointed = self.find("#detail").get_attribute("data-cell")
            self.assertIn(pointed, cells)
            cell = self.cell(pointed)
            estimate = cell["metrics"]["requests_per_s"]
            card = self.text("#detail")
            self.assertTrue(index == 0 or card != before)
            self.assertIn(self.shown(estimate["median"]), card)
            self.assertIn(f"{self.shown(estimate['low'])} to {self.shown(estimate['high'])}", card)
            self.assertIn(f"median of {estimate['n']} trials", card)
            self.assertIn(cell["bottleneck"], card)
            for warning in cell["warnings"]:
                self.assertIn(warning, card)
            self.assertEqual(self.text("#detail pre"), cell["command"])
            self.assertTrue(cell["command"].startswith("uring-bench "))
        self.click("#detail .command button")
        self.wait(lambda: self.text("#detail .command button") in ("Copied", "Selected"))

    def test_every_cell_of_a_setting_can_be_pointed_at(self):
        setting = self.open_busiest()
        cells = [cell for cell in self.report()["cells"] if cell["setting"] == setting["id"] and
                 "requests_per_s" in cell["metrics"]]
        drawn = self.run_script("""
          const found = new Set();
          for (const path of document.querySelectorAll('#picture svg .mark-rect path')) {
            if (path.__data__?.datum?.cell) found.add(path.__data__.datum.cell);
          }
          return [...found];""")
        self.assertEqual(set(drawn), {cell["id"] for cell in cells})

    def test_a_link_keeps_the_choice(self):
        self.open_busiest()
        self.choose("metric", "cpu_us_per_request_server")
        self.choose("reuse", "yes")
        self.click("#modes input")
        self.choose("second", self.select("second").options[-1].get_attribute("value"))
        self.click("#cells tbody tr:nth-child(3)")
        card, marks, link = self.text("#detail"), self.marks(), self.hash()
        values = {one.get_attribute("name"): one.get_attribute("value")
                  for one in self.find_all("select[name]")}
        self.assertIn("cpu_us_per_request_server", link)
        self.open(link=link)
        self.assertEqual(values, {one.get_attribute("name"): one.get_attribute("value")
                                  for one in self.find_all("select[name]")})
        self.assertFalse(self.find("#modes input").is_selected())
        self.assertEqual(self.text("#detail"), card)
        self.assertEqual(self.marks(), marks)
        self.assertEqual(self.hash(), link)

    def test_a_link_of_another_report_falls_back(self):
        self.open(link="#section=s999&setting=none&metric=nothing&along=x&hide=gone&cell=c99999999")
        self.assertTrue(self.find("#picture svg").is_displayed())
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_a_table_sorts_and_filters(self):
        setting = self.open_busiest()
        head = "#cells thead th.number:nth-last-child(5) button"
        self.assertEqual(self.text(head), "req/s")
        values = {self.shown(cell["metrics"]["requests_per_s"]["median"]):
                  cell["metrics"]["requests_per_s"]["median"] for cell in self.report()["cells"]
                  if cell["setting"] == setting["id"] and "requests_per_s" in cell["metrics"]}
        for direction, backwards in (("descending", True), ("ascending", False)):
            self.click(head)
            self.assertEqual(self.find("#cells th[aria-sort=%s]" % direction).text[:5], "req/s")
            figures = [values[text] for text in self.column("#cells", "req/s") if text in values]
            self.assertGreater(len(figures), 4)
            rounded = [float(f"{figure:.2g}") for figure in figures]
            self.assertEqual(rounded, sorted(rounded, reverse=backwards))
        self.find("#cells input[type=search]").send_keys("socket reused")
        modes = self.column("#cells", "Mode")
        self.assertTrue(modes)
        self.assertEqual([mode for mode in modes if "socket" not in mode], [])

    def test_compares_two_modes_by_the_ratios_of_the_report(self):
        setting = self.open_busiest(first="cluster", second="passthru")
        first, second = (self.select(name).first_selected_option.text
                         for name in ("first", "second"))
        self.assertNotEqual(first, second)
        report = self.report()
        ids = {cell["id"]: cell for cell in report["cells"] if cell["setting"] == setting["id"]}
        ratios = [one for one in report["comparisons"] if one["kind"] == "ratio" and
                  one["metric"] == "requests_per_s" and one["of"] in ids and one["to"] in ids and
                  {ids[one["of"]]["label"], ids[one["to"]]["label"]} == {first, second}]
        self.assertTrue(ratios)
        # Where the client limited a rate there is none.
        shown = [text for text in self.column("#comparison", "Ratio") if text != "–"]
        self.assertEqual(sorted(shown), sorted(self.shown(one["median"]) for one in ratios))

    def test_compares_two_kernels_side_by_side(self):
        self.open()
        counts = next(one for one in self.report()["sections"] if one["counts"])
        self.choose("section", counts["id"])
        self.choose("kind", "kernels")
        names = [self.select(name).first_selected_option.text for name in ("first", "second")]
        self.assertNotEqual(*names)
        self.assertIn(f"{names[0]} and {names[1]}", self.text("#comparison caption"))
        self.assertGreater(len(self.column("#comparison", "Mode")), 2)

    def test_rows_are_drawn_when_asked_for(self):
        self.open_busiest()
        self.assertEqual(len(self.find_all("#rows-behind tr")), 0)
        self.click("#rows-behind summary")
        self.wait(lambda: len(self.find_all("#rows-behind tbody tr")) > 1)
        Select(self.find("#rows-behind select")).select_by_value("all")
        count = self.report()["rows"]["count"]
        self.assertIn(f"{count:,} rows", self.text("#rows-behind caption"))

    def test_keys_do_what_the_mouse_does(self):
        self.open_busiest()
        self.find("#picture").send_keys(Keys.ARROW_RIGHT)
        first = self.text("#detail")
        self.find("#picture").send_keys(Keys.ARROW_RIGHT)
        self.assertNotEqual(self.text("#detail"), first)
        row = self.find("#cells tbody tr")
        row.send_keys(Keys.ARROW_DOWN)
        self.assertEqual(self.run_script(
            "return [...document.querySelectorAll('#cells tbody tr')].indexOf("
            "document.activeElement)"), 1)
        nameless = self.run_script("""
          return [...document.querySelectorAll('select, input, button, [tabindex="0"]')]
              .filter((one) => one.checkVisibility() && !one.labels?.length &&
                !one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby') &&
                one.textContent.trim() === '').map((one) => one.outerHTML);""")
        self.assertEqual(nameless, [])
        self.assertIn("cluster", self.marks())


if __name__ == "__main__":
    run_tests()
