#!/usr/bin/env python3
"""Validates what --json writes against docs/schema. Usage: json_test.py BINARY SOURCE_ROOT

Runs, an interrupted run, a comparison and reports of the real binary. Exit status 77 (skipped) without the
Python module jsonschema (Debian: python3-jsonschema).
"""

import contextlib
import csv
import json
import math
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import jsonschema
except ImportError:
    print("skipped: no Python module jsonschema (Debian: python3-jsonschema)")
    sys.exit(77)

SHORT = ["-b", "64k", "-r", "yes", "-d", "50ms", "--warmup", "20ms", "-q", "--budget", "0",
         "--accept-disturbed"]


@contextlib.contextmanager
def running(command, **options):
    """A process that ends with the block, also when a check in it fails."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def check_report(binary, root, folder, validated):
    """The report of rows of all kinds, and of a run whose figures are in its CSV."""
    path = folder / "report.json"
    for rows in (root / "test/data/report/rows.csv", folder / "rows.csv"):
        done = subprocess.run([binary, "report", rows, "--json", path], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        report = validated(path, "report.schema.json")
        with open(rows, newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        assert report["rows"]["count"] == len(lines)
        for name, column in report["rows"]["columns"].items():
            if isinstance(column, dict):
                column = [column["dictionary"][index] for index in column["index"]]
            for value, line in zip(column, lines, strict=True):
                expected = line[name] == "yes" if name == "reuse" else line[name]
                # Before schema 3 it was what the option said.
                if name == "policy" and line["mode"] == "direct" and int(line["schema"]) < 3:
                    expected = "hash"
                known = type(value)(expected) if expected != "" else None
                assert value == known, (name, value, line[name])
        for cell in report["cells"]:
            figures = sorted(float(lines[row]["requests_per_s"]) for row in cell["rows"]
                             if lines[row]["requests_per_s"] and lines[row]["status"] == "ok"
                             and not lines[row].get("disturbed"))
            if "requests_per_s" not in cell["metrics"]:
                continue
            metric = cell["metrics"]["requests_per_s"]
            assert metric["n"] == len(figures), cell["id"]
            assert math.isclose(metric["median"], statistics.median(figures), rel_tol=1e-5)
    profiles = sorted((root / "test/data/profile").glob("*.profile.csv"))
    done = subprocess.run([binary, "report", folder / "rows.csv", *profiles, "--json", path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(validated(path, "report.schema.json")["profiles"]["cells"]) == 1
    path.unlink()


def check_profiles(binary, root, folder, validated):
    """The comparison of two small profiles, of which the second has a dearer function."""
    profiles = root / "test/data/profile"
    path = folder / "profiles.json"
    done = subprocess.run([binary, "compare", "--by", "function", "--threshold", "2",
                           profiles / "base.profile.csv", profiles / "new.profile.csv", "--json",
                           path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, (done.returncode, done.stderr)
    comparison = validated(path, "profile_comparison.schema.json")
    assert comparison["regression"]
    cell = comparison["cells"][0]
    assert cell["functions"][0]["function"] == "tcp_ack", cell["functions"][0]
    assert math.isclose(cell["change"], 600), cell["change"]
    assert math.isclose(cell["share_of_base"], 600 / 12000), cell["share_of_base"]
    assert "tcp_ack " in done.stdout and "regression: " in done.stdout, done.stdout
    path.unlink()
    # Two kinds of files, and what rows do not know.
    for arguments in (["--by", "cell", profiles / "base.profile.csv", folder / "rows.csv"],
                      ["--by", "function", folder / "rows.csv", folder / "rows.csv"],
                      ["--metric", "p99", profiles / "base.profile.csv",
                       profiles / "new.profile.csv"]):
        done = subprocess.run([binary, "compare", *arguments], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert "(" in done.stderr, f"no remedy: {done.stderr}"


def main(binary, root):
    def validated(path, schema):
        document = json.loads(path.read_text())
        jsonschema.validate(
            document, json.loads((root / "docs" / "schema" / schema).read_text()))
        return document

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows, run = folder / "rows.csv", folder / "run.json"
        done = subprocess.run([binary, "direct", *SHORT, "--repeats", "5", "--csv", rows, "--json",
                               run], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        document = validated(run, "run.schema.json")
        assert not document["interrupted"] and len(document["trials"]) == 5
        with open(rows, newline="", encoding="utf-8") as file:
            for line, trial in zip(csv.DictReader(file), document["trials"], strict=True):
                assert set(line) == set(trial["row"]), "columns of CSV and JSON differ"
                assert int(line["requests"]) == trial["row"]["requests"]
                if trial["latency_histogram"] is None:
                    print("no histograms: HdrHistogram was built without zlib (run ./bootstrap)")
                for column, value in trial["row"].items():
                    assert (line[column] == "") == (value is None), column

        comparison = folder / "comparison.json"
        done = subprocess.run([binary, "compare", "--accept-disturbed", rows, rows, "--json",
                               comparison], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert not validated(comparison, "comparison.schema.json")["regression"]

        check_report(binary, root, folder, validated)
        check_profiles(binary, root, folder, validated)

        # Interrupted once its first row is on the disk: that row is in the JSON too.
        rows, run = folder / "cut.csv", folder / "cut.json"
        with running([binary, "direct", *SHORT, "--repeats", "10000", "--csv", rows, "--json", run],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 30
            while not (rows.exists() and rows.read_text().count("\n") >= 2):
                assert time.monotonic() < deadline and process.poll() is None, "no row came"
                time.sleep(0.01)
            assert not run.exists(), "a file that is not whole"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 1
        document = validated(run, "run.schema.json")
        assert document["interrupted"] and document["trials_planned"] == 10000
        assert len(document["trials"]) == rows.read_text().count("\n") - 1
        assert sorted(path.name for path in folder.glob("*.json*")) == [
            "comparison.json", "cut.json", "run.json"], "a temporary file was left"

        with running([binary, "serve", "direct", "-l", "127.0.0.1:0"], text=True,
                     stdout=subprocess.PIPE) as server:
            port = server.stdout.readline().split()[2].rsplit(":", 1)[1]
            load = folder / "load.json"
            done = subprocess.run([binary, "load", f"http://127.0.0.1:{port}/", *SHORT, "--json",
                                   load], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            document = validated(load, "run.schema.json")
            assert document["trials"][0]["service_histogram"] is None
            assert document["trials"][0]["row"]["requests"] > 0
            # Of a server that is only an address, nothing but the answers is known.
            for column in ("cpu_us_per_request_workers", "context_switches_per_request",
                           "enters_per_request", "worker_imbalance"):
                assert document["trials"][0]["row"][column] is None, column
            assert document["trials"][0]["row"]["bottleneck"] in (None, "client")
            # The file is made to be shown to others.
            done = subprocess.run([binary, "load", f"http://127.0.0.1:{port}/", *SHORT, "-H",
                                   "Authorization: Bearer hush", "-HCookie: id=hush",
                                   "--header=X-Api-Key: hush", "-H", "X-Route: 7", "--json", load],
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            arguments = validated(load, "run.schema.json")["arguments"]
            assert "hush" not in load.read_text(), arguments
            assert "Authorization: (hidden)" in arguments and "X-Route: 7" in arguments, arguments
            done = subprocess.run([binary, "load", f"http://127.0.0.1:{port}/", *SHORT, "-R", "200",
                                   "--json", load], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            trial = validated(load, "run.schema.json")["trials"][0]
            assert trial["row"]["rate_requested"] == 200 and trial["row"]["loop"] == "open"
            assert bool(trial["service_histogram"]) == bool(trial["latency_histogram"])


main(sys.argv[1], pathlib.Path(sys.argv[2]))
