"""What `uring-bench report --json` says of rows, by cell; and how its numbers are written.

The program computes every median, interval, ratio and difference; here they are looked up.
"""
import collections
import dataclasses
import json
import os
import subprocess
import tempfile
import textwrap

from rows import Failure, write_rows

FORMAT = "uring-bench-report-1"
# Five rounds give 0.94: an interval of fewer decides nothing.
CONFIDENCE_LEAST = 0.9
WIDTH = 100


@dataclasses.dataclass(frozen=True)
class Figure:
    """A median and its interval; the interval is None where there are too few rounds."""

    count: int
    median: float
    low: float = None
    high: float = None
    confidence: float = None

    @classmethod
    def of(cls, found):
        if found is None:
            return None
        return cls(found["n"], found["median"], found["low"], found["high"], found["confidence"])

    @property
    def has_interval(self):
        """Of enough rounds."""
        return self.confidence is not None and self.confidence >= CONFIDENCE_LEAST

    @property
    def is_sure(self):
        """Whether the interval may decide something."""
        return self.has_interval

    def inverted(self):
        """The ratio the other way round."""
        low, high = (None if end is None else 1 / end for end in (self.high, self.low))
        return Figure(self.count, 1 / self.median, low, high, self.confidence)

    def negated(self):
        """The difference the other way round."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return Figure(self.count, -self.median, low, high, self.confidence)

    def scaled(self, factor):
        """In another unit."""
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return Figure(self.count, self.median * factor, low, high, self.confidence)

    def holds(self, value):
        """Whether the interval does not tell it from `value`."""
        return not self.is_sure or self.low <= value <= self.high

    def text(self, digits):
        """"1.23 (1.13 to 1.29)"."""
        median, low, high = (None if end is None else f"{end:.{digits}f}".replace("-", "−")
                             for end in (self.median, self.low, self.high))
        return median if low is None else f"{median} ({low} to {high})"

    def short_text(self, digits):
        """"1.23 (1.13–1.29)", for tables with many columns."""
        return self.text(digits).replace(" to ", "–")


class Report:
    """The cells of some rows, and what was compared within a round."""

    def __init__(self, data):
        if data.get("format") != FORMAT:
            raise Failure(f"report --json: format {data.get('format')!r}, not {FORMAT!r} "
                          "(build this tree's uring-bench)")
        self.data = data
        self.sections = {section["id"]: section for section in data["sections"]}
        self.settings = {setting["id"]: setting for setting in data["settings"]}
        self.cells = data["cells"]
        self._by_name = collections.defaultdict(list)
        for cell in self.cells:
            self._by_name[name_of_cell(cell)].append(cell)
        self._comparisons = {(found["of"], found["to"], found["metric"], found["kind"]): found
                             for found in data["comparisons"]}

    @classmethod
    def of_files(cls, program, paths):
        done = subprocess.run([program, "report", *paths, "--json", "-"], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise Failure(f"{program} report --json: {reason[0]}")
        return cls(json.loads(done.stdout))

    @classmethod
    def of_rows(cls, program, rows):
        with tempfile.TemporaryDirectory(prefix="uring-bench-rows-") as folder:
            path = os.path.join(folder, "rows.csv")
            write_rows(path, rows)
            return cls.of_files(program, [path])

    def names(self):
        """Of the cells, in the order of the report."""
        return list(self._by_name)

    def label(self, name):
        """As people read it: `passthru` alone where there is one relay."""
        return self._by_name[name][0]["label"]

    def find(self, name, body, reuse, kernel=None, **setting):
        """The cell; None where there is none. `setting`: as in connections=8."""
        for cell in self._by_name.get(name, []):
            if (cell["body_bytes"], cell["reuse"]) != (body, reuse):
                continue
            if kernel is not None and cell["kernel"] != kernel:
                continue
            values = self.settings[cell["setting"]]["values"]
            if all(str(values.get(key)) == str(value) for key, value in setting.items()):
                return cell
        return None

    def is_of_client(self, cell):
        """Whether the client was the limit in most rounds: then the rate is the client's."""
        return cell is not None and cell["limited_by_client"]

    def between(self, first, second, metric, kind="ratio"):
        """`first` by (or less) `second`, within a round; None where no round has both."""
        if first is None or second is None:
            return None
        found = self._comparisons.get((first["id"], second["id"], metric, kind))
        if found:
            return Figure.of(found)
        found = Figure.of(self._comparisons.get((second["id"], first["id"], metric, kind)))
        if not found:
            return None
        return found.inverted() if kind == "ratio" else found.negated()


def name_of_cell(cell):
    return f"{cell['mode']} {cell['relay']}".strip()


def metric_of(cell, metric):
    return Figure.of(cell["metrics"].get(metric)) if cell else None


def short_text(figure, digits=2):
    return figure.short_text(digits) if figure else "–"


def median_text(figure, digits):
    return f"{figure.median:.{digits}f}" if figure else "–"


def size_text(size):
    for shift, unit in ((20, "MiB"), (10, "KiB")):
        if size >= 1 << shift:
            return f"{size >> shift} {unit}"
    return f"{size} B"


def confidence_text(figures):
    """"95 %", "93 %": what the shown intervals hold at least."""
    least = min((figure.confidence for figure in figures if figure and figure.has_interval),
                default=0)
    return f"{int(100 * least)} %"


def interval_note(figures):
    """"(98 % interval)." and what there is where rounds are too few for one."""
    note = f"({confidence_text(figures)} interval)."
    if all(figure.has_interval for figure in figures if figure):
        return note
    return note + " Where fewer than five rounds were measured it is their range."


def table(head, lines, left=1):
    """Markdown; the first `left` columns are text."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines])


def paragraph(text):
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
