"""Rows of several sessions: each figure in each of them, and of all of them together.

results/sessions/KIND-SESSION.csv has what one session measured of a kind. The program computes
every figure from the rows of a session, and once more from those of all. The interval that decides
is of all rounds, made so wide that it holds the median of each session.
"""
import dataclasses
import glob
import os

from report_json import Figure, Report, metric_of
from rows import Failure, read_rows

FOLDER = "results/sessions"
# Of a ratio: sessions that differ by more are shown as such.
SPREAD_MOST = 0.05
# One session says nothing of the next.
SESSIONS_LEAST = 2
# What a figure is marked with.
MARKS = ("A `*` marks fewer than five rounds, of which the range is shown or nothing. A `¹` marks "
         f"one session. A `†` marks sessions that differ by more than {100 * SPREAD_MOST:.0f} %.")
# A ratio of fewer rounds is none.
ROUNDS_LEAST = 3
# Another boot of one machine is no other one, as sections of a report would have it.
OF_THE_HOST = ("machine", "mitigations", "cpu_model", "cpus", "lo_mtu")


@dataclasses.dataclass(frozen=True)
class Spread(Figure):
    """Of all rounds; `sessions` has the figure of each session, None where it has none."""

    sessions: tuple = ()

    @classmethod
    def of_sessions(cls, pooled, sessions):
        """None where no session has it."""
        if pooled is None:
            return None
        medians = [figure.median for figure in sessions if figure]
        low, high = pooled.low, pooled.high
        if low is not None:
            low, high = min(low, *medians), max(high, *medians)
        return cls(pooled.count, pooled.median, low, high, pooled.confidence, tuple(sessions))

    @property
    def known(self):
        return [figure for figure in self.sessions if figure]

    @property
    def is_sure(self):
        return super().is_sure and len(self.known) >= SESSIONS_LEAST

    @property
    def is_wide(self):
        return self.spread is not None and self.spread > SPREAD_MOST

    def text(self, digits):
        """With what a reader has to know of it: see MARKS."""
        marks = "" if self.has_interval else "*"
        if len(self.known) == 1:
            marks += "¹"
        return super().text(digits) + marks

    @property
    def spread(self):
        """By how much the largest median of a session is above the smallest, as a share."""
        medians = [figure.median for figure in self.known]
        return max(medians) / min(medians) - 1 if medians and min(medians) > 0 else None

    def spread_text(self):
        """"2.1 %", "**7.0 %**" where that is more than sessions may differ."""
        if self.spread is None or len(self.known) < SESSIONS_LEAST:
            return "–"
        text = f"{100 * self.spread:.1f} %"
        return f"**{text}**" if self.is_wide else text


def ratio_text(figure):
    """A ratio, with a mark where sessions differ."""
    if figure is None or figure.count < ROUNDS_LEAST:
        return "–"
    return figure.short_text(2) + ("†" if figure.is_wide else "")


def cell(name, body, reuse, **setting):
    """How a cell is looked up in each report."""
    return name, body, reuse, setting


def files_of(*kinds):
    """The paths of each session, by its name."""
    paths = {}
    for kind in kinds:
        for path in sorted(glob.glob(f"{FOLDER}/{kind}-*.csv")):
            session = os.path.basename(path).removesuffix(".csv").removeprefix(f"{kind}-")
            paths.setdefault(session, []).append(path)
    return dict(sorted(paths.items()))


def rows_of(*kinds, remedy="results/README.md has its command"):
    """The rows of each session, those with figures alone."""
    paths = files_of(*kinds)
    if not paths:
        raise Failure(f"{FOLDER}/{kinds[0]}-*.csv: there is none ({remedy})")
    return {session: [row for path in found for row in read_rows(path) if row["status"] == "ok"]
            for session, found in paths.items()}


def paths_text(*kinds):
    """"`results/sessions/peers-1.csv`, …", as a document names them."""
    return ", ".join(f"`{path}`" for found in files_of(*kinds).values() for path in found)


class Sessions:
    """The reports of some rows: of each session, and of all."""

    def __init__(self, program, rows_by_session):
        self.rows = {name: rows for name, rows in rows_by_session.items() if rows}
        if not self.rows:
            raise Failure("no session has a row with figures")
        first = next(iter(self.rows.values()))[0]
        host = {column: first[column] for column in OF_THE_HOST if column in first}
        self.first = first
        self.reports = [Report.of_rows(program, rows) for rows in self.rows.values()]
        self.pooled = Report.of_rows(program, [
            {**row, **host, "run_id": f"{name} {row['run_id']}"}
            for name, rows in self.rows.items() for row in rows])

    def _spread(self, look):
        return Spread.of_sessions(look(self.pooled), [look(report) for report in self.reports])

    def metric(self, wanted, metric):
        name, body, reuse, setting = wanted
        return self._spread(
            lambda report: metric_of(report.find(name, body, reuse, **setting), metric))

    def between(self, first, second, metric, kind="ratio"):
        """`first` by (or less) `second`, within a round."""
        def look(report):
            cells = [report.find(name, body, reuse, **setting)
                     for name, body, reuse, setting in (first, second)]
            return report.between(*cells, metric, kind)
        return self._spread(look)

    def has(self, wanted):
        name, body, reuse, setting = wanted
        return self.pooled.find(name, body, reuse, **setting) is not None

    def is_of_client(self, wanted):
        """Whether the client was the limit in most rounds of all sessions."""
        name, body, reuse, setting = wanted
        return self.pooled.is_of_client(self.pooled.find(name, body, reuse, **setting))
