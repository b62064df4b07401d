"""Instructions per request by kernel, counted in virtual machines."""
import collections
import functools
import os
import sys

from report_json import Report, metric_of, paragraph, size_text, table
from rows import (Failure, guest_of, read_rows, row_files, short_compiler, short_release,
                  version_of)

METRIC = "instructions_per_request"
CELLS = ((0, False), (1 << 20, True))
# The cells that a table has; the processor that they are counted on, of two.
SETTING = {"buffers": "registered", "connections": "4"}
PROCESSOR = "Nehalem-v1"
# Files with one of these names answer other questions.
OTHER_QUESTIONS = ("peers-", "growth-", "handover-", "socket-cluster-", "connections-")
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


class Counts:
    """The counts of the newest method, of some bodies and ways to end a connection."""

    def __init__(self, program, cells):
        wanted = {(str(body), "yes" if reuse else "no") for body, reuse in cells}
        rows = [row for row in main_rows() if row["accelerator"] == "tcg"
                and (row["body_bytes"], row["reuse"]) in wanted
                and not row["mode"].startswith("micro-")
                and all(row[name] in (value, "") for name, value in SETTING.items())
                and guest_of(row).get("cpu") in (PROCESSOR, None)]
        if not any(row[METRIC] for row in rows):
            raise Failure("results/*.csv: no row has instructions per request (count first: "
                          "uring-bench sweep --accel tcg)")
        method = max(int(row["method"]) for row in rows)
        self.rows = [row for row in rows if int(row["method"]) == method]
        self.report = Report.of_rows(program, [
            {name: value for name, value in row.items() if name != "path"} for row in self.rows])
        self.kernels = list(dict.fromkeys(cell["kernel"] for cell in self.report.cells))
        self.kernels.sort(key=version_of)

    def compiler_of(self, kernel):
        """Empty where no row says it: of older rows, and of boots that failed."""
        found = {row.get("kernel_compiler", "") for row in self.rows if row["kernel"] == kernel}
        return max(found)

    def options_of(self, kernel):
        """Without the digest, which each series has of its own."""
        row = next(row for row in self.rows if row["kernel"] == kernel)
        return row.get("preemption"), row.get("kernel_config", "").split(";")[1:]

    def of_one_compiler(self):
        """Those of the compiler that built most of them."""
        compilers = collections.Counter(map(self.compiler_of, self.kernels))
        compilers.pop("", None)
        most = compilers.most_common(1)
        return [kernel for kernel in self.kernels
                if most and self.compiler_of(kernel) == most[0][0]]

    def count(self, name, cell, kernel):
        return metric_of(self.report.find(name, *cell, kernel=kernel), METRIC)


@functools.lru_cache(maxsize=2)
def counts_of(program, cells=CELLS):
    return Counts(program, cells)


def instructions(program):
    """Instructions per request by kernel."""
    counts = counts_of(program)
    guest = guest_of(counts.rows[0])
    row = counts.rows[0]
    boots = max((figure.count for name in counts.report.names() for cell in CELLS
                 for kernel in counts.kernels if (figure := counts.count(name, cell, kernel))))
    note = paragraph(
        "Thousands of instructions a request, of the kernel and all processes together, counted in "
        f"QEMU {guest['qemu']}, `{guest['machine']}`, `{guest['cpu']}` (`results/*.csv`). "
        f"{row['workers']} workers, {row['connections']} connections, method {row['method']}. "
        f"Median of {boots} boots (their range).")
    return "\n\n".join([note, *(cell_table(counts, *cell) for cell in CELLS)])


def cell_table(counts, body, reuse):
    """A line by kernel, a column by mode."""
    names = [name for name in counts.report.names()
             if any(counts.report.find(name, body, reuse, kernel=kernel)
                    for kernel in counts.kernels)]
    lines = [[short_release(kernel), short_compiler(counts.compiler_of(kernel)),
              *(count_text(counts.report.find(name, body, reuse, kernel=kernel))
                for name in names)] for kernel in counts.kernels]
    title = f"{size_text(body)}, {'reuse' if reuse else 'no reuse'}"
    return table([title, "compiler", *names], lines, left=2)


def swept_kernels(_program):
    """What was booted, and what built it."""
    rows = [row for row in main_rows() if row["accelerator"] == "tcg" and row["method"] == "3"]
    lines = []
    for kernel in sorted({row["kernel"] for row in rows}, key=version_of):
        own = [row for row in rows if row["kernel"] == kernel]
        first = max(own, key=lambda row: len(row["kernel_config"]))
        options = dict(option.split("=", 1) for option in first["kernel_config"].split(";")
                       if "=" in option)
        is_known = bool(first["hz"])
        lines.append([
            kernel.replace("-cloud-amd64", ""), short_compiler(first["kernel_compiler"]),
            first["preemption"].replace("dynamic:", "") if is_known else "unknown",
            options.get("UBSAN", "n") if is_known else "unknown", first["hz"] or "unknown",
            str(len({(row["run_id"], row["repeat"]) for row in own})), str(len(own))])
    return table(["kernel", "compiler", "preemption", "UBSAN", "HZ", "boots", "rows"], lines,
                 left=4)


def change_text(before, after):
    """"−6.0 to −5.1", by the ends of both ranges."""
    ends = (after.low / before.high, after.high / before.low)
    return " to ".join(f"{100 * (end - 1):+.1f}".replace("-", "−") for end in ends)


def compiler_changes(program):
    """What another compiler is worth: kernels of a series that has two."""
    counts = counts_of(program, CELLS)
    usual = counts.of_one_compiler()
    pairs = [(same, other) for other in counts.kernels if other not in usual for same in usual
             if version_of(same)[:2] == version_of(other)[:2]]
    head = [f"{short_compiler(counts.compiler_of(other))} ({short_release(other)}) by "
            f"{short_compiler(counts.compiler_of(same))} ({short_release(same)})"
            for same, other in pairs]
    lines = []
    for body, reuse in CELLS:
        for name in counts.report.names():
            found = [[counts.count(name, (body, reuse), kernel) for kernel in pair]
                     for pair in pairs]
            if any(map(all, found)):
                lines.append([name, size_text(body), "yes" if reuse else "no", *(
                    change_text(*pair) + " %" if all(pair) else "–" for pair in found)])
    return table(["mode", "body", "reuse", *head], lines, left=3)


def count_text(cell):
    if cell is None:
        return "–"
    figure = metric_of(cell, METRIC)
    if figure is None:
        return ", ".join(cell["status"])
    return figure.scaled(0.001).short_text(1)


PARTS = {"instructions": instructions, "kernels": swept_kernels,
         "compilers": compiler_changes}
