"""What each mechanism costs: tables of the CPU time of a request, by runs of tools/defaults."""
import collections
import functools
import math

from parts_study import machine_text, sessions_text
from report_json import confidence_text, paragraph, short_text, size_text, table
from rows import as_rounds, name_of
from sessions import MARKS, Sessions, cell as cell_of, paths_text, ratio_text, rows_of

KIB, MIB = 1 << 10, 1 << 20
SERVER, TOTAL = "cpu_us_per_request_server", "cpu_us_per_request_total"
KINDS = ("buffers", "relays")
BUFFERS = ["registered", "plain", "provided"]
RELAYS = ["sync", "linked"]
SIZES = [4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB, MIB]
FEW, MANY = 4, 64
WORDS = {False: "no reuse", True: "reuse"}


def in_rounds(rows):
    """By mode and kind of buffers. Of these a run has one kind, and those with one seed are a
    round. A run that has several relays has its own rounds."""
    relays_of_run = collections.defaultdict(set)
    for row in rows:
        relays_of_run[row["run_id"]].add(row["relay"])
    same = {"buffers": "", "buffers_used": "", "relay_used": ""}
    made = as_rounds(rows, lambda row: f"{name_of(row)} {row['buffers']}", **same)
    return [{**new, "run_id": old["run_id"]} if len(relays_of_run[old["run_id"]]) > 1 else new
            for new, old in zip(made, rows)]


class Costs:
    """Modes, relays and kinds of buffers by body, with few and with many connections."""

    def __init__(self, program):
        rows = rows_of(*KINDS)
        self.rows = rows
        self.sessions = Sessions(program, {
            session: in_rounds(found) for session, found in rows.items()})
        self.program = program
        self.first = next(iter(rows.values()))[0]

    @functools.cached_property
    def empty(self):
        """What a hand-over costs does not depend on the buffers of an empty request."""
        return Sessions(self.program, {
            session: [{**row, "run_id": f"{row['run_id']} {buffers}"}
                      for buffers in BUFFERS
                      for row in as_rounds([row for row in found if row["buffers"] == buffers
                                            and row["body_bytes"] == "0"], buffers="",
                                           buffers_used="")]
            for session, found in self.rows.items()})

    def cell(self, name, body, reuse, connections=FEW, buffers="registered"):
        return cell_of(f"{name} {buffers}", body, reuse, connections=connections)

    def ratio(self, first, second, body, reuse, connections=FEW, metric=TOTAL):
        return self.sessions.between(self.cell(first, body, reuse, connections),
                                     self.cell(second, body, reuse, connections), metric)

    def by_buffers(self, name, kind, base, body, reuse, connections=FEW):
        return self.sessions.between(self.cell(name, body, reuse, connections, kind),
                                     self.cell(name, body, reuse, connections, base), TOTAL)

    def request(self, name, body, reuse, connections=FEW):
        """CPU time of a request, client and server."""
        return self.sessions.metric(self.cell(name, body, reuse, connections), TOTAL)

    def handover(self, mode, connections, metric=TOTAL):
        """What a connection costs more than with `direct`; an empty request is on it."""
        return self.empty.between(cell_of(mode, 0, False, connections=connections),
                                  cell_of("direct", 0, False, connections=connections), metric,
                                  "difference")

    def limited_by_client(self, mode, connections):
        """Rounds in which the client was the limit of empty connections, and all rounds."""
        rows = [row for found in self.rows.values() for row in found
                if not row["disturbed"] and (row["body_bytes"], row["reuse"]) == ("0", "no")
                and (row["mode"], row["connections"]) == (mode, str(connections))]
        return sum(row["bottleneck"] == "client" for row in rows), len(rows)


@functools.lru_cache(maxsize=1)
def costs_of(program):
    return Costs(program)


def where(costs):
    """Which rows these are."""
    return (f"4 workers, {machine_text(costs.first)}, {sessions_text(costs.rows)} "
            f"({paths_text(*KINDS)}).")


def intervals(shown):
    return (f"({confidence_text(shown)} interval, made so wide that it holds each session's "
            f"median). {MARKS[:-1]}")


def requests_below_a_percent(cost, request):
    """Requests of one connection until the hand-over is below 1 % of their CPU: least and most by
    the ends of both intervals."""
    return (max(1, math.ceil(cost.low / (0.01 * request.high))),
            max(1, math.ceil(cost.high / (0.01 * request.low))))


def handover(program):
    """What handing a connection over costs, by connections and by whose CPU time is counted."""
    costs = costs_of(program)
    shown, lines = [], []
    for mode, connections in (("cluster", FEW), ("socket", FEW), ("cluster", MANY)):
        figures = [costs.handover(mode, connections, metric) for metric in (SERVER, TOTAL)]
        if not all(figures):
            continue
        shown += figures
        limited, of = costs.limited_by_client("direct", connections)
        lines.append([mode, str(connections), *(figure.text(1) for figure in figures),
                      *(one.short_text(1) if one else "–" for one in figures[1].sessions),
                      str(figures[1].count), f"{limited} of {of}"])
    names = [f"session {name}" for name in costs.empty.rows]
    note = paragraph(
        "CPU time of a connection in a mode less that in `direct`, within a round, in µs. Requests "
        f"are empty and have a connection each. Median {intervals(shown)}. The sessions' figures "
        "are of client and server. The last column says in how many trials of `direct` the client "
        f"was the limit. {where(costs)}")
    return note + "\n\n" + table(["mode", "connections", "server", "client and server", *names,
                                  "rounds", "client's limit"], lines)


def handover_share(program):
    """After how many requests of a connection its hand-over no longer matters."""
    costs = costs_of(program)
    lines = []
    sizes = [0, 64 * KIB, MIB]
    for mode in ("cluster", "socket"):
        cost = costs.handover(mode, FEW)
        requests = [costs.request(mode, size, True) for size in sizes]
        if not cost or cost.low is None or not all(requests):
            continue
        texts = []
        for request in requests:
            least, most = requests_below_a_percent(cost, request)
            texts.append(f"{least} to {most}" if least < most else str(least))
        lines.append([mode, *texts])
    note = paragraph(
        "Requests of one connection until its hand-over is below 1 % of their CPU time, client and "
        f"server together. {FEW} connections, by the ends of both intervals.")
    return note + "\n\n" + table(["mode", *map(size_text, sizes)], lines)


def relays(program):
    """The relays of `passthru` against `copy`, and all against `socket`, by body."""
    costs = costs_of(program)
    shown, lines = [], []
    columns = [(relay, reuse, connections) for connections in (FEW, MANY)
               for reuse in (False, True) for relay in RELAYS]
    for size in SIZES:
        figures = [costs.ratio(f"passthru {relay}", "passthru copy", size, reuse, connections)
                   for relay, reuse, connections in columns]
        shown += figures
        if any(figures):
            lines.append([size_text(size), *map(ratio_text, figures)])
    names = [f"{relay}, {WORDS[reuse]}, {connections}" for relay, reuse, connections in columns]
    note = paragraph(
        "CPU time of a request of `passthru`, client and server, by that of `--relay copy`. The "
        f"number is that of connections. Ratios within a round {intervals(shown)}. {where(costs)}")
    return note + "\n\n" + table(["by `copy`", *names], lines)


def modes(program):
    """CPU time of a mode by that of another, and how unevenly `direct` loads its workers."""
    costs = costs_of(program)
    shown, lines = [], []
    for connections in (FEW, MANY):
        for reuse in (False, True):
            for size in (0, *SIZES):
                figures = [costs.ratio(first, second, size, reuse, connections)
                           for first, second in (("direct", "cluster"), ("socket", "cluster"),
                                                 ("passthru copy", "socket"))]
                if any(figures):
                    busiest = costs.sessions.metric(
                        costs.cell("direct", size, reuse, connections), "worker_imbalance")
                    shown += figures
                    lines.append([size_text(size), WORDS[reuse], str(connections),
                                  *map(ratio_text, figures), short_text(busiest, 1)])
    note = paragraph(
        f"CPU time of a request, client and server. Ratios within a round {intervals(shown)}. The "
        "last column is the requests of the busiest worker of `direct` by the average. "
        f"{where(costs)}")
    return note + "\n\n" + table(["body", "", "connections", "direct by cluster",
                                  "socket by cluster", "passthru copy by socket",
                                  "busiest worker"], lines, left=3)


def buffers(program):
    """CPU time by kind of buffers."""
    costs = costs_of(program)
    shown, lines = [], []
    for name, connections in (("cluster", FEW), ("socket", FEW), ("direct", FEW),
                              ("cluster", MANY), ("direct", MANY), ("passthru copy", FEW)):
        for reuse in (False, True):
            for size in (0, 4 * KIB, 64 * KIB, MIB):
                figures = [costs.by_buffers(name, kind, base, size, reuse, connections)
                           for kind, base in (("plain", "registered"), ("provided", "registered"),
                                              ("provided", "plain"))]
                if any(figures):
                    shown += figures
                    lines.append([name, str(connections), size_text(size), WORDS[reuse],
                                  *map(ratio_text, figures)])
    note = paragraph(
        f"CPU time of a request, client and server. Ratios within a round {intervals(shown)}. "
        f"{where(costs)}")
    return note + "\n\n" + table(["mode", "connections", "body", "", "plain by registered",
                                  "provided by registered", "provided by plain"], lines, left=4)


PARTS = {"modes": modes, "relays": relays, "handover": handover, "handover-share": handover_share,
         "buffers": buffers}
