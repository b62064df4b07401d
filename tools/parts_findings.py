"""README's findings: a statement each, with its interval and the rows that it rests on."""
import textwrap

from parts_costs import (FEW, KIB, MANY, MIB, RELAYS, SIZES, TOTAL, costs_of,
                         requests_below_a_percent)
from parts_kernels import change_text, counts_of
from parts_study import machine_text, sessions_text
from peers_cells import CELLS
from peers_figures import CONNECTIONS
from peers_summary import measured
from report_json import WIDTH, paragraph, size_text
from rows import Failure, short_release

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


def told(figure, digits):
    """Its text, with a mark where it is of one session alone."""
    alone = len(getattr(figure, "known", [None, None])) == 1
    return figure.text(digits) + ("¹" if alone else "")


def side_of(figure):
    """Whether a ratio is shown to be below 1, above it, or neither."""
    return "below" if figure.high < 1 else "above" if figure.low > 1 else "neither"


def handover_finding(program):
    costs = costs_of(program)
    few = sure(costs.handover("cluster", FEW), "the cost of a hand-over")
    many = sure(measured(program).handover("cluster"), "the cost of a hand-over")
    request = sure(costs.request("cluster", 64 * KIB, True), "a request of 64 KiB")
    least, most = requests_below_a_percent(few, request)
    text = ("**A hand-over is paid once a connection.** With `cluster` it takes "
            f"{told(few, 1)} µs of CPU with {FEW} connections ({COSTS}). After {least} to {most} "
            "requests of 64 KiB that is below 1 % of their CPU. ")
    if many.low <= 0:
        return text + f"With {MANY} connections no cost is shown: {told(many, 1)} µs."
    return text + f"With {MANY} connections it takes {told(many, 1)} µs."


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
            f"{told(small, 2)} times ({MODES}).")


def direct_finding(program):
    costs = costs_of(program)
    few, many = (sure(costs.without_master(False, connections), "direct beside cluster")
                 for connections in (FEW, MANY))
    kept = sure(costs.without_master(True, FEW), "direct with reuse")
    large = sure(costs.ratio("direct", "cluster", MIB, True), "direct at 1 MiB")
    text = ("**Have no master where connections are short and alike.** With `direct` an empty "
            f"request on a connection of its own takes {told(few, 2)} times the CPU of `cluster` "
            f"({COSTS}). With {MANY} connections it takes {told(many, 2)} times. ")
    if {side_of(kept), side_of(large)} == {"neither"}:
        text += "On kept connections no difference is shown. "
    else:
        text += (f"On kept ones it takes {told(kept, 2)} times, and {told(large, 2)} at 1 MiB "
                 f"({MODES}). ")
    return text + ("A master places better under uneven load "
                   "([skew](docs/verdicts.md#no-master-but-a-choice)).")


def best_relay_by_size(costs, reuse):
    """By body: the relays that are shown to need less than copies, and those that need more."""
    found = {}
    for size in SIZES:
        sides = {relay: side_of(figure) for relay in RELAYS
                 if (figure := costs.ratio(f"passthru {relay}", "passthru copy", size, reuse))
                 and figure.low is not None}
        if sides:
            found[size] = sides
    return found


def relay_finding(program):
    costs = costs_of(program)
    sides = best_relay_by_size(costs, True)
    splice = [size for size, found in sides.items() if found.get("sync") == "below"]
    copy = [size for size, found in sides.items() if found.get("sync") == "above"]
    parts = []
    if splice:
        parts.append(f"from {size_text(min(splice))} on `--relay sync`, which takes "
                     + sure(costs.ratio("passthru sync", "passthru copy", MIB, True),
                            "sync at 1 MiB").text(2) + " times the CPU of copies at 1 MiB")
    if copy:
        parts.append(f"up to {size_text(max(copy))} `--relay copy`")
    relay = ", and ".join(parts) or "no relay is shown to need less than another"
    kinds = {kind: sure(costs.by_buffers("socket", kind, "registered", MIB, True),
                        f"buffers {kind}") for kind in KINDS[1:]}
    buffers = " and ".join(f"`{kind}` buffers take {figure.text(2)}"
                           for kind, figure in kinds.items())
    return (f"**Relay and buffers.** On kept connections choose {relay} ({PROXY}). At 1 MiB "
            f"{buffers} times the CPU of `registered` ones in `socket` ({BUFFERS}).")


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
    return (f"**Newer kernels execute more.** From Linux {old} to {new} the instructions of an "
            f"empty request of `cluster` change by {alone} %, and by {kept} % on a kept connection "
            "([counts](results/README.md#the-count-sweep), [why](docs/findings.md)). One compiler "
            f"built both kernels{', with other options.' if len(options) > 1 else '.'}")


def found(program):
    """What the committed rows show, and of which machine it is."""
    sentences = [textwrap.fill(finding(program), WIDTH, initial_indent="- ",
                               subsequent_indent="  ", break_long_words=False,
                               break_on_hyphens=False)
                 for finding in (handover_finding, proxy_finding, direct_finding, relay_finding,
                                 kernel_finding)]
    costs = costs_of(program)
    ones = " ¹ By one session." if any("¹" in sentence for sentence in sentences) else ""
    note = paragraph(
        f"Times are of {machine_text(costs.first)}, {sessions_text(costs.rows)}. CPU is of client "
        "and server together. In parentheses is the interval of 93 % or more, which holds the "
        f"median of each session.{ones}")
    return "\n".join(sentences) + "\n\n" + note


PARTS = {"found": found}
