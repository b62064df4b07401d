"""What the project wants to reach beside other servers, and whether rows show that it did."""
import dataclasses
import typing

from peers_cells import CELLS, IPERF_KEY, cell_name
from peers_figures import BEST_RELAY, PER_GB, RATE, SERVER
from report_json import metric_of

LARGE = [(10 << 20, True)]
MIDDLE = [(1 << 20, False)]
EMPTY_REUSED = [(0, True)]
HANDOVER, PASSES_MOST = "hand-over of a connection, server CPU", 2
CLIENTS, CLIENTS_MOST = "our client / ab, client CPU a request against direct", 0.6
WIRE, WIRE_LEAST = "direct / iperf3, bytes/s", 0.95
NAMES = {RATE: "requests/s", SERVER: "server CPU a request", PER_GB: "server CPU a GB"}


@dataclasses.dataclass(frozen=True)
class Goal:
    """A ratio to another server, in each of some cells."""

    first: str
    second: str
    metric: str
    least: typing.Optional[float] = None
    most: typing.Optional[float] = None
    cells: tuple = tuple(CELLS)
    clients: tuple = ("ab", "builtin")
    connections: int = 8

    def text(self):
        limit = f"at least {self.least}" if self.least is not None else f"at most {self.most}"
        many = f", {self.connections} connections" if self.connections != 8 else ""
        return f"{self.first} / {self.second}, {NAMES[self.metric]}{many}: {limit}"


GOALS = [
    Goal("cluster", "nginx-direct", RATE, least=1.15),
    Goal("cluster", "nginx-direct", SERVER, most=0.6),
    Goal("socket", "cluster", RATE, least=0.95),
    Goal("passthru linked", "cluster", RATE, least=0.7, cells=tuple(LARGE)),
    Goal(BEST_RELAY, "cluster", RATE, least=0.85, cells=tuple(LARGE)),
    *(Goal(relay, proxy, metric, least, most)
      for proxy in ("haproxy-proxy", "nginx-proxy") for relay in ("passthru linked", BEST_RELAY)
      for metric, least, most in ((RATE, 1.3, None), (PER_GB, None, 0.65))),
    Goal("cluster", "node-cluster", RATE, least=1.5),
    Goal("socket", "node-socket", RATE, least=1.5),
    Goal("socket", "node-socket", RATE, least=4, cells=tuple(MIDDLE)),
    Goal("passthru linked", "node-passthru", RATE, least=1.5),
    Goal("direct", "nginx-direct", RATE, least=1, cells=tuple(EMPTY_REUSED), connections=64,
         clients=("builtin",)),
    Goal("direct", "nginx-direct", SERVER, most=1, cells=tuple(EMPTY_REUSED), connections=64,
         clients=("builtin",)),
]


def verdict_of(ratio, least=None, most=None):
    """Of one ratio: the goal is undecided while the interval holds it."""
    figure = ratio.figure
    if figure is None or ratio.says_nothing:
        return "not measured"
    if not figure.is_sure:
        return "undecided"
    if least is not None:
        if figure.low >= least:
            return "met"
        return "missed" if figure.high < least else "undecided"
    if figure.high <= most:
        return "met"
    return "missed" if figure.low > most else "undecided"


def decide(ratios, least=None, most=None):
    """Of the ratios by cell: the verdict of all, and the cell that it rests on."""
    verdicts = {cell: verdict_of(ratio, least, most) for cell, ratio in ratios.items()
                if not ratio.says_nothing}
    if not verdicts or "not measured" in verdicts.values():
        return "not measured", None
    verdict = next(one for one in ("missed", "undecided", "met") if one in verdicts.values())
    cells = [cell for cell in verdicts if verdicts[cell] == verdict]
    worst = min if least is not None else max
    return verdict, worst(cells, key=lambda cell: ratios[cell].figure.median)


def goal_line(figures, goal, client):
    """A line of the table; None where this run did not measure it."""
    ratios = {cell: figures.ratio(goal.first, goal.second, client, goal.connections, cell,
                                  goal.metric) for cell in goal.cells}
    verdict, cell = decide(ratios, goal.least, goal.most)
    if cell is None:
        return None
    return [goal.text(), client, f"{ratios[cell].text()}, {cell_name(cell)}", verdict]


def between_clients_line(figures):
    ratios = {cell: figures.between_clients(cell) for cell in CELLS}
    verdict, cell = decide(ratios, most=CLIENTS_MOST)
    if cell is None:
        return None
    return [f"{CLIENTS}: at most {CLIENTS_MOST}", "both",
            f"{ratios[cell].text()}, {cell_name(cell)}", verdict]


def handover_line(cost, bare):
    """What a connection handed over costs, in bare passes of a descriptor. Both are known apart
    from each other: only intervals that do not meet decide."""
    if cost is None or bare is None or not (cost.is_sure and bare.is_sure):
        return None
    least, most = PASSES_MOST * bare.low, PASSES_MOST * bare.high
    verdict = "met" if cost.high <= least else "missed" if cost.low > most else "undecided"
    return [f"{HANDOVER}: at most {PASSES_MOST} bare passes", "builtin",
            f"{cost.text(1)} µs, a pass {bare.text(1)} µs", verdict]


def iperf_line(figures):
    """Bytes per second of `direct` and of iperf3, apart from each other as well."""
    direct = figures.median("direct", "builtin", 8, LARGE[0], "bytes_per_s")
    wire = metric_of(figures.report.find("iperf3", *IPERF_KEY[3:]), "bytes_per_s")
    if not direct or not wire or not (direct.is_sure and wire.is_sure):
        return None
    least, most = WIRE_LEAST * wire.low, WIRE_LEAST * wire.high
    verdict = "met" if direct.low >= most else "missed" if direct.high < least else "undecided"
    return [f"{WIRE}: at least {WIRE_LEAST}", "builtin",
            f"{direct.scaled(1e-9).text(2)} GB/s, iperf3 {wire.scaled(1e-9).text(2)} GB/s", verdict]


def goal_lines(all_figures, handover_cost=None, bare_pass=None):
    """Each goal by the first of some runs that measured it: lines of the table, and what no run
    measured."""
    lines, missing = [], []

    def add(name, found):
        line = next(filter(None, found), None)
        if line:
            lines.append(line)
        else:
            missing.append(name)

    for goal in GOALS:
        for client in goal.clients:
            add(f"{goal.text()} ({client})",
                (goal_line(figures, goal, client) for figures in all_figures))
    add(CLIENTS, map(between_clients_line, all_figures))
    add(WIRE, map(iperf_line, all_figures))
    add(HANDOVER, [handover_line(handover_cost, bare_pass)])
    return lines, missing
