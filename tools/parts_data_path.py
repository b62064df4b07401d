"""Tables of docs/verdicts.md on placement and the data path: what was asked, and what is so."""
import importlib.machinery
import importlib.util

from parts_verdicts import (CLIENT, CPU, FOLDER, MIB, SERVER, WORDS, Effect, figures, matches,
                            of_file, rows_of)
from report_json import Figure, Report, paragraph, table
from rows import as_rounds


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


def placed(other, metric, connections, reuse="no"):
    """`direct:least` by another way under the skewed load: ratio, low and high."""
    skew_table = load_skew_table()
    kept = [row for row in skew_table.read_rows([f"{FOLDER}/skew.csv"]) if not row["disturbed"]]
    cells = next(cells for key, cells in skew_table.group(kept).items()
                 if tuple(map(str, key)) == (str(connections), reuse))
    return skew_table.compare(cells["direct:least"], cells[other], skew_table.METRICS[metric])[:3]


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


PARTS = {"verdict-skew": skew, "verdict-path": path, "verdict-handover": handover,
         "verdict-many": many}
