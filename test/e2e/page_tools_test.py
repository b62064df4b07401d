#!/usr/bin/env python3
"""What puts the page together, without a browser: library, template, pictures.

Usage: page_tools_test.py BINARY SOURCE_ROOT
"""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

TOOLS_OF_FETCH = ["awk", "base64", "basename", "bash", "cut", "dirname", "env", "find", "mkdir",
                  "mktemp", "mv", "readlink", "rm", "sed", "sha384sum", "sha512sum", "tar", "wc"]


class FetchTest(unittest.TestCase):
    """tools/fetch-page-library in a copy of the tree, where `npm` is what the test says."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        (self.root / "tools").mkdir()
        (self.root / "page").mkdir()
        (self.root / "bin").mkdir()
        shutil.copy(SOURCE / "tools/fetch-page-library", self.root / "tools")
        shutil.copy(SOURCE / "page/library.json", self.root / "page")
        for name in TOOLS_OF_FETCH:
            (self.root / "bin" / name).symlink_to(shutil.which(name))

    def fetch(self, *arguments):
        return subprocess.run([self.root / "tools/fetch-page-library", *arguments],
                              env={"PATH": str(self.root / "bin")}, text=True, capture_output=True,
                              check=False)

    def npm(self, script):
        npm = self.root / "bin/npm"
        npm.write_text(f"#!/bin/bash\n{script}\n")
        npm.chmod(0o755)

    def test_without_npm_it_skips(self):
        run = self.fetch()
        self.assertEqual(run.returncode, 77)
        self.assertIn("there is no npm", run.stderr)

    def test_says_what_is_missing(self):
        run = self.fetch("--check")
        self.assertEqual(run.returncode, 1)
        self.assertIn("vega vega-lite", run.stderr)

    def test_refuses_another_package_of_that_name(self):
        self.npm("echo something else >vega-6.4.0.tgz")
        run = self.fetch()
        self.assertEqual(run.returncode, 1)
        self.assertIn("is not the one that page/library.json pins", run.stderr)
        self.assertEqual(list((self.root / ".deps/page").iterdir()), [])

    def test_says_when_npm_fails(self):
        self.npm("exit 1")
        run = self.fetch()
        self.assertEqual(run.returncode, 1)
        self.assertIn("npm could not fetch vega", run.stderr)

    def test_asks_npm_for_nothing_that_is_there(self):
        library = SOURCE / ".deps/page"
        if not (library / "vega.min.js").is_file():
            self.skipTest("the library was not fetched")
        shutil.copytree(library, self.root / ".deps/page")
        self.npm("exit 1")
        self.assertEqual(self.fetch().returncode, 0)
        self.assertEqual(self.fetch("--check").returncode, 0)
        (self.root / ".deps/page/vega.min.js").write_text("changed")
        self.assertEqual(self.fetch("--check").returncode, 1)


class ProfilesTest(unittest.TestCase):
    """Files of profiles among those of rows, told by their header."""

    ROWS = "test/data/report/rows.csv"
    BASE = "test/data/profile/base.profile.csv"
    NEW = "test/data/profile/new.profile.csv"

    def report(self, *arguments):
        return subprocess.run([BINARY, "report", *arguments], cwd=SOURCE, text=True,
                              capture_output=True, check=False)

    def test_one_kernel_beside_the_other(self):
        with tempfile.TemporaryDirectory() as directory:
            other = pathlib.Path(directory) / "any-name"
            other.write_bytes(gzip.compress((SOURCE / self.NEW).read_bytes()))
            run = self.report(other, self.ROWS, self.BASE, "--json")
        self.assertEqual(run.returncode, 0, run.stderr)
        profiles = json.loads(run.stdout)["profiles"]
        self.assertEqual([file["rows"] for file in profiles["files"]], [18, 18])
        cell, = profiles["cells"]
        self.assertEqual(cell["name"], "direct 4kB reuse")
        self.assertEqual([one["kernel"] for one in cell["kernels"]], ["6.12.118", "6.19.14"])
        self.assertEqual([one["instructions"] for one in cell["kernels"]], [12000, 12600])
        self.assertEqual([(one["name"], one["instructions"]) for one in cell["subsystems"]],
                         [("copy", [5000, 5000]), ("TCP", [4000, 4600]), ("ours", [3000, 3000])])
        self.assertEqual(cell["subsystems"][1]["functions"],
                         [{"name": "tcp_ack", "instructions": [4000, 4600]}])

    def test_without_a_profile_nothing_is_said_of_them(self):
        self.assertNotIn("profiles", json.loads(self.report(self.ROWS, "--json").stdout))

    def test_says_what_profiles_need(self):
        alone = self.report(self.BASE, "--json")
        self.assertEqual(alone.returncode, 2)
        self.assertIn("profiles alone (name a file of rows too", alone.stderr)
        tables = self.report(self.ROWS, self.BASE)
        self.assertEqual(tables.returncode, 0)
        self.assertIn("add -o DIR", tables.stderr)
        twice = self.report(self.ROWS, self.BASE, self.BASE, "--json")
        self.assertIn("18 rows were read before, and count once", twice.stderr)

    def test_no_profile_is_written_over(self):
        with tempfile.TemporaryDirectory() as directory:
            copy = pathlib.Path(directory) / "new.profile.csv"
            shutil.copy(SOURCE / self.NEW, copy)
            run = self.report(self.ROWS, "--json", copy)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn("is not written over", run.stderr)
            self.assertEqual(copy.read_bytes(), (SOURCE / self.NEW).read_bytes())


class EmbedTest(unittest.TestCase):
    """tools/embed_page.py, whose result the binary holds."""

    def embed(self, libraries):
        with tempfile.TemporaryDirectory() as directory:
            output = pathlib.Path(directory) / "page.html"
            subprocess.run([sys.executable, SOURCE / "tools/embed_page.py", SOURCE / "page",
                            libraries, output], check=True)
            return output.read_text(encoding="utf-8")

    def test_takes_every_file_of_the_page(self):
        page = self.embed("/nonexistent")
        self.assertEqual(page.count("<!-- page:data -->"), 1)
        self.assertEqual(page.count("<!-- page:"), 1)
        for file in (SOURCE / "page").glob("*.[jc]s*"):
            if file.suffix != ".json":
                self.assertIn(file.read_text(encoding="utf-8"), page, file)

    def test_names_the_pinned_library_where_it_is_not_there(self):
        page = self.embed("/nonexistent")
        for package in json.loads((SOURCE / "page/library.json").read_text())["packages"]:
            self.assertIn(f'src="{package["url"]}"\n  integrity="{package["integrity"]}"', page)
            self.assertIn(f"{package['name']}@{package['version']}/", package["url"])

    def test_takes_no_file_that_is_not_pinned(self):
        with tempfile.TemporaryDirectory() as directory:
            for name in ("vega", "vega-lite"):
                (pathlib.Path(directory) / f"{name}.min.js").write_text("something_else();")
                (pathlib.Path(directory) / f"{name}.LICENSE").write_text("")
            page = self.embed(directory)
        self.assertNotIn("something_else", page)
        self.assertIn("integrity=", page)


class PicturesTest(unittest.TestCase):
    """tools/render-pictures, of the rows in results/."""

    def test_draws_what_the_report_has(self):
        if not shutil.which("node") or not (SOURCE / ".deps/page/vega-lite.min.js").is_file():
            self.skipTest("Node.js or the library is not there")
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            subprocess.run([BINARY, "report", *sorted((SOURCE / "results").rglob("*.csv")),
                            "--json", root / "report.json"], check=True)
            subprocess.run([SOURCE / "tools/render-pictures", root / "report.json",
                            root / "pictures"], check=True)
            names = sorted(file.name for file in (root / "pictures").iterdir())
            self.assertEqual(names, ["cpu.svg", "throughput.svg"])
            for name in names:
                tree = xml.etree.ElementTree.parse(root / "pictures" / name)
                texts = [node.text or "" for node in tree.iter() if node.tag.endswith("text")]
                self.assertTrue(any("is better" in text for text in texts), name)
                self.assertIn("cluster", texts)

    def test_draws_the_profiles_that_the_report_has(self):
        if not shutil.which("node") or not (SOURCE / ".deps/page/vega-lite.min.js").is_file():
            self.skipTest("Node.js or the library is not there")
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            subprocess.run([BINARY, "report", SOURCE / "test/data/report/rows.csv",
                            *sorted((SOURCE / "test/data/profile").glob("*.profile.csv")),
                            "--json", root / "report.json"], check=True, capture_output=True)
            subprocess.run([SOURCE / "tools/render-pictures", root / "report.json", root],
                           check=True)
            tree = xml.etree.ElementTree.parse(root / "instructions.svg")
        texts = [node.text or "" for node in tree.iter() if node.tag.endswith("text")]
        self.assertIn("Linux 6.12.118: 12,000 (3 boots)", texts)
        self.assertIn("Linux 6.19.14: 12,600, +600 (3 boots)", texts)
        self.assertEqual(texts.count("tcp_ack"), 2)

    def test_skips_without_node(self):
        run = subprocess.run([SOURCE / "tools/render-pictures", "x.json", "y"], text=True,
                             env={"PATH": "/nonexistent"}, capture_output=True, check=False)
        self.assertEqual(run.returncode, 77)
        self.assertIn("Node.js", run.stderr)

    def test_skips_without_the_library(self):
        if not shutil.which("node"):
            self.skipTest("Node.js is not there")
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "tools").mkdir()
            shutil.copy(SOURCE / "tools/render-pictures", root / "tools")
            shutil.copytree(SOURCE / "page", root / "page")
            run = subprocess.run([root / "tools/render-pictures", "x.json", root], text=True,
                                 capture_output=True, check=False)
            self.assertEqual(run.returncode, 77)
            self.assertIn("tools/fetch-page-library", run.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    BINARY, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
