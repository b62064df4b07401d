"""The guide to a mode: docs/choose.md's tables, and the figures that the page's form shows.

page/guide.json has the rules. The first whose conditions hold is taken. A rule names figures, and
the side of 1 (or of 0, of a cost) on which each has to be. A rule that rows contradict is an error.
"""
import functools
import json
import textwrap

from parts_costs import FEW, KIB, MANY, MIB, SIZES, costs_of, requests_below_a_percent
from parts_kernels import Counts, METRIC
from parts_study import machine_text, sessions_text
from peers_figures import CONNECTIONS, RATE, TOTAL
from peers_summary import measured
from report_json import WIDTH, metric_of, paragraph, size_text, table
from rows import Failure
from sessions import MARKS

RULES, FIGURES = "page/guide.json", "page/guide_figures.json"
TABLES = "docs/results.md"
KERNEL = "6.12.118"
PARTS_OF_ANSWER = {"mode": "Mode", "tls": "TLS", "relay": "Relay", "buffers": "Buffers"}
# An answer of a part that has only some modes, and who these are.
NEEDS_MODE = {"relay": "passthru"}
EXAMPLE = {"body": "middle", "requests": "many", "route": "any", "tls": "off", "kernel": "new"}


@functools.lru_cache(maxsize=1)
def rules():
    with open(RULES, encoding="utf-8") as file:
        return json.load(file)


def of_costs(first, second, body, reuse, connections=FEW, metric=TOTAL):
    return lambda program: costs_of(program).ratio(first, second, body, reuse, connections, metric)


def of_buffers(kind, body):
    return lambda program: costs_of(program).by_buffers("socket", kind, "registered", body, True)


def proxy_large(program):
    """By our client, 1 MB with reuse."""
    figures, cell = measured(program), (MIB, True)
    relay = figures.best_relay("builtin", cell)
    return figures.ratio(relay, "socket", "builtin", CONNECTIONS, cell, TOTAL).figure


def imbalance(program):
    costs = costs_of(program)
    return costs.sessions.metric(costs.cell("direct", 64 * KIB, True), "worker_imbalance")


def counted(first, second):
    """Instructions on an old kernel; the interval is the range over every two boots."""
    def look(program):
        counts = kernel_counts(program)
        kernel = next((one for one in counts.kernels if one.startswith(KERNEL)), None)
        found = [counts.report.find(name, 64 * KIB, True, kernel=kernel)
                 for name in (first, second)]
        figures = [metric_of(cell, METRIC) for cell in found]
        if not all(figures):
            return None
        one, other = figures
        return Range(one.median / other.median, one.low / other.high, one.high / other.low)
    return look


@functools.lru_cache(maxsize=1)
def kernel_counts(program):
    return Counts(program, ((64 * KIB, True),))


class Range:
    """Of counts: no interval, but what the boots gave."""

    def __init__(self, median, low, high):
        self.median, self.low, self.high = median, low, high

    def text(self, digits):
        if self.median is None:
            return f"{self.low:.{digits}f} to {self.high:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def share(program):
    """Requests until a hand-over is below 1 %."""
    costs = costs_of(program)
    cost = costs.handover("cluster", FEW)
    request = costs.request("cluster", 64 * KIB, True)
    if not cost or not request or cost.low is None or request.low is None:
        return None
    least, most = requests_below_a_percent(cost, request)
    return Range(None, least, most)


# A figure by its name: what it is, how to get it, digits, and where its table is.
KNOWN = {
    "handover": ("µs of CPU for the hand-over of a connection, `cluster`",
                 lambda program: costs_of(program).handover("cluster", FEW), 1,
                 f"{TABLES}#what-a-hand-over-costs"),
    "handover-share": ("requests of 64 KiB until a hand-over is below 1 % of their CPU", share, 0,
                       f"{TABLES}#what-a-hand-over-costs"),
    "direct-empty": ("`direct` by `cluster`, CPU, empty, no reuse",
                     of_costs("direct", "cluster", 0, False), 2, f"{TABLES}#modes-by-body"),
    "direct-empty-many": (f"the same with {MANY} connections",
                          of_costs("direct", "cluster", 0, False, MANY), 2,
                          f"{TABLES}#modes-by-body"),
    "direct-middle-many": (f"the same, requests/s, 64 KiB, {MANY} connections",
                           of_costs("direct", "cluster", 64 * KIB, False, MANY, metric=RATE), 2,
                           f"{TABLES}#modes-by-body"),
    "direct-kept": ("`direct` by `cluster`, CPU, 64 KiB, kept",
                    of_costs("direct", "cluster", 64 * KIB, True), 2,
                    f"{TABLES}#modes-by-body"),
    "direct-kept-rate": ("`direct` by `cluster`, requests/s, 64 KiB, kept",
                         of_costs("direct", "cluster", 64 * KIB, True, metric=RATE), 2,
                         f"{TABLES}#modes-by-body"),
    "direct-kept-p99": ("`direct` by `cluster`, p99 latency, 64 KiB, kept",
                        of_costs("direct", "cluster", 64 * KIB, True, metric="latency_us_p99"), 2,
                        f"{TABLES}#modes-by-body"),
    "imbalance": ("requests of the busiest worker of `direct` by the average, 64 KiB, kept",
                  imbalance, 1, f"{TABLES}#modes-by-body"),
    "socket-middle": ("`socket` by `cluster`, CPU, 64 KiB, kept",
                      of_costs("socket", "cluster", 64 * KIB, True), 2,
                      f"{TABLES}#modes-by-body"),
    "socket-large": ("`socket` by `cluster`, CPU, 1 MiB, no reuse",
                     of_costs("socket", "cluster", MIB, False), 2,
                     f"{TABLES}#modes-by-body"),
    "proxy-middle": ("`passthru copy` by `socket`, CPU, 64 KiB, kept",
                     of_costs("passthru copy", "socket", 64 * KIB, True), 2,
                     f"{TABLES}#modes-by-body"),
    "proxy-large": ("the best relay by `socket`, CPU, 1 MiB, kept", proxy_large, 2,
                    "docs/peers.md"),
    "counts-direct": (f"`direct` by `cluster`, instructions on {KERNEL}, 64 KiB, kept",
                      counted("direct", "cluster"), 2, "results/README.md#the-count-sweep"),
    "counts-socket": (f"`socket` by `cluster`, instructions on {KERNEL}, 64 KiB, kept",
                      counted("socket", "cluster"), 2, "results/README.md#the-count-sweep"),
    **{f"{relay}-{size_text(size)}": (
        f"`{relay}` by `copy`, CPU, {size_text(size)}, kept",
        of_costs(f"passthru {relay}", "passthru copy", size, True), 2,
        f"{TABLES}#what-proxying-costs")
       for relay in ("sync", "linked") for size in SIZES},
    **{f"{kind}-{size_text(size)}": (
        f"`{kind}` by `registered`, `socket`, CPU, {size_text(size)}, kept",
        of_buffers(kind, size), 2, f"{TABLES}#kinds-of-buffers")
       for kind in ("plain", "provided") for size in (0, 64 * KIB, MIB)},
}


def figure_of(program, name, side):
    """Its text and the word for it. A rule that rows contradict is none."""
    what, look, digits, link = KNOWN[name]
    figure = look(program)
    if figure is None:
        return {"what": what, "figure": "not measured", "shown": "", "link": link}
    border = 0 if name == "handover" else 1
    is_known = figure.low is not None and getattr(figure, "has_interval", True)
    is_below, is_above = is_known and figure.high < border, is_known and figure.low > border
    if (side == "below" and is_above) or (side == "above" and is_below):
        raise Failure(f"{RULES}: a rule says that {name} is {side} {border}, and the rows say "
                      f"{figure.text(digits)} (mend the rule)")
    shown = "" if not side else "shown" if is_below or is_above else "not shown"
    return {"what": what, "figure": figure.text(digits), "shown": shown, "link": link}


@functools.lru_cache(maxsize=1)
def figures_of(program):
    """All that the rules name, in their order."""
    found = {}
    for part in PARTS_OF_ANSWER:
        for rule in rules()["rules"][part]:
            for name, side in rule["figures"]:
                found[name] = figure_of(program, name, side)
    return found


def first_rule(part, answers):
    return next(rule for rule in rules()["rules"][part]
                if all(answers[name] in values for name, values in rule["when"].items()))


def part_table(part):
    """The rules of a part by what they ask for, and the figures that they name."""
    def make(program):
        questions = rules()["questions"]
        lines = []
        for rule in rules()["rules"][part]:
            asked = []
            for question in questions:
                wanted = rule["when"].get(question["name"])
                asked.append(" or ".join(answer["if"] for answer in question["answers"]
                                         if answer["value"] in wanted) if wanted else "")
            lines.append([*asked, f"`{rule['take']}`", rule["why"]])
        head = [*(question["short"] for question in questions), "take", "why"]
        figures = [figure_item(program, name, f"`{rule['take']}`: ")
                   for rule in rules()["rules"][part] for name, _ in rule["figures"]]
        return "\n\n".join(filter(None, [table(head, lines, left=len(head)),
                                         "\n".join(figures)]))
    return make


def figure_item(program, name, before=""):
    """A figure as a line of a list."""
    found = figures_of(program)[name]
    shown = f", {found['shown']}" if found["shown"] else ""
    return item(f"{before}{found['what']}: {found['figure']}{shown} ([table](../{found['link']}))")


def item(text):
    """A line of a list."""
    return textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ",
                         break_long_words=False, break_on_hyphens=False)


def limits(program):
    costs = costs_of(program)
    lines = [*rules()["limits"],
             f"Machine and sessions: {machine_text(costs.first)}, {sessions_text(costs.rows)}.",
             MARKS]
    return "\n".join(map(item, lines))


def example(program):
    """Of one case, the whole answer."""
    parts, mode = [], first_rule("mode", EXAMPLE)["take"]
    for part, title in PARTS_OF_ANSWER.items():
        rule = first_rule(part, EXAMPLE)
        if NEEDS_MODE.get(part, mode) != mode:
            continue
        lines = [figure_item(program, name) for name, _ in rule["figures"]]
        parts.append(paragraph(f"**{title}: `{rule['take']}`.** {rule['why']}"))
        if lines:
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def page_figures(program):
    """The text of page/guide_figures.json."""
    return json.dumps(figures_of(program), indent=1, ensure_ascii=False) + "\n"


PARTS = {"choose-mode": part_table("mode"), "choose-tls": part_table("tls"),
         "choose-relay": part_table("relay"),
         "choose-buffers": part_table("buffers"), "choose-limits": limits,
         "choose-example": example}
FILES = {FIGURES: page_figures}
