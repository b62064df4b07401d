"""A page of `uring-bench report` in headless Chromium, driven by Debian's Selenium.

Pages are made of the rows in results/ by the binary itself. Who imports this exits with 77 where
there is no Chromium or no Selenium.
"""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    print("skipped: Python's selenium is not there (Debian: python3-selenium)")
    sys.exit(77)

if len(sys.argv) < 3:
    sys.exit(f"Usage: {sys.argv[0]} BINARY SOURCE_ROOT")
BINARY, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
PATIENCE_S = 30


def find_browser():
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        print("skipped: there is no Chromium with its driver (Debian: chromium chromium-driver)")
        sys.exit(77)
    return browser, driver


def start_browser():
    browser, driver = find_browser()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.add_argument("--headless=new")
    options.add_argument("--disable-gpu")
    options.add_argument("--disable-dev-shm-usage")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.chrome.service.Service(driver)
    return webdriver.Chrome(service=service, options=options)


def make_page(files, directory):
    subprocess.run([BINARY, "report", *map(str, files), "-o", str(directory)], check=True,
                   stdout=subprocess.DEVNULL)
    return pathlib.Path(directory) / "index.html"


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.directory.name)
        cls.page = make_page(sorted((SOURCE / "results").rglob("*.csv")), cls.root / "all")
        cls.browser = start_browser()
        cls.browser.execute_cdp_cmd("Network.enable", {})
        cls.browser.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.directory.cleanup()

    def setUp(self):
        self.look(1280, 1000)

    def look(self, width, height, theme="light"):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme}]})

    def open(self, page=None, link=""):
        self.browser.get("about:blank")
        self.browser.get_log("browser")
        self.browser.get_log("performance")
        self.browser.get((page or self.page).as_uri() + link)
        drawn = "return performance.getEntriesByName('drawn').length"
        self.wait(lambda: self.run_script(drawn) == 1)

    def wait(self, condition):
        WebDriverWait(self.browser, PATIENCE_S, poll_frequency=0.05).until(lambda _: condition())

    def run_script(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        """In the middle of the window, where nothing lies above it."""
        element = self.find(selector)
        self.run_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def open_details(self):
        self.run_script("document.querySelectorAll('details').forEach((one) => one.open = true)")

    def property_of(self, selector, name):
        """Waits for the element: a picture is drawn some time after the choice that changes it."""
        script = """
          const element = document.querySelector(arguments[0]);
          return element ? [element[arguments[1]]] : [];"""
        found = []

        def look():
            found[:] = self.run_script(script, selector, name)
            return bool(found)

        self.wait(look)
        return found[0]

    def text(self, selector):
        return self.property_of(selector, "textContent")

    def select(self, name):
        return Select(self.find(f"select[name={name}]"))

    def choose(self, name, value):
        self.select(name).select_by_value(value)

    def picture(self):
        return self.property_of("#picture svg", "outerHTML")

    def marks(self):
        """What the picture says of its marks to who cannot see it."""
        return self.run_script("return [...document.querySelectorAll('#picture svg [aria-label]')]"
                               ".map((one) => one.getAttribute('aria-label')).join()")

    def hash(self):
        return self.run_script("return location.hash")

    def report(self):
        if not hasattr(PageCase, "json"):
            PageCase.json = json.loads(self.text("#rows"))
        return PageCase.json

    def cell(self, identity):
        return next(cell for cell in self.report()["cells"] if cell["id"] == identity)

    def column(self, table, title):
        """The texts of a column, found by its head."""
        return self.run_script("""
          const heads = [...document.querySelectorAll(`${arguments[0]} thead th`)];
          const index = heads.findIndex((head) => head.textContent.startsWith(arguments[1]));
          return [...document.querySelectorAll(`${arguments[0]} tbody tr`)]
              .map((row) => row.children[index].textContent);""", table, title)

    def shown(self, value):
        return self.run_script("return figure(arguments[0])", value)

    def busiest(self):
        """Of the settings of times whose cells all have intervals, the one with most modes."""
        report = self.report()
        times = {section["id"] for section in report["sections"] if not section["counts"]}

        def modes(setting):
            cells = [cell for cell in report["cells"] if cell["setting"] == setting["id"]]
            estimates = [cell["metrics"].get("requests_per_s", {}) for cell in cells]
            known = all(estimate.get("low") is not None for estimate in estimates)
            ours = all(cell["command"] for cell in cells)
            return len({cell["label"] for cell in cells}) if known and ours else 0

        return max((one for one in report["settings"] if one["section"] in times), key=modes)

    def open_busiest(self, **more):
        if not hasattr(PageCase, "json"):
            self.open()
        setting = self.busiest()
        link = "&".join([f"section={setting['section']}", f"setting={setting['id']}",
                         "along=mode", *(f"{key}={value}" for key, value in more.items())])
        self.open(link=f"#{link}")
        return setting


def read_rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    rows = iter(rows)
    first = next(rows)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, first.keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)


def run_tests():
    find_browser()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
