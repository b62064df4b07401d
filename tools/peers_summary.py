"""Markdown of the rows of tools/peers: medians, ratios, how proxies move bodies, goals."""

from parts_costs import handover_of
from peers_cells import CELLS, FOREIGN, OURS, PASSES, SMALL, cell_name
from peers_figures import CLIENT_PER_GB, PER_GB, RATE, SERVER, PeerFigures
from peers_goals import GOALS, goal_lines
from report_json import confidence_text, median_text, metric_of, paragraph, table
from rows import Failure, as_rounds, features_of, newest_file, newest_start, row_files

# More are counted and not named.
MISSING_MOST = 4
CELL_NAMES = list(map(cell_name, CELLS))


def medians(figures, title, cells, client, connections, metric, digits=0):
    """A table by server; "" where this run has none of it."""
    lines = []
    for name in [*OURS, *FOREIGN]:
        found = [figures.find(name, client, connections, cell) for cell in cells]
        texts = [median_text(metric_of(cell, metric), digits) for cell in found]
        if metric == RATE:
            texts = [("≥ " if figures.report.is_of_client(cell) else "") + text
                     for cell, text in zip(found, texts)]
        if any(text != "–" for text in texts):
            lines.append([name, *texts])
    return table([title, *map(cell_name, cells)], lines) if lines else ""


def head(figures):
    text = (f"Medians of {figures.rounds} interleaved rounds (`{figures.path}`). Server CPU is of "
            "all its processes, a proxy's with its workers'. ≥: the client was the limit, and the "
            "server could do more.")
    if figures.left_out:
        counts = ", ".join(f"{count} of {name}"
                           for name, count in sorted(figures.left_out.items()))
        text += (" Rows of an older set-up are left out, and those that do not show that HAProxy "
                 f"spliced. Rows left out: {counts}.")
    return paragraph(text)


def passes(figures):
    """What handing a socket over is made of."""
    found = [(name, figures.micro(name)) for name in PASSES]
    texts = [f"`micro {name}` takes {figure.text(1)} µs." for name, figure in found if figure]
    return paragraph(" ".join(texts)) if texts else ""


def bodies_moved(figures):
    """What strace and HAProxy's own counter say of how proxies move bodies."""
    by_body = {}
    for row in figures.rows:
        if "splices_per_request" in features_of(row):
            by_body.setdefault((row["mode"], int(row["body_bytes"])), []).append(features_of(row))
    lines = []
    for (name, body), rounds in sorted(by_body.items()):
        shares = [float(features["spliced"]) for features in rounds if "spliced" in features]
        timed = f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %" if shares else "–"
        lines.append([name, f"{body >> 20}MB", *(
            rounds[0][f"{column}_per_request"]
            for column in ("splices", "reads", "spliced_bytes", "copied_bytes")), timed])
    if not lines:
        return ""
    return table(["a proxy's system calls for a request, by strace", "body", "splices", "reads",
                  "bytes spliced", "bytes copied", "spliced in the timed rounds"], lines)


def ratios(figures):
    """The goals' ratios in the study's cells."""
    lines, shown = [], []
    pairs = dict.fromkeys((goal.first, goal.second, goal.metric) for goal in GOALS
                          if goal.connections == 8)
    for client in figures.clients:
        for first, second, metric in pairs:
            found = [figures.ratio(first, second, client, 8, cell, metric) for cell in CELLS]
            if any(ratio.figure or ratio.says_nothing for ratio in found):
                shown += [ratio.figure for ratio in found]
                what = "req/s" if metric == RATE else "CPU"
                lines.append([f"{first} / {second}, {what}", client,
                              *(ratio.short_text() for ratio in found)])
    if not lines:
        return ""
    note = paragraph(
        f"Ratios within a round ({confidence_text(shown)} interval, Hodges–Lehmann). *CPU* is of "
        "the server. *client*: the client was the limit of one or both, and there is no ratio.")
    return note + "\n\n" + table(["ratio", "client", *CELL_NAMES], lines, left=2)


def file_parts(program, path):
    """All tables of one file."""
    figures = PeerFigures(program, path)
    parts = [head(figures)]
    for client in figures.clients:
        parts += [medians(figures, f"req/s, {client}, 8 connections", CELLS, client, 8, RATE),
                  medians(figures, f"server CPU s/GB, {client}, 8 connections", CELLS, client, 8,
                          PER_GB, 3),
                  medians(figures, f"client CPU s/GB, {client}, 8 connections", CELLS, client, 8,
                          CLIENT_PER_GB, 3)]
    parts += [medians(figures, "req/s, builtin, 64 connections", SMALL, "builtin", 64, RATE),
              medians(figures, "server CPU µs/request, builtin, 64 connections", SMALL, "builtin",
                      64, SERVER, 1),
              passes(figures), bodies_moved(figures), ratios(figures)]
    return "\n\n".join(filter(None, parts))


def newest_first():
    paths = row_files("peers-*.csv")
    if not paths:
        raise Failure("results/peers-*.csv: there is none (tools/peers measures it)")
    return sorted(paths, key=newest_start, reverse=True)


def socket_and_cluster(program):
    """Many rounds of these two alone, each of several runs."""
    path = newest_file("socket-cluster", "results/README.md has its command")
    return PeerFigures(program, path, as_rounds)


def socket_cluster(program):
    """These two against each other."""
    figures = socket_and_cluster(program)
    return paragraph(f"By `{figures.path}`, {figures.rounds} rounds:") + "\n\n" + ratios(figures)


def goals_of(all_figures, handover_cost):
    """The table of goals, each by the first of some runs that measured it."""
    bare = next(filter(None, (figures.micro(PASSES[0]) for figures in all_figures)), None)
    lines, missing = goal_lines(all_figures, handover_cost, bare)
    counts = {verdict: sum(line[-1] == verdict for line in lines)
              for verdict in ("met", "missed", "undecided")}
    counted = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    summary = f"{counted}."
    if len(missing) > MISSING_MOST:
        summary += f" {len(missing)} were not measured."
    elif missing:
        summary += f" Not measured: {', '.join(missing)}."
    if not lines:
        return paragraph(summary)
    names = ["goal", "client", "figure and cell that decide", "result"]
    return table(names, lines, left=4) + "\n\n" + paragraph(summary)


def goals(program):
    """What the project wants to reach, by all committed rows."""
    all_figures = [socket_and_cluster(program),
                   *(PeerFigures(program, path) for path in newest_first())]
    note = paragraph(
        "A goal is for all cells in which the client is the limit of neither. The table shows the "
        "cell that decides. A goal is "
        "*undecided* while an interval holds it, or where fewer than five rounds were measured. "
        f"The rows are in {', '.join(f'`{figures.path}`' for figures in all_figures)}, and the "
        "first of these files that has a goal's cells counts.")
    cost = handover_of(program).cost("cluster", 64, SERVER)
    return note + "\n\n" + goals_of(all_figures, cost)


def summary(program, path):
    """What `tools/peers --summary` prints."""
    return "\n\n".join([file_parts(program, path),
                        goals_of([PeerFigures(program, path)], None)])


PARTS = {"goals": goals, "socket-cluster": socket_cluster}
