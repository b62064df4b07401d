"""README's findings: a statement each, with its interval and the rows that it rests on."""
import textwrap

from parts_costs import (FEW, KIB, MANY, MIB, SERVER, SIZES, TOTAL, costs_of,
                         requests_below_a_percent)
from parts_data_path import placed
from parts_kernels import change_text, counts_of
from parts_study import machine_text, sessions_text
from parts_tls import medians_of
from peers_cells import CELLS
from peers_figures import CONNECTIONS, RATE
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


def tls_finding(_program):
    """What TLS by the kernel and by name execute, by TLS in the worker."""
    with_aes, without = (medians_of(cpu, "1048576", "yes") for cpu in ("with", "without"))
    name, kernel, slow = (with_aes[1] / with_aes[0], with_aes[2] / with_aes[0],
                          without[2] / without[0])
    return ("**TLS forbids no hand-over.** By counts on 6.12.118, `socket` with TLS by the kernel "
            f"executes {kernel:.2f} times what `cluster` with TLS in the worker does, at 1 MiB on "
            f"kept connections ([tables](docs/tls.md#instructions-of-a-request)). That is of a CPU "
            f"model with AES instructions, and {slow:.2f} of one without. Where the master looks "
            f"at the ClientHello alone it is {name:.2f}.")


def count_text(commits):
    return "one commit" if len(commits) == 1 else f"{len(commits)} commits"


def side_of(figure):
    """Whether a ratio is shown to be below 1, above it, or neither."""
    return "below" if figure.high < 1 else "above" if figure.low > 1 else "neither"


def handover_finding(program):
    costs = costs_of(program)
    few, many, many_server = (
        sure(costs.handover("cluster", connections, metric), "the cost of a hand-over")
        for connections, metric in ((FEW, TOTAL), (MANY, TOTAL), (MANY, SERVER)))
    request = sure(costs.request("cluster", 64 * KIB, True), "a request of 64 KiB")
    least, most = requests_below_a_percent(few, request)
    return ("**A hand-over is paid once a connection.** With `cluster` it takes "
            f"{few.text(1)} µs of CPU with {FEW} connections ({COSTS}). After {least} to {most} "
            "requests of 64 KiB that is below 1 % of their CPU. With "
            f"{MANY} connections the server takes {many_server.text(1)} µs more than that of "
            f"`direct`, and client and server together {many.text(1)}. Why the client takes less "
            "was not traced.")


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
            f"With its best relay `passthru` takes {least.text(2)} to {most.text(2)} times the CPU "
            f"of `socket` at 1 and 10 MB, by client and reuse ({PEERS}). With `--relay copy` it "
            f"takes {small.text(2)} times at 64 KiB on kept connections ({MODES}).")


def direct_finding(program):
    costs = costs_of(program)
    few, many = (sure(costs.ratio("direct", "cluster", 0, False, connections),
                      "direct beside cluster") for connections in (FEW, MANY))
    rate = sure(costs.ratio("direct", "cluster", 64 * KIB, False, MANY, RATE),
                "the rate of direct")
    kept = sure(costs.ratio("direct", "cluster", 64 * KIB, True), "direct with reuse")
    large = sure(costs.ratio("direct", "cluster", MIB, True), "direct at 1 MiB")
    better, worse = (f"{ratio:.2f} ({low:.2f} to {high:.2f})¹" for ratio, low, high in (
        placed("cluster:least", "p99 µs", 64), placed("msgring:least", "p99 µs", 16)))
    return ("**Have no master where few connections are short and alike.** With `direct` an empty "
            f"request on a connection of its own takes {few.text(2)} times the CPU of `cluster` "
            f"with {FEW} connections, and {many.text(2)} times with {MANY}. With {MANY} and 64 KiB "
            f"it serves {rate.text(2)} times the requests/s. On {FEW} kept ones it takes "
            f"{kept.text(2)} times the CPU at 64 KiB and {large.text(2)} at 1 MiB ({MODES}). Under "
            f"uneven load either may place better. Of small requests `direct:least` has {better} "
            f"times the p99 of `cluster:least` with 64 connections that are not kept. With 16 it "
            f"has {worse} times that of `msgring:least` "
            "([skew](docs/verdicts.md#no-master-but-a-choice)).")


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
            f"built both kernels{', with other options.' if len(options) > 1 else '.'} With bodies "
            "the counts are copies, of an old CPU model, and change by other steps.")


def found(program):
    """What the committed rows show, and of which machine it is."""
    sentences = [textwrap.fill(finding(program), WIDTH, initial_indent="- ",
                               subsequent_indent="  ", break_long_words=False,
                               break_on_hyphens=False)
                 for finding in (handover_finding, proxy_finding, direct_finding, relay_finding,
                                 tls_finding, kernel_finding)]
    costs = costs_of(program)
    commits = {row["tool"] for rows in (*costs.rows.values(),
                                        *measured(program).sessions.rows.values()) for row in rows}
    note = paragraph(
        f"Times are of {machine_text(costs.first)}. Costs are by up to "
        f"{sessions_text(costs.rows)}. Beside other servers it is "
        f"{sessions_text(measured(program).sessions.rows)}. They are of {count_text(commits)} of "
        "this program, so sessions may differ by that as well. CPU is of "
        "client and server together. In parentheses is the interval of 93 % or more, which holds "
        "the median of each session. It is of these rounds, and no forecast of another session. "
        f"{MARKS}")
    return "\n".join(sentences) + "\n\n" + note


PARTS = {"found": found}
