"""Tables of docs/verdicts.md: what each thing of the newest API changes, within a round."""
import dataclasses
import functools
import importlib.machinery
import importlib.util
import os
import statistics

from report_json import Figure, Report, paragraph, table
from rows import Failure, as_rounds, guest_of, read_rows, short_release

FOLDER = "results/verdicts"
INSTRUCTIONS = "instructions_per_request"
COUNTS = (INSTRUCTIONS, "enters_per_request")
CPU = "cpu_us_per_request_total"
SERVER = "cpu_us_per_request_server"
CLIENT = "cpu_us_per_request_client"
HOST = "host_cpu_us_per_request"


@dataclasses.dataclass(frozen=True)
class Effect:
    """What `new` takes by what `base` takes, in rows of FOLDER. A side is a file and what its rows
    have in their columns; `where` is what both have."""

    what: str
    base: tuple
    new: tuple
    where: dict
    metric: str = INSTRUCTIONS
    whole_guest: bool = False  # with what other processes and kernel threads executed
    takes_foreign: bool = False  # work of kernel threads is what is measured


def of_file(name, **columns):
    return (f"{FOLDER}/{name}.csv", columns)


def in_one(name, base, new, **where):
    """Both sides are in one file and differ in these columns."""
    return {"base": of_file(name, **base), "new": of_file(name, **new), "where": where}


def before_and_after(name, what, metric=INSTRUCTIONS, **where):
    """The same cell by the program before and after a change."""
    begin, _, end = name.partition("@")
    return Effect(what, of_file(f"{begin}before{end}"), of_file(f"{begin}after{end}"), where,
                  metric)


def micro(base, new, name="sockmap", metric=INSTRUCTIONS, whole_guest=False):
    return {**in_one(name, {"mode": f"micro-{base}"}, {"mode": f"micro-{new}"}),
            "metric": metric, "whole_guest": whole_guest, "takes_foreign": metric == HOST}


def buffers(base, new, size, reuse, metric=INSTRUCTIONS, mode="socket", file="buffers"):
    """Two ways to receive, in rows of a guest or, by time, of the host."""
    return {**in_one(file, {"buffers": base}, {"buffers": new}, mode=mode,
                     body_bytes=str(size), reuse=reuse), "metric": metric}


WORDS = {"yes": "kept", "no": "no reuse"}  # by the column `reuse`
KIB, MIB = 1 << 10, 1 << 20
SIZES = ((0, "0 B"), (64 * KIB, "64 KiB"), (MIB, "1 MiB"))
EFFECTS = {
    "recv-registered": [
        Effect(f"`{mode}` {text}, {word}", of_file("buffers-read-fixed"),
               of_file("buffers", buffers="registered"),
               {"mode": mode, "body_bytes": str(size), "reuse": reuse})
        for mode in ("direct", "socket") for reuse, word in WORDS.items()
        for size, text in SIZES],
    "plain": [
        Effect(f"`{mode}` {text}, {WORDS[reuse]}",
               **buffers("registered", "plain", size, reuse, mode=mode))
        for mode in ("direct", "socket") for reuse in ("yes", "no")
        for size, text in SIZES],
    "plain-time": [
        Effect(f"{word} by `{base}`, `{mode}` {text}",
               **buffers(base, new, size, "yes", CPU, mode, "time"))
        for base, new, word in (("registered", "plain", "`plain`"),
                                ("plain", "provided", "`provided`"))
        for mode in ("cluster", "socket", "passthru") for size, text in SIZES
        if size or mode != "passthru"],
    "provided-inc": [
        Effect(f"`{mode}` {text}, {word}", **buffers("provided", "provided-inc", size, reuse,
                                                     mode=mode))
        for mode in ("direct", "socket") for reuse, word in WORDS.items()
        for size, text in SIZES],
    "bundles": [
        Effect(f"`direct` {text}", of_file("bundles", tool="0.1.0+f3e9adc6"),
               of_file("bundles", tool="0.1.0+f3e9adc6-dirty"), {"body_bytes": str(size)})
        for size, text in ((64 * KIB, "64 KiB"), (MIB, "1 MiB"))],
    "ring-loop": [
        Effect(f"{text}, {who}", **micro(f"loop-copy-{size}", f"bpf-copy-{size}", "ring-loop",
                                         whole_guest=whole))
        for size, text in (("4k", "4 KiB"), ("64k", "64 KiB"))
        for whole, who in ((False, "the process"), (True, "all"))],
    "sockmap": [
        Effect(f"{text}, by {way}, {who}", **micro(f"hop-{of}-{size}", f"hop-sockmap-{size}",
                                                   whole_guest=whole))
        for size, text in (("64k", "64 KiB"), ("1m", "1 MiB"))
        for of, way in (("sync", "splices"), ("copy", "copies"))
        for whole, who in ((False, "the process"), (True, "all"))],
    "sockmap-time": [
        Effect(f"{text}, by {way}", **micro(f"hop-{of}-{size}", f"hop-sockmap-{size}",
                                            "sockmap-time", HOST))
        for size, text in (("64k", "64 KiB"), ("1m", "1 MiB"))
        for of, way in (("sync", "splices"), ("copy", "copies"))],
    "pidfd": [
        Effect("a pull and a close, by a message with a descriptor",
               **micro("fd-pass-1", "pidfd-getfd", "pidfd-getfd")),
        Effect("a message without a descriptor, by one with",
               **micro("fd-pass-1", "fd-pass-0", "pidfd-getfd"))],
    "linked-time": [
        Effect(f"`{relay}` by `sync`, 64 KiB, {WORDS[reuse]}",
               **in_one("linked-time", {"relay": "sync"}, {"relay": relay}, reuse=reuse),
               metric=CPU)
        for relay in ("linked", "copy") for reuse in ("yes", "no")],
    "pidfd-time": [
        Effect("a pull and a close, by a message with a descriptor",
               **micro("fd-pass-1", "pidfd-getfd", "pidfd-time", HOST)),
        Effect("a message without a descriptor, by one with",
               **micro("fd-pass-1", "fd-pass-0", "pidfd-time", HOST))],
    "linked": [
        Effect(f"{connections} connections, {WORDS[reuse]}, {word}",
               **in_one(file, {"relay": "sync"}, {"relay": "linked"}, connections=connections,
                        reuse=reuse))
        for file, word, many, reuses in (("linked", "as built", ("4", "64", "256"), WORDS),
                                         ("linked-voluntary", "voluntary", ("64", "256"), ["no"]))
        for reuse in reuses for connections in many],
    "skip": [
        before_and_after(f"silent-{connections}-@",
                         f"`{mode}`, {connections} connections, {word}", metric, mode=mode,
                         reuse="no")
        for metric, word in (("enters_per_request", "calls"), (INSTRUCTIONS, "instructions"))
        for connections in ("4", "64") for mode in ("cluster", "socket", "direct", "msgring")],
    "poll-first": [before_and_after("poll-first-@", f"`{mode}`, {WORDS[reuse]}",
                                    mode=mode, reuse=reuse)
                   for mode in ("direct", "cluster") for reuse in ("yes", "no")],
    "small": [
        before_and_after(f"small-@-{connections}",
                         f"`{mode}`, {connections} connections, {WORDS[reuse]}", mode=mode,
                         reuse=reuse)
        for connections in ("4", "64") for mode in ("direct", "cluster", "socket", "msgring")
        for reuse in ("yes", "no")],
}


def matches(row, columns, takes_foreign):
    reasons = set(filter(None, row.get("disturbed", "").split(";")))
    if takes_foreign:
        reasons.discard("foreign")
    return row["status"] == "ok" and not reasons and all(
        row.get(name) == value for name, value in columns.items())


@functools.lru_cache(maxsize=None)
def rows_of(path):
    if not os.path.exists(path):
        raise Failure(f"{path}: there is none (docs/verdicts.md has its command)")
    return read_rows(path)


def side(effect, name, of):
    path, columns = of
    rows = [row for row in rows_of(path) if matches(row, {**effect.where, **columns},
                                                       effect.takes_foreign)]
    if not rows:
        raise Failure(f"{path}: no rows with {columns}, {effect.where}")
    if effect.whole_guest:
        rows = [{**row, INSTRUCTIONS: str(float(row[INSTRUCTIONS])
                                          + float(guest_of(row).get("others", 0)))}
                for row in rows]
    # What is kept is told as undisturbed, since `report` would leave it out.
    return [{**row, "side": name, "disturbed": ""} for row in rows]


# What may differ between two sides, and is then made equal, so that they are one cell but for it.
EQUAL = {"connections": "1", "policy": "", "url": "", "tool": "", "buffers": "", "buffers_used": "",
         "relay_used": ""}


def count_figures(sides, metric):
    """Boots are of no round: the medians' ratio, and the range over every two boots."""
    found = {}
    for kernel in dict.fromkeys(row["kernel"] for row in sides):
        base, new = ([float(row[metric]) for row in sides
                      if row["side"] == name and row["kernel"] == kernel and row[metric]]
                     for name in ("base", "new"))
        if base and new:
            several = min(len(base), len(new)) > 1
            found[kernel] = Figure(min(len(base), len(new)),
                                   statistics.median(new) / statistics.median(base),
                                   min(new) / max(base) if several else None,
                                   max(new) / min(base) if several else None)
    return found


def figures(program, effect):
    """By kernel, the newest last."""
    sides = side(effect, "base", effect.base) + side(effect, "new", effect.new)
    if effect.metric in COUNTS:
        return count_figures(sides, effect.metric)
    made = as_rounds(sides, lambda row: row["side"], **EQUAL)
    for row in made:
        del row["side"]
    report = Report.of_rows(program, made)
    found = {}
    for kernel in dict.fromkeys(row["kernel"] for row in sides):
        cells = [next((cell for cell in report.cells
                       if (cell["mode"], cell["kernel"]) == (name, kernel)), None)
                 for name in ("new", "base")]
        figure = report.between(*cells, effect.metric)
        if figure:
            found[kernel] = figure
    return found


def verdict(name, program):
    effects = EFFECTS[name]
    by_effect = [figures(program, effect) for effect in effects]
    kernels = list(dict.fromkeys(kernel for found in by_effect for kernel in found))
    lines = [[effect.what] + [found[kernel].short_text(2) if kernel in found else "–"
                              for kernel in kernels]
             for effect, found in zip(effects, by_effect)]
    counts = {figure.count for found in by_effect for figure in found.values()}
    files = sorted({path for effect in effects for path in (effect.base[0], effect.new[0])})
    many = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    how = f"{many} rounds each, in parentheses the interval"
    if effects[0].metric in COUNTS:
        how = ("one boot each" if counts == {1}
               else f"{many} boots each, in parentheses the range over every two")
    note = paragraph(f"New by old, {how}. Rows: "
                     + ", ".join(f"[{os.path.basename(path)}](../{path})" for path in files) + ".")
    return note + "\n\n" + table([""] + [short_release(kernel) for kernel in kernels], lines)


# A row of the first table: what, since, the table with its figure, which of its lines, and what
# follows.
OVERVIEW = [
    ("[RECV into registered buffers](#receives-into-registered-buffers)", "7.2",
     "recv-registered", "`socket` 1 MiB, kept", "kept, gains next to nothing"),
    ("[plain memory instead of registered](#plain-memory-instead-of-registered)", "5.6", "plain-time",
     "`plain` by `registered`, `socket` 1 MiB", "cheaper here, no default yet"),
    ("[provided buffers, filled to the end](#provided-buffers-filled-to-the-end)", "6.12",
     "provided-inc", "`socket` 64 KiB, kept", "rejected, stays an option"),
    ("[bundles](#bundles)", "6.10", "bundles", "`direct` 1 MiB", "rejected"),
    ("[no completion for a close](#no-completion-for-a-close)", "5.17", "skip",
     "`cluster`, 4 connections, calls", "kept, for the calls alone"),
    ("[a receive that polls first](#a-receive-that-polls-first)", "5.19", "poll-first",
     "`direct`, kept", "kept"),
    ("[a ring's loop in BPF](#a-rings-loop-in-bpf)", "7.1", "ring-loop",
     "4 KiB, the process", "rejected as a relay"),
    ("[a redirect by a sockmap](#a-redirect-by-a-sockmap)", "4.14", "sockmap",
     "1 MiB, by splices, all", "rejected: no back-pressure"),
    ("[a descriptor that is pulled](#a-descriptor-that-the-worker-pulls)", "5.6", "pidfd",
     "a message without a descriptor, by one with", "rejected: two such messages besides"),
    ("[io-wq's lock split, `linked`](#linked-splices-and-io-wq-before-and-after-615)", "6.15",
     "linked", "64 connections, no reuse, voluntary", "not judged: the guests have one CPU"),
]


def overview(program):
    lines = []
    for what, since, name, line, word in OVERVIEW:
        effect = next(effect for effect in EFFECTS[name] if effect.what == line)
        found = figures(program, effect)
        unit = ("calls" if effect.metric == "enters_per_request"
                else "instructions" if effect.metric == INSTRUCTIONS else "CPU time")
        texts = [f"{figure.short_text(2)} on {short_release(kernel)}"
                 for kernel, figure in (list(found.items())[:1] + list(found.items())[1:][-1:])]
        lines.append([what, since, f"{line}: {', '.join(texts)} ({unit})", word])
    return table(["what", "since", "effect", "verdict"], lines, left=4)


def load_skew_table():
    """tools/skew-table, which has the statistics of this table."""
    loader = importlib.machinery.SourceFileLoader("skew_table", "tools/skew-table")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("skew_table", loader))
    loader.exec_module(module)
    return module


SKEW_METRICS = ["p50 µs", "p99 µs", "p99.9 µs", "total CPU µs", "host CPU µs"]


def skew(_program):
    """`direct:least` by each other way, in rounds that nothing disturbed."""
    skew_table = load_skew_table()
    file = f"{FOLDER}/skew.csv"
    rows = skew_table.read_rows([file])
    kept = [row for row in rows if not row["disturbed"]]
    rates = sorted({int(float(row["rate_requested"])) for row in kept})
    lines = []
    for (connections, reuse), cells in skew_table.group(kept).items():
        for name, cell in cells.items():
            found = [skew_table.compare(cells["direct:least"], cell, skew_table.METRICS[metric])
                     for metric in SKEW_METRICS]
            if name == "direct:least" or found[0] is None:
                continue
            lines.append([f"{connections}, {WORDS[reuse]}",
                          f"`{name}`", str(found[0][-1])]
                         + [f"{ratio:.2f} ({low:.2f}–{high:.2f}), {p:.2g}" if count >= 5
                            else f"{ratio:.2f}" for ratio, low, high, p, count in found])
    note = paragraph(
        f"`direct:least` by each other way, within a round, with 4 workers. In parentheses is the "
        f"interval of 95 % (with five rounds, 93 %), then p of the signed ranks. Of fewer rounds "
        f"the ratio stands alone and decides nothing. {len(rows) - len(kept)} of {len(rows)} rows "
        f"were disturbed and are left out. Open loop of {rates[0]:,} requests/s without reuse and "
        f"{rates[-1]:,} with. Latencies are of the small requests. Rows: "
        f"[skew.csv](../{file}), by `tools/skew-table --measure`.")
    return note + "\n\n" + table(
        ["connections", "`direct:least` by", "rounds"]
        + [metric.removesuffix(" µs") for metric in SKEW_METRICS], lines, left=2)


def word_for(figure, most=None, least=None):
    """met, missed or undecided."""
    if not figure.is_sure:
        return "undecided"
    if most is not None:
        return "met" if figure.high <= most else "missed" if figure.low > most else "undecided"
    return "met" if figure.low >= least else "missed" if figure.high < least else "undecided"


def host_effect(what, base, new, metric, **where):
    return Effect(what, base, new, where, metric)


def path(program):
    lines = []
    for client, file in (("builtin", "study-builtin"), ("ab", "study-ab")):
        for body, text in ((10 * MIB, "10 MB"), (MIB, "1 MB")):
            for reuse, word in WORDS.items():
                where = {"client": client, "body_bytes": str(body), "reuse": reuse}
                both, server = (next(iter(figures(program, host_effect(
                    "", of_file(file, mode="cluster"), of_file(file, mode="socket"), metric,
                    **where)).values())) for metric in (CPU, SERVER))
                rows = [row for row in rows_of(f"{FOLDER}/{file}.csv")
                        if matches(row, where, False)]
                limited = sum(row["bottleneck"] == "client" for row in rows)
                lines.append([f"{text}, {word}", client, both.short_text(3),
                              word_for(both, 1.05), server.short_text(2), str(both.count),
                              f"{limited} of {len(rows)}"])
    note = paragraph("`socket` by `cluster`, CPU time. Asked for is at most 1.05 of client and "
                     "server together. Rows: " + ", ".join(
                         f"[{name}.csv](../{FOLDER}/{name}.csv)"
                         for name in ("study-builtin", "study-ab")) + ".")
    return note + "\n\n" + table(["cell", "client", "client and server", "result",
                                  "server alone", "rounds", "rows that the client limited"],
                                 lines, left=2)


def is_micro(row):
    return row["mode"].startswith("micro-")


def handover(program):
    """What `cluster` takes more than `direct`, with 64 connections, in passes of a descriptor."""
    rows = [row for row in rows_of(f"{FOLDER}/handover.csv")
            if row["status"] == "ok" and not row["disturbed"]]
    # An operation of `micro` has no seed to tell its rounds apart.
    closed = Report.of_rows(program, as_rounds([row for row in rows if not is_micro(row)])
                            + [row for row in rows if is_micro(row)])
    named = {cell["mode"]: cell for cell in closed.cells}
    one = Figure.of(named["micro-fd-pass-1"]["metrics"][CLIENT])
    skewed = [row for row in rows_of(f"{FOLDER}/skew.csv")
              if row["status"] == "ok" and not row["disturbed"]
              and (row["connections"], row["reuse"]) == ("64", "no")
              and (row["mode"], row["policy"]) in (("direct", "hash"), ("cluster", "least"))]
    opened = Report.of_rows(program, [{**row, "policy": ""} for row in skewed])
    of_open = {cell["mode"]: cell for cell in opened.cells}
    lines = []
    for word, report, cells, metric in (
            ("closed loop, client and server", closed, named, CPU),
            ("closed loop, server", closed, named, SERVER),
            ("open loop, client and server", opened, of_open, CPU),
            ("open loop, server", opened, of_open, SERVER)):
        cost = report.between(cells["cluster"], cells["direct"], metric, "difference")
        ratio = Figure(cost.count, cost.median / one.median,
                       cost.low / (one.high if cost.low > 0 else one.low),
                       cost.high / (one.low if cost.high > 0 else one.high), cost.confidence)
        lines.append([word, cost.text(1), ratio.text(2), word_for(ratio, 2), str(cost.count)])
    note = paragraph(
        f"`cluster` less `direct`, 64 connections, no reuse, by passes of a descriptor. A pass "
        f"takes {one.text(1)} µs (`micro fd-pass-1`). Asked for are at most 2. Rows: "
        f"[handover.csv](../{FOLDER}/handover.csv), [skew.csv](../{FOLDER}/skew.csv).")
    return note + "\n\n" + table(["", "µs", "passes", "result", "rounds"], lines)


def many(program):
    """`direct` with 10,000 connections by itself with 64, of two builds."""
    lines = []
    for name, word in (("many-before", "before"), ("many-after", "now")):
        for metric, text, least in (("requests_per_s", "requests/s", 0.8), (CPU, "CPU", None),
                                    (CLIENT, "CPU of the client", None),
                                    ("cpu_us_per_request_workers", "CPU of the workers", None)):
            effect = host_effect("", of_file(name, connections="64"),
                                 of_file(name, connections="10000"), metric)
            for figure in figures(program, effect).values():
                lines.append([f"{text}, {word}", figure.text(2), str(figure.count),
                              word_for(figure, least=least) if least else "–"])
    note = paragraph("`direct` with 10,000 connections by 64, kept, empty requests. Asked for are "
                     "at least 0.8 times the requests per second. Rows: " + ", ".join(
                         f"[{name}.csv](../{FOLDER}/{name}.csv)"
                         for name in ("many-before", "many-after")) + ".")
    return note + "\n\n" + table(["", "figure", "rounds", "result"], lines)


PARTS = {f"verdict-{name}": functools.partial(verdict, name) for name in EFFECTS}
PARTS |= {"verdict-overview": overview, "verdict-skew": skew, "verdict-path": path,
          "verdict-handover": handover, "verdict-many": many}
