#!/usr/bin/env python3
"""The programs of tools/ are as short as the rest: lines, functions, files.

usage: tools_test.py FOLDER…
"""
import ast
import pathlib
import subprocess
import sys
import tempfile
import unittest

COLUMNS_MOST, FUNCTION_MOST, FILE_MOST = 100, 70, 400


def is_python(path, text):
    return path.suffix == ".py" or text.startswith("#!/usr/bin/env python3")


def problems_of(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = [f"{path}:{number}: {len(line)} columns" for number, line in enumerate(lines, 1)
             if len(line) > COLUMNS_MOST]
    if len(lines) > FILE_MOST:
        found.append(f"{path}: {len(lines)} lines")
    if is_python(path, text):
        found += [f"{path}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
                  for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
                  and node.end_lineno - node.lineno >= FUNCTION_MOST]
    return found


class Tools(unittest.TestCase):
    def test_all_are_short(self):
        for folder in map(pathlib.Path, FOLDERS):
            files = [path for path in folder.iterdir() if path.is_file()]
            self.assertTrue(files)
            self.assertEqual([problem for path in files for problem in problems_of(path)], [])

    def test_what_is_long_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "a.py")
            path.write_text("def f():\n" + "  pass\n" * 70 + "#" * 101 + "\n" * 330)
            found = problems_of(path)
        self.assertEqual([problem.split(": ", 1)[1] for problem in found],
                         ["101 columns", "401 lines", "f has 71 lines"])


class FetchKernels(unittest.TestCase):
    def test_what_is_no_version_is_refused_before_anything_is_fetched(self):
        tool = pathlib.Path(FOLDERS[0], "fetch-kernels")
        for version in ("", "6", "x.y", "7.2@", "7.2@a@b", "../6.12", "6.12@../x", "6.12 7.2"):
            done = subprocess.run([tool, "6.12", version], capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), version)
            self.assertIn("is no version such as 6.12", done.stderr)


FOLDERS = sys.argv[1:]
if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
