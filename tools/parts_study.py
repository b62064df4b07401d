"""The study's cells: README's two tables, and CPU time by cell."""
import collections
import functools
import os
import sys

from report_json import (Report, confidence_text, metric_of, paragraph, table,
                         short_text)
from rows import Failure, read_rows, row_files

MIB = 1 << 20
STUDY = {(mode, body, reuse) for mode in ("cluster", "socket", "passthru")
         for body in (MIB, 10 * MIB) for reuse in ("no", "yes")}
CELLS = [(10 * MIB, False), (MIB, False), (10 * MIB, True), (MIB, True)]
# Files with one of these names answer other questions.
OTHER_QUESTIONS = ("peers-", "growth-", "handover-", "socket-cluster-", "connections-")
MACHINES = {"none": "", "kvm": ", virtual machine", "other": ", virtual machine"}
# What a trial is known by, as `uring-bench report` knows it. A copy of a file adds no repeats.
TRIAL = ("run_id", "trial_order", "repeat", "kernel", "guest", "mode", "relay", "buffers", "policy",
         "workers", "connections", "body_bytes", "response_bytes", "reuse", "loop",
         "rate_requested", "client", "pinning")


def without_repeated(rows):
    """Each row once. Says which are left out."""
    seen, kept, repeated = set(), [], collections.Counter()
    for row in rows:
        key = tuple(row[name] for name in TRIAL)
        if row["run_id"] and key in seen:
            repeated[row["path"]] += 1
            continue
        seen.add(key)
        kept.append(row)
    for path, count in repeated.items():
        print(f"{path}: {count} rows are there twice (the same run_id, trial_order and cell), and "
              "count once", file=sys.stderr)
    return kept


@functools.lru_cache(maxsize=1)
def main_rows():
    """All rows of runs and sweeps, each once and with the `path` of its file."""
    rows = []
    for path in row_files("*.csv"):
        if not os.path.basename(path).startswith(OTHER_QUESTIONS):
            rows += [{**row, "path": path} for row in read_rows(path)]
    return without_repeated(rows)


def has_study(rows):
    cells = {(row["mode"], int(row["body_bytes"]), row["reuse"]) for row in rows
             if row["status"] == "ok" and row["requests_per_s"] and row["loop"] == "closed"
             and not row.get("disturbed")}
    return STUDY <= cells


class Study:
    """The newest run, of the newest method, that has all cells of the study."""

    def __init__(self, program):
        runs = collections.defaultdict(list)
        for row in main_rows():
            runs[row["run_id"]].append(row)
        whole = [rows for rows in runs.values() if has_study(rows)]
        if not whole:
            raise Failure("results/*.csv: no run has all cells of the study (measure first: "
                          "uring-bench all)")
        self.rows = max(whole, key=lambda rows: (int(rows[0]["method"]), rows[0]["started_at"]))
        self.path = self.rows[0]["path"]
        columns = [name for name in self.rows[0] if name != "path"]
        self.report = Report.of_rows(program, [{name: row[name] for name in columns}
                                               for row in self.rows])

    def figures(self, name, metric):
        return [metric_of(self.report.find(name, *cell), metric) for cell in CELLS]


@functools.lru_cache(maxsize=1)
def study_of(program):
    return Study(program)


def machine_text(row):
    """"Linux 6.18.1, 2 CPUs (AMD EPYC, virtual machine)"."""
    machine = MACHINES.get(row["accelerator"], ", emulated")
    return f"Linux {row['kernel']}, {row['cpus']} CPUs ({row['cpu_model']}{machine})"


def tables(program):
    """The two tables of the study, as a run prints them, and what they were measured on."""
    study = study_of(program)
    row, report = study.rows[0], study.report
    rounds = max(cell["trials"] for cell in report.cells)
    shown = []
    parts = [paragraph(
        f"{machine_text(row)}. Client and servers share them. {row['workers']} workers, "
        f"{row['connections']} connections, {rounds} interleaved trials, method {row['method']}, "
        f"{row['started_at'][:10]} (`{study.path}`).")]
    for reuse in (False, True):
        lines = []
        for name in report.names():
            cells = [report.find(name, body, reuse) for body in (10 * MIB, MIB)]
            shown += [metric_of(cell, "requests_per_s") for cell in cells]
            lines.append([report.label(name), *(rate_text(report, cell) for cell in cells)])
        parts += [f"Connection reuse: {'YES' if reuse else 'NO'}",
                  table(["Test", "Req/s, 10MB bodies", "Req/s, 1MB bodies"], lines)]
    relays = {row["relay"] for row in study.rows if row["mode"] == "passthru"}
    relay = f" `passthru` is `--relay {relays.pop()}`." if len(relays) == 1 else ""
    parts.append(paragraph(
        f"Median of the trials ({confidence_text(shown)} interval). ≥: the client was the limit in "
        f"most trials, and the server could do more.{relay}"))
    return "\n\n".join(parts)


def rate_text(report, cell):
    """"≥ 813 (598–824)"."""
    figure = metric_of(cell, "requests_per_s")
    if figure is None:
        return "–"
    return ("≥ " if report.is_of_client(cell) else "") + figure.short_text(0)


def study_notes(program):
    """What marks these rows as disturbed, and why `direct` is no ceiling."""
    study = study_of(program)
    ok = [row for row in study.rows if row["status"] == "ok"]
    loaded = sum("load_high" in row["warnings"].split(";") for row in ok)
    limited = sum(row["bottleneck"] == "client" for row in ok)
    sentences = [f"The tables are of `{study.path}`.",
                 f"The client was the limit in {limited} of {len(ok)} trials."]
    if loaded:
        sentences.append(f"{loaded} of them warn of `load_high`. That load average holds the "
                         "trials before as well as other programs.")
    cell = study.report.find("direct", MIB, True)
    imbalance = metric_of(cell, "worker_imbalance")
    if imbalance:
        sentences.append("The kernel hashes the connections of `direct`. With reuse its busiest "
                         f"worker had {imbalance.text(1)} times the average requests. So `direct` "
                         "is a reference and no ceiling.")
    return paragraph(" ".join(sentences))


def cpu(program):
    """CPU seconds of the server, and of server and client, by cell."""
    study = study_of(program)
    head = ["10MB no reuse", "1MB no reuse", "10MB reuse", "1MB reuse"]
    parts, shown = [], []
    for title, metric, digits in (
            ("server CPU s/GB", "cpu_s_per_gb_server", 2),
            ("client and server, CPU µs a request", "cpu_us_per_request_total", 0)):
        lines = []
        for name in study.report.names():
            figures = study.figures(name, metric)
            shown += figures
            lines.append([study.report.label(name),
                          *(short_text(figure, digits) for figure in figures)])
        parts.append(table([title, *head], lines))
    parts.append(paragraph(
        f"Median ({confidence_text(shown)} interval). Loopback charges part of the receiver's work "
        "to the sender, and the modes differ in how much. The second table holds both sides."))
    return "\n\n".join(parts)


PARTS = {"tables": tables, "study-notes": study_notes, "cpu": cpu}
