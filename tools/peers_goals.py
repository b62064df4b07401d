"""What the project wants to reach beside other servers, and whether rows show that it did.

A verdict is of one cell: met, missed, or undecided where the interval holds the limit. A cell of
which the client was the limit has none.
"""
import collections
import dataclasses
import typing

from peers_cells import CELLS
from peers_figures import BEST_RELAY, CONNECTIONS, RATE, TOTAL

LARGE = tuple(cell for cell in CELLS if cell[0] == 10 << 20)
NAMES = {RATE: "requests/s", TOTAL: "CPU of client and server"}
VERDICTS = ("met", "missed", "undecided")


@dataclasses.dataclass(frozen=True)
class Goal:
    """A ratio to another server, in each of some cells."""

    first: str
    second: str
    metric: str
    least: typing.Optional[float] = None
    most: typing.Optional[float] = None
    cells: tuple = tuple(CELLS)

    def limit(self):
        if self.least is not None and self.most is not None:
            return f"{self.least} to {self.most}"
        return f"at least {self.least}" if self.least is not None else f"at most {self.most}"

    def text(self):
        where = "" if self.cells == tuple(CELLS) else ", at 10 MB"
        return f"{self.first} / {self.second}, {NAMES[self.metric]}{where}: {self.limit()}"


GOALS = [
    Goal("cluster", "nginx-direct", RATE, least=1.15),
    Goal("cluster", "nginx-direct", TOTAL, most=0.8),
    Goal(BEST_RELAY, "haproxy-proxy", RATE, least=1.3),
    Goal(BEST_RELAY, "haproxy-proxy", TOTAL, most=0.75),
    Goal("socket", "cluster", RATE, least=0.97, most=1.03),
    Goal(BEST_RELAY, "cluster", RATE, least=0.8, cells=LARGE),
    *(Goal(ours, f"node-{node}", RATE, least=2)
      for ours, node in (("cluster", "cluster"), ("direct", "cluster"), ("msgring", "cluster"),
                         ("socket", "socket"), (BEST_RELAY, "passthru"))),
]


def verdict_of(ratio, least=None, most=None):
    """Of one ratio; "" where the client was the limit, or where nothing was measured."""
    figure = ratio.figure
    if ratio.says_nothing or figure is None:
        return ""
    if not figure.is_sure:
        return "undecided"
    is_below = least is not None and figure.high < least
    is_above = most is not None and figure.low > most
    if is_below or is_above:
        return "missed"
    is_within = (least is None or figure.low >= least) and (most is None or figure.high <= most)
    return "met" if is_within else "undecided"


def near_text(ratio, goal):
    """The end of the interval, where two digits do not tell it from the limit."""
    for end, limit in ((ratio.figure.high, goal.least), (ratio.figure.low, goal.most)):
        if limit is not None and end != limit and f"{end:.2f}" == f"{limit:.2f}":
            return f" ({end:.3f})"
    return ""


def goal_lines(figures):
    """Lines of the table, and how often each verdict is in it."""
    lines, counts = [], collections.Counter()
    for goal in GOALS:
        for client in figures.clients:
            texts = []
            for cell in CELLS:
                ratio = figures.ratio(goal.first, goal.second, client, CONNECTIONS, cell,
                                      goal.metric)
                if cell not in goal.cells:
                    texts.append(ratio.text())
                    continue
                verdict = verdict_of(ratio, goal.least, goal.most)
                counts[verdict or ("client" if ratio.says_nothing else "not measured")] += 1
                near = near_text(ratio, goal) if verdict == "missed" else ""
                texts.append(f"{ratio.text()} {verdict}{near}".strip())
            if any(text not in ("", "–") for text in texts):
                lines.append([goal.text(), client, *texts])
    return lines, counts
