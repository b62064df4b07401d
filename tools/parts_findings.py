"""README's findings: a sentence each, with its interval and the rows that it rests on."""
import textwrap

from parts_costs import (KIB, MIB, TOTAL, growth_of, handover_of, requests_below_a_percent)
from parts_kernels import change_text, counts_of
from parts_study import machine_text, study_of
from report_json import WIDTH, metric_of, paragraph, size_text
from rows import Failure, short_release


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
    limited = costs.limited_by_client("direct", 64)
    but = ""
    if limited:
        but = f", where the client was the limit in {limited} of {many.count} rounds"
    return (f"Handing over a connection (`cluster`) costs {few.text(0)} µs of CPU with 8 "
            f"connections ({growth_rows}). After {least} to {most} requests of 64 KiB that is "
            f"below 1 %. Another run had 64 connections and gave {many.text(0)} µs "
            f"({handover_rows}){but}.")


def proxy_finding(program):
    growth = growth_of(program)
    splice, copy, reused = (
        sure(growth.ratio(f"passthru {relay}", "socket", MIB, reuse, TOTAL), "what proxying costs")
        for relay, reuse in (("sync", False), ("copy", False), ("sync", True)))
    text = (f"Without reuse, proxying 1 MiB by splices (`sync`) takes {splice.text(1)} times the "
            f"CPU of `socket` ({link(growth.path)}). Copies take {copy.text(1)} times.")
    if reused.holds(1):
        return text + f" With reuse these rounds do not tell: {reused.text(1)} for splices."
    return text + f" With reuse splices take {reused.text(1)} times."


def crossing_finding(program):
    growth = growth_of(program)
    ends = [growth.splice_sizes("sync", reuse, TOTAL) for reuse in (False, True)]
    if not all(first for _, first in ends):
        return f"Splicing is not shown to need less CPU than copying ({link(growth.path)})."
    splices = max(first for _, first in ends)
    copies = max((last for last, _ in ends if last), default=None)
    shown = [size_text(size) for size in (splices, MIB) if size <= MIB]
    text = (f"At {' and '.join(dict.fromkeys(shown))} splices (`sync`) need less CPU than copies "
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
    reused = sure(growth.ratio("direct", "cluster", 0, True, TOTAL), "direct with reuse")
    growth_rows, handover_rows = map(link, costs.paths)
    text = (f"Without a master (`direct`) an empty request takes {few.text(2)} times the CPU of "
            f"`cluster` ({growth_rows}). With 64 connections instead of 8 it takes {many.text(2)} "
            f"times ({handover_rows}). With reuse and 8 it takes {reused.text(2)} times. ")
    if large.holds(1):
        return text + "At 1 MiB no difference is shown."
    return text + f"At 1 MiB it takes {large.text(2)} times."


def kernel_finding(program):
    counts = counts_of(program, ((0, False), (0, True)))
    kernels = counts.of_one_compiler()
    if len(kernels) < 2:
        raise Failure("what was found: no two kernels are by one compiler")
    pair = kernels[0], kernels[-1]
    rows = link("results/README.md#the-count-sweep")
    alone, kept = (change_text(*(counts.count("cluster", (0, reuse), kernel) for kernel in pair))
                   for reuse in (False, True))
    old, new = map(short_release, pair)
    options = [counts.options_of(kernel) for kernel in pair]
    return (f"From Linux {old} to {new} the instructions of an empty request "
            f"of `cluster` change by {alone} % ({rows}). On a kept connection they "
            f"change by {kept} %. QEMU counted client and server. One compiler built both kernels"
            f"{', with other options.' if len(set(map(str, options))) > 1 else '.'}")


def found(program):
    """What the committed rows show, and of which machine it is."""
    sentences = [textwrap.fill(finding(program), WIDTH, initial_indent="- ",
                               subsequent_indent="  ", break_long_words=False,
                               break_on_hyphens=False)
                 for finding in (handover_finding, proxy_finding, crossing_finding, direct_finding,
                                 kernel_finding)]
    first = growth_of(program).first
    other = ""
    if first["machine"] != study_of(program).rows[0]["machine"]:
        other = " That is another machine than the tables'."
    note = paragraph(
        f"Times are of {machine_text(first)}.{other} CPU is of client and server together. Where "
        "nothing else is said, a request has a connection of its own.")
    return "\n".join(sentences) + "\n\n" + note


PARTS = {"found": found}
