"""README's findings: a sentence each, with its interval and the rows that it rests on."""
import textwrap

from parts_costs import (KIB, MIB, TOTAL, growth_of, handover_of, requests_below_a_percent)
from parts_kernels import counts_of, short_release
from parts_study import machine_text
from report_json import WIDTH, metric_of, paragraph, size_text
from rows import Failure


def link(path):
    return f"[rows]({path})"


def sure(figure, what):
    """A finding without an interval is none."""
    if figure is None or not figure.is_sure:
        raise Failure(f"what was found: too few rounds for {what} (measure more of them)")
    return figure


def handover_finding(program):
    costs, growth = handover_of(program), growth_of(program)
    few, many = (sure(costs.cost("cluster", connections, TOTAL), "the cost of a hand-over")
                 for connections in (8, 64))
    request = metric_of(growth.report.find("cluster", 64 * KIB, True), TOTAL)
    least, most = requests_below_a_percent(few, request)
    growth_rows, handover_rows = map(link, costs.paths)
    return (f"Handing over a connection costs {few.text(0)} µs of CPU with 8 connections "
            f"({growth_rows}). With 64 it costs {many.text(0)} µs ({handover_rows}). After "
            f"{least} to {most} requests of 64 KiB the first is below 1 %.")


def proxy_finding(program):
    growth = growth_of(program)
    splice, copy, reused = (
        sure(growth.ratio(f"passthru {relay}", "socket", MIB, reuse, TOTAL), "what proxying costs")
        for relay, reuse in (("sync", False), ("copy", False), ("sync", True)))
    text = (f"Proxying 1 MiB by splices (`sync`) takes {splice.text(1)} times the CPU of handing "
            f"over ({link(growth.path)}). Copies take {copy.text(1)} times.")
    if reused.holds(1):
        return text + " With reuse no difference is shown for splices."
    return text + f" With reuse splices take {reused.text(1)} times."


def crossing_finding(program):
    growth = growth_of(program)
    ends = [growth.splice_sizes("sync", reuse, TOTAL) for reuse in (False, True)]
    if not all(first for _, first in ends):
        return f"Splicing is not shown to need less CPU than copying ({link(growth.path)})."
    splices = max(first for _, first in ends)
    copies = max((last for last, _ in ends if last), default=None)
    text = (f"From {size_text(splices)} on splices (`sync`) need less CPU than copies "
            f"({link(growth.path)}).")
    if copies:
        return f"{text} Up to {size_text(copies)} copies need less."
    below = max(size for size in growth.sizes if size < splices)
    return f"{text} Up to {size_text(below)} neither is shown to need less."


def direct_finding(program):
    costs, growth = handover_of(program), growth_of(program)
    few, many = (sure(costs.ratio("direct", "cluster", connections, TOTAL),
                      "direct beside cluster") for connections in (8, 64))
    large = sure(growth.ratio("direct", "cluster", MIB, False, TOTAL), "direct at 1 MiB")
    growth_rows, handover_rows = map(link, costs.paths)
    text = (f"Without a master (`direct`) an empty request takes {few.text(2)} times the CPU of "
            f"`cluster` ({growth_rows}). With 64 connections instead of 8 it takes {many.text(2)} "
            f"times ({handover_rows}). ")
    if large.holds(1):
        return text + "At 1 MiB no difference is shown."
    return text + f"At 1 MiB it takes {large.text(2)} times."


def kernel_finding(program):
    counts = counts_of(program)
    pair = counts.same_compiler()
    if not pair:
        raise Failure("what was found: no two kernels are by one compiler")
    before, after = (counts.count("cluster", (0, False), kernel) for kernel in pair)
    ends = [100 * (after.low / before.high - 1), 100 * (after.high / before.low - 1)]
    rows = link("results/README.md#the-count-sweep")
    names = f"Debian's {short_release(pair[1])} and {short_release(pair[0])}"
    if ends[0] <= 0 <= ends[1]:
        return f"{names} need as many instructions for an empty request ({rows})."
    more = "more" if ends[0] > 0 else "fewer"
    return (f"An empty request of `cluster` takes {min(map(abs, ends)):.1f} to "
            f"{max(map(abs, ends)):.1f} % {more} instructions on {short_release(pair[1])} than on "
            f"{short_release(pair[0])} ({rows}). One compiler built both. Each "
            f"booted {before.count} times.")


def found(program):
    """What the committed rows show, and of which machine it is."""
    sentences = [textwrap.fill(finding(program), WIDTH, initial_indent="- ",
                               subsequent_indent="  ", break_long_words=False,
                               break_on_hyphens=False)
                 for finding in (handover_finding, proxy_finding, crossing_finding, direct_finding,
                                 kernel_finding)]
    note = paragraph(
        f"Times are of {machine_text(growth_of(program).first)}. CPU is of client and server "
        "together. Without reuse each request has a connection of its own.")
    return "\n".join(sentences) + "\n\n" + note


PARTS = {"found": found}
