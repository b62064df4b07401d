"""README's findings: a statement each, with its interval and the rows that it rests on."""
import textwrap

from parts_costs import (FEW, KIB, MANY, MIB, SIZES, TOTAL, costs_of,
                         requests_below_a_percent)
from parts_data_path import placed
from parts_kernels import change_text, counts_of
from parts_study import machine_text, sessions_text
from peers_cells import CELLS
from peers_figures import CONNECTIONS
from peers_summary import measured
from report_json import WIDTH, paragraph, size_text
from rows import Failure, short_release
from sessions import MARKS

COSTS = "[tables](docs/results.md#what-a-hand-over-costs)"
PROXY = "[tables](docs/results.md#what-proxying-costs)"
MODES = "[tables](docs/results.md#modes-by-body)"
BUFFERS = "[tables](docs/results.md#kinds-of-buffers)"
PEERS = "[tables](docs/peers.md)"
KINDS = ["registered", "plain", "provided"]


def sure(figure, what):
    """A finding without an interval is none."""
    if figure is None or not figure.has_interval:
        raise Failure(f"what was found: too few rounds for {what} (measure more of them)")
    return figure


def side_of(figure):
    """Whether a ratio is shown to be below 1, above it, or neither."""
    return "below" if figure.high < 1 else "above" if figure.low > 1 else "neither"


def handover_finding(program):
    costs = costs_of(program)
    few, many = (sure(costs.handover("cluster", connections), "the cost of a hand-over")
                 for connections in (FEW, MANY))
    beside = sure(measured(program).handover("cluster"), "the cost of a hand-over")
    request = sure(costs.request("cluster", 64 * KIB, True), "a request of 64 KiB")
    least, most = requests_below_a_percent(few, request)
    return ("**A hand-over is paid once a connection.** With `cluster` it takes "
            f"{few.text(1)} µs of CPU with {FEW} connections ({COSTS}). After {least} to {most} "
            "requests of 64 KiB that is below 1 % of their CPU. With 64 connections it takes "
            f"{many.text(1)} µs by these runs, and {beside.text(1)} µs beside other servers "
            f"({PEERS}).")


def proxy_finding(program):
    """When to proxy: what it takes more than a hand-over, by the dearest and cheapest cell."""
    figures = measured(program)
    found = {}
    for client in figures.clients:
        for cell in CELLS:
            relay = figures.best_relay(client, cell)
            ratio = figures.ratio(relay, "socket", client, CONNECTIONS, cell, TOTAL).figure
            if ratio and ratio.low is not None:
                found[client, cell] = ratio
    small = sure(costs_of(program).ratio("passthru copy", "socket", 64 * KIB, True),
                 "what a proxy takes at 64 KiB")
    if not found:
        raise Failure("what was found: too few rounds for what proxying takes (tools/peers)")
    least = min(found.values(), key=lambda figure: figure.median)
    most = max(found.values(), key=lambda figure: figure.median)
    return ("**Proxy only where requests of one connection must go to different workers.** "
            f"`passthru` takes {least.text(2)} to {most.text(2)} times the CPU of `socket` at 1 "
            f"and 10 MB, by client and reuse ({PEERS}). At 64 KiB on kept connections it takes "
            f"{small.text(2)} times ({MODES}).")


def direct_finding(program):
    costs = costs_of(program)
    few, many = (sure(costs.without_master(False, connections), "direct beside cluster")
                 for connections in (FEW, MANY))
    kept = sure(costs.ratio("direct", "cluster", 64 * KIB, True), "direct with reuse")
    large = sure(costs.ratio("direct", "cluster", MIB, True), "direct at 1 MiB")
    ratio, low, high = placed("cluster:least", "p99 µs", 64)
    return ("**Have no master where few connections are short and alike.** With `direct` an empty "
            f"request on a connection of its own takes {few.text(2)} times the CPU of `cluster` "
            f"with {FEW} connections, and {many.text(2)} times with {MANY} ({COSTS}). On {FEW} "
            f"kept ones it takes {kept.text(2)} times at 64 KiB and {large.text(2)} at 1 MiB "
            f"({MODES}). Under uneven load no master is shown to place better. With 64 connections "
            f"that are not kept `direct:least` has {ratio:.2f} ({low:.2f} to {high:.2f}) times the "
            "p99 of `cluster:least` ([skew](docs/verdicts.md#no-master-but-a-choice)).")


def splice_sizes(costs, connections):
    """Bodies at which `sync` is shown to need less than copies, on kept connections."""
    found = {size: costs.ratio("passthru sync", "passthru copy", size, True, connections)
             for size in SIZES}
    return {size for size, figure in found.items()
            if figure and figure.has_interval and side_of(figure) == "below"}


def relay_finding(program):
    costs = costs_of(program)
    both = splice_sizes(costs, FEW) & splice_sizes(costs, MANY)
    relay = "no relay is shown to need less CPU than another"
    if both:
        figure = sure(costs.ratio("passthru sync", "passthru copy", MIB, True), "sync at 1 MiB")
        relay = (f"`--relay sync` takes less CPU than copies from {size_text(min(both))} on, and "
                 f"{figure.text(2)} times at 1 MiB")
    kinds = {kind: sure(costs.by_buffers("socket", kind, "registered", MIB, True),
                        f"buffers {kind}") for kind in KINDS[1:]}
    buffers = " and ".join(f"`{kind}` buffers take {figure.text(2)}"
                           for kind, figure in kinds.items())
    return (f"**Relay and buffers.** On kept connections {relay} ({PROXY}). At 1 MiB {buffers} "
            f"times the CPU of `registered` ones in `socket` ({BUFFERS}).")


def unchanged_since(counts, kernels):
    """The oldest kernel of which neither count is told from the newest's; None for none."""
    def holds(kernel, reuse):
        before, after = (counts.count("cluster", (0, reuse), one) for one in (kernel, kernels[-1]))
        return after.low <= before.high and after.high >= before.low
    return next((kernel for kernel in kernels[:-1] if holds(kernel, False) and holds(kernel, True)),
                None)


def kernel_finding(program):
    counts = counts_of(program, ((0, False), (0, True)))
    kernels = counts.of_one_compiler()
    if len(kernels) < 2:
        raise Failure("what was found: no two kernels are by one compiler")
    pair = kernels[0], kernels[-1]
    alone, kept = (change_text(*(counts.count("cluster", (0, reuse), kernel) for kernel in pair))
                   for reuse in (False, True))
    old, new = map(short_release, pair)
    options = {str(counts.options_of(kernel)) for kernel in pair}
    same = unchanged_since(counts, kernels)
    rest = f" From {short_release(same)} to {new} no change is shown." if same else ""
    return (f"**Newer kernels execute more.** From Linux {old} to {new} the instructions of an "
            f"empty request of `cluster` change by {alone} %, and by {kept} % on a kept connection "
            "([counts](results/README.md#the-count-sweep), [why](docs/findings.md)). One compiler "
            f"built both kernels{', with other options.' if len(options) > 1 else '.'}{rest}")


def found(program):
    """What the committed rows show, and of which machine it is."""
    sentences = [textwrap.fill(finding(program), WIDTH, initial_indent="- ",
                               subsequent_indent="  ", break_long_words=False,
                               break_on_hyphens=False)
                 for finding in (handover_finding, proxy_finding, direct_finding, relay_finding,
                                 kernel_finding)]
    costs = costs_of(program)
    note = paragraph(
        f"Times are of {machine_text(costs.first)}, by {sessions_text(costs.rows)}, and "
        f"beside other servers {sessions_text(measured(program).sessions.rows)}. CPU is of client "
        "and server together. In parentheses is the interval of 93 % or more, which holds the "
        f"median of each session. {MARKS}")
    return "\n".join(sentences) + "\n\n" + note


PARTS = {"found": found}
