#!/usr/bin/env python3
"""What a reader does with the page of `uring-bench report`: choose, point, sort, compare, link.

Usage: page_test.py BINARY SOURCE_ROOT
"""

import json
import re

from page_rig import SOURCE, PageCase, make_page, run_tests
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

    def test_the_guide_says_which_mode_to_take(self):
        self.open()
        self.assertIn("cluster", self.text("#advice"))
        for name, value in (("body", "middle"), ("requests", "many"), ("kernel", "new")):
            Select(self.browser.find_element("name", f"needs-{name}")).select_by_value(value)
        text = self.text("#advice")
        with open(SOURCE / "page/guide_figures.json", encoding="utf-8") as file:
            figures = json.load(file)
        self.assertIn("Mode: cluster", text)
        self.assertIn(figures["handover"]["figure"], text)
        self.assertNotIn("Relay", text)
        Select(self.browser.find_element("name", "needs-route")).select_by_value("each")
        self.assertIn("Mode: passthru", self.text("#advice"))
        self.assertIn("Relay: --relay sync", self.text("#advice"))
        Select(self.browser.find_element("name", "needs-kernel")).select_by_value("old")
        self.assertIn("nothing here", self.text("#advice"))

    def test_a_choice_changes_the_picture(self):
        self.open_busiest()
        seen = {self.picture()}
        for name, value in [("metric", "cpu_us_per_request_server"), ("reuse", "yes")]:
            self.choose(name, value)
            seen.add(self.picture())
        self.click("#modes input")
        seen.add(self.picture())
        self.assertEqual(len(seen), 4)

    @staticmethod
    def counts_of_most_kernels(report):
        """A section of counts, of which there is one for each compiler, and its kernels."""
        kernels = {section["id"]: {cell["kernel"] for cell in report["cells"]
                                   if cell["section"] == section["id"]}
                   for section in report["sections"] if section["counts"]}
        return max(kernels.items(), key=lambda one: len(one[1]))

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
        section, kernels = self.counts_of_most_kernels(report)
        self.choose("section", section)
        self.choose("along", "kernel")
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
        self.choose("section", self.counts_of_most_kernels(self.report())[0])
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

    def open_profiles(self):
        """The small profiles of test/data, beside rows of all kinds."""
        data = SOURCE / "test/data"
        page = make_page([data / "report/rows.csv", *sorted((data / "profile").glob("*.csv"))],
                         self.root / "profiles")
        self.open(page)

    def profile_bars(self):
        """Key and extent in pixels of each bar of the profile's picture."""
        return self.run_script("""
          return [...document.querySelectorAll('#profile-picture svg .mark-rect path')]
              .filter((one) => one.__data__?.datum?.key).map((one) => {
                const {left, width, top} = one.getBoundingClientRect();
                return {key: one.__data__.datum.key, left, width, top};
              });""")

    def test_without_profiles_there_is_no_part_for_them(self):
        self.open()
        self.assertFalse(self.find("#profile").is_displayed())

    def test_profiles_of_two_kernels_have_one_scale(self):
        self.open_profiles()
        self.assertEqual([self.select(name).first_selected_option.text
                          for name in ("before", "after")], ["6.12.118", "6.19.14"])
        bars = self.profile_bars()
        self.assertEqual(len(bars), 12)
        widths = {key: [bar["width"] for bar in sorted(bars, key=lambda bar: bar["top"])
                        if bar["key"] == key] for key in {bar["key"] for bar in bars}}
        counts = {"copy": (5000, 5000), "copy\nmemcpy_orig": (5000, 5000), "TCP": (4000, 4600),
                  "TCP\ntcp_ack": (4000, 4600), "ours": (3000, 3000),
                  "ours\nurb::Session::on_event": (3000, 3000)}
        self.assertEqual(widths.keys(), counts.keys())
        pixels = widths["copy"][0] / 5000
        for key, expected in counts.items():
            for width, count in zip(widths[key], expected, strict=True):
                self.assertAlmostEqual(width, count * pixels, delta=3, msg=key)
        self.assertEqual(self.column("#profile-tables .table:last-child", "Difference"),
                         ["+600", "0", "0"])

    def test_pointing_says_a_function_and_its_counts(self):
        self.open_profiles()
        bar = next(bar for bar in self.find_all("#profile-picture svg .mark-rect path")
                   if self.run_script("return arguments[0].__data__.datum.key", bar) ==
                   "TCP\ntcp_ack")
        self.run_script("arguments[0].scrollIntoView({block: 'center'})", bar)
        ActionChains(self.browser).move_to_element(bar).perform()
        expected = "tcp_ack, TCP: 4,000 on 6.12.118, 4,600 on 6.19.14 (+600)"
        self.wait(lambda: self.text("#profile-pointed") == expected)
        self.wait(lambda: expected in self.run_script(
            "return document.querySelector('#profile-picture').title"))

    def test_a_link_keeps_the_profile(self):
        self.open_profiles()
        self.choose("before", "6.19.14")
        self.assertIn("Linux 6.19.14: 12,600 (3 boots)", self.text("#profile-picture svg"))
        self.assertEqual(len(self.profile_bars()), 6)
        self.choose("after", "6.12.118")
        link = self.hash()
        self.assertIn("before=6.19.14&after=6.12.118", link)
        self.open(self.root / "profiles/index.html", link)
        self.assertEqual(self.select("before").first_selected_option.text, "6.19.14")
        self.assertIn("Linux 6.12.118: 12,000, −600", self.text("#profile-picture svg"))

    def test_a_profile_fits_on_a_phone_and_into_the_dark(self):
        colours = set()
        for theme in ("light", "dark"):
            self.look(390, 844, theme)
            self.open_profiles()
            self.assertLessEqual(self.run_script("return document.documentElement.scrollWidth"),
                                 390)
            self.assertTrue(all(bar["left"] + bar["width"] <= 390 for bar in self.profile_bars()))
            colours.add(self.run_script(
                "return document.querySelector('#profile-picture .mark-rect path')"
                ".getAttribute('fill')"))
            self.assertEqual(self.browser.get_log("browser"), [])
        self.assertEqual(len(colours), 2)

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
