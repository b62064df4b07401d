"""Tables of docs/verdicts.md: what each thing of the newest API changes, within a round."""
import dataclasses
import functools
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
    "plain-time-2": [
        Effect(f"{word}, `{mode}` {text}, {WORDS[reuse]}, {connections}",
               **in_one("time-2", {"buffers": base}, {"buffers": new}, mode=mode,
                        body_bytes=str(size), reuse=reuse, connections=connections), metric=CPU)
        for base, new, word, cells in (
            ("registered", "plain", "`plain` by `registered`",
             [(mode, reuse, size, "4") for mode in ("cluster", "socket", "direct")
              for reuse in WORDS for size in SIZES]
             + [(mode, reuse, size, "64") for mode in ("cluster", "direct") for reuse in WORDS
                for size in SIZES[:2]]
             + [("passthru", "yes", size, "4") for size in ((4 * KIB, "4 KiB"), *SIZES[1:])]),
            ("plain", "provided", "`provided` by `plain`",
             [(mode, "yes", SIZES[0], "4") for mode in ("cluster", "socket", "direct")]))
        for mode, reuse, (size, text), connections in cells],
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
    "relays-time-2": [
        Effect(f"`{relay}` by `sync`, {text}, {WORDS[reuse]}, {connections}",
               **in_one("relays-2", {"relay": "sync"}, {"relay": relay}, body_bytes=str(size),
                        reuse=reuse, connections=connections), metric=CPU)
        for relay in ("linked", "copy") for size, text in ((4 * KIB, "4 KiB"), *SIZES[1:])
        for reuse in WORDS for connections in ("4", "64")],
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
    ("[plain memory instead of registered](#plain-memory-instead-of-registered)", "5.6",
     "plain-time", "`plain` by `registered`, `socket` 1 MiB", "not shown everywhere, an option"),
    ("[provided buffers, filled to the end](#provided-buffers-filled-to-the-end)", "6.12",
     "provided-inc", "`socket` 64 KiB, kept", "rejected, stays an option"),
    ("[bundles](#bundles)", "6.10", "bundles", "`direct` 1 MiB", "rejected"),
    ("[no completion for a close](#no-completion-for-a-close)", "5.17", "skip",
     "`cluster`, 4 connections, calls", "kept, for the calls alone"),
    ("[a receive that polls first](#a-receive-that-polls-first)", "5.19", "poll-first",
     "`direct`, kept", "kept"),
    ("[a ring's loop in BPF](#a-rings-loop-in-bpf)", "7.1", "ring-loop",
     "4 KiB, the process", "rejected as a relay"),
    ("[a redirect by a sockmap](#a-redirect-by-a-sockmap)", "5.15", "sockmap",
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


PARTS = {f"verdict-{name}": functools.partial(verdict, name) for name in EFFECTS}
PARTS["verdict-overview"] = overview
