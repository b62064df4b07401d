"""What each mechanism costs: tables of the CPU time of a request, from the growth runs."""
import functools
import math

from report_json import (Report, confidence_text, interval_note, metric_of, paragraph, short_text,
                         size_text, table)
from rows import as_rounds, name_of, newest_file, read_rows

KIB, MIB = 1 << 10, 1 << 20
SERVER, TOTAL = "cpu_us_per_request_server", "cpu_us_per_request_total"
RELAYS = ["sync", "linked", "copy"]
COMMON_SIZES = [4 * KIB, 64 * KIB, MIB]
# Of a small difference of two large figures, fewer rounds say nothing.
ROUNDS_OF_DIFFERENCE = 20
REMEDY = {"growth": "tools/growth measures it", "handover": "results/README.md has its command"}


def name_with_buffers(row):
    """"cluster plain": the kind of buffers is compared like a mode."""
    return name_of(row) + ("" if row["buffers"] == "registered" else " " + row["buffers"])


class Growth:
    """Bodies of all sizes over eight connections, by relay and by kind of buffers."""

    def __init__(self, program):
        self.path = newest_file("growth", REMEDY["growth"])
        rows = [row for row in read_rows(self.path)
                if (row["connections"], row["workers"]) == ("8", "4")]
        self.first = rows[0]
        self.report = Report.of_rows(program, as_rounds(rows, name_with_buffers,
                                                        buffers="registered"))
        self.sizes = sorted({cell["body_bytes"] for cell in self.report.cells})

    def ratio(self, first, second, body, reuse, metric=SERVER):
        return self.report.between(self.report.find(first, body, reuse),
                                   self.report.find(second, body, reuse), metric)

    def splice_sizes(self, relay, reuse, metric):
        """The largest body at which copying is shown to need less, and the smallest from which
        splicing is shown to need less at each measured size; None for none."""
        last = first = None
        for size in reversed([size for size in self.sizes if size]):
            figure = self.ratio(f"passthru {relay}", "passthru copy", size, reuse, metric)
            if not figure or not figure.is_sure:
                continue
            if figure.high >= 1:
                break
            first = size
        for size in self.sizes:
            figure = self.ratio(f"passthru {relay}", "passthru copy", size, reuse, metric)
            if figure and figure.is_sure and figure.low > 1:
                last = size
        return last, first


@functools.lru_cache(maxsize=1)
def growth_of(program):
    return Growth(program)


class Handover:
    """What a connection without reuse costs more than with `direct`, by mode and connections."""

    def __init__(self, program):
        self.program = program
        self.paths = [newest_file(kind, REMEDY[kind]) for kind in ("growth", "handover")]
        self.rows = []
        for path in self.paths:
            self.rows += [row for row in read_rows(path) if row["status"] == "ok"
                          and row["workers"] == "4" and row["buffers"] == "registered"
                          and (row["body_bytes"], row["reuse"]) == ("0", "no")]
        self.report = Report.of_rows(program, as_rounds(self.rows, buffers="registered"))

    def cost(self, mode, connections, metric):
        """The difference of CPU time; None where too few rounds tell it."""
        cells = [self.report.find(name, 0, False, connections=connections)
                 for name in (mode, "direct")]
        figure = self.report.between(*cells, metric, "difference")
        return figure if figure and figure.count >= ROUNDS_OF_DIFFERENCE else None

    def ratio(self, first, second, connections, metric):
        cells = [self.report.find(name, 0, False, connections=connections)
                 for name in (first, second)]
        return self.report.between(*cells, metric)

    def known(self):
        """Mode and connections of what is known."""
        return [(mode, connections) for connections in (8, 64)
                for mode in ("cluster", "socket", "msgring")
                if self.cost(mode, connections, TOTAL)]

    def starved(self, mode, connections):
        return sum("buffers_starved" in row["warnings"].split(";") for row in self.rows
                   if (name_of(row), row["connections"]) == (mode, str(connections)))

    def cost_without_limited(self, mode, connections, metric):
        """The cost in rounds in which the client was the limit of neither."""
        limited = {row["seed"] for row in self.rows if row["bottleneck"] == "client"
                   and row["connections"] == str(connections)
                   and name_of(row) in (mode, "direct")}
        rows = [row for row in self.rows if row["connections"] == str(connections)
                and row["seed"] not in limited]
        report = Report.of_rows(self.program, as_rounds(rows, buffers="registered"))
        return report.between(*(report.find(name, 0, False) for name in (mode, "direct")), metric,
                              "difference")

    def limited_by_client(self, mode, connections):
        return sum(row["bottleneck"] == "client" for row in self.rows
                   if (name_of(row), row["connections"]) == (mode, str(connections)))


@functools.lru_cache(maxsize=1)
def handover_of(program):
    return Handover(program)


def requests_below_a_percent(cost, request):
    """Requests of one connection until the hand-over is below 1 % of their CPU: least and most by
    the ends of both intervals."""
    return (max(1, math.ceil(cost.low / (0.01 * request.high))),
            max(1, math.ceil(cost.high / (0.01 * request.low))))


def relays(program):
    """The relays of `passthru` against `copy`, and against `socket`, by body."""
    growth = growth_of(program)
    first, shown = growth.first, []

    def ratios(title, columns):
        lines = []
        for size in growth.sizes:
            figures = [growth.ratio(f"passthru {relay}", base, size, reuse)
                       for relay, base, reuse in columns]
            shown.extend(figures)
            lines.append([size_text(size), *map(short_text, figures)])
        names = [f"{relay}, {'reuse' if reuse else 'no reuse'}" for relay, _, reuse in columns]
        return table([title, *names], lines)

    by_copy = ratios("by `copy`", [(relay, "passthru copy", reuse) for reuse in (False, True)
                                   for relay in ("sync", "linked")])
    by_socket = [ratios("by `socket`", [(relay, "socket", reuse) for relay in RELAYS])
                 for reuse in (False, True)]
    note = paragraph(
        "Server CPU time of a request of `passthru`, by relay: by that of `copy`, then by that of "
        f"`socket`. 4 workers, 8 connections, Linux {first['kernel']}, {first['cpus']} CPUs "
        f"(`{growth.path}`). Ratios within a round {interval_note(shown)}")
    return "\n\n".join([note, by_copy, *by_socket])


def handover(program):
    """What handing a connection over costs, by connections and by whose CPU time is counted."""
    costs = handover_of(program)
    shown, lines = [], []
    for mode, connections in costs.known():
        figures = [costs.cost(mode, connections, metric) for metric in (SERVER, TOTAL)]
        shown += figures
        lines.append([mode, str(connections), *(figure.text(1) for figure in figures),
                      str(figures[1].count), str(costs.starved(mode, connections))])
    paths = ", ".join(f"`{path}`" for path in costs.paths)
    note = paragraph(
        "CPU time of a connection in a mode less that in `direct`, within a round. Requests are "
        "empty and have a connection each, with 4 workers. Median "
        f"({confidence_text(shown)} interval), in µs ({paths}). The last column counts rounds that "
        "warn of `buffers_starved`.")
    return note + "\n\n" + table(["mode", "connections", "server", "client and server", "rounds",
                                  "short of buffers"], lines) + "\n\n" + limited_note(costs)


def limited_note(costs):
    """Whether the client's limit in `direct` makes a hand-over look dearer."""
    mode = costs.known()[0][0]
    sentences = []
    for connections in sorted({connections for _, connections in costs.known()}):
        count = costs.limited_by_client("direct", connections)
        rest = costs.cost_without_limited(mode, connections, TOTAL)
        sentences.append(f"With {connections} connections the client was the limit in {count} "
                         "rounds of `direct`.")
        if rest:
            sentences.append(f"Without its rounds `{mode}` costs {rest.text(1)}, client and "
                             f"server, in {rest.count} rounds.")
    return paragraph(" ".join(sentences))


def handover_share(program):
    """After how many requests of a connection its hand-over no longer matters."""
    growth, costs = growth_of(program), handover_of(program)
    lines = []
    for mode in ("cluster", "socket"):
        cost = costs.cost(mode, 8, TOTAL)
        if not cost:
            continue
        texts = []
        for size in COMMON_SIZES:
            request = metric_of(growth.report.find(mode, size, True), TOTAL)
            least, most = requests_below_a_percent(cost, request)
            texts.append(f"{least} to {most}" if least < most else str(least))
        lines.append([mode, *texts])
    note = paragraph(
        "Requests of one connection until its hand-over is below 1 % of their CPU time, client and "
        "server together. 8 connections, by the ends of both intervals.")
    return note + "\n\n" + table(["mode", *map(size_text, COMMON_SIZES)], lines)


def buffers(program):
    """CPU time by kind of buffers, by that with registered ones."""
    growth = growth_of(program)
    shown, lines = [], []
    for size in COMMON_SIZES:
        figures = [growth.ratio(f"cluster {kind}", "cluster", size, reuse)
                   for reuse in (False, True) for kind in ("provided", "plain")]
        shown += figures
        lines.append([size_text(size), *map(short_text, figures)])
    note = paragraph(
        "Server CPU time of a request of `cluster`, by that with `--buffers registered`. Median of "
        f"the ratios within a round {interval_note(shown)}")
    return note + "\n\n" + table(["body", "provided, no reuse", "plain, no reuse",
                                  "provided, reuse", "plain, reuse"], lines)


PARTS = {"relays": relays, "handover": handover, "handover-share": handover_share,
         "buffers": buffers}
