"""Markdown of the rows of tools/peers: medians, ratios by session, what bodies cost, goals."""
import functools
import itertools
import math
import statistics
from collections import Counter
from random import Random

from peers_cells import CELLS, FOREIGN, OURS, PASSES, SMALL, cell_name
from peers_figures import (BEST_RELAY, CLIENT, CONNECTIONS, RATE, SERVER, TOTAL, PeerFigures)
from peers_goals import GOALS, NAMES, VERDICTS, goal_lines
from report_json import confidence_text, median_text, paragraph, table
from rows import Failure, features_of, name_of, read_rows
from sessions import MARKS, SPREAD_MOST, files_of

CELL_NAMES = list(map(cell_name, CELLS))
# Beside servers that no goal names.
OTHERS = [("cluster", "go-direct"), (BEST_RELAY, "socket"), *((BEST_RELAY, proxy) for proxy in (
    "nginx-proxy", "lighttpd-proxy", "h2o-proxy", "go-proxy"))]
# Of a request, and how it is told.
WORK = {"calls_per_request": "system calls", "splices_per_request": "splices",
        "reads_per_request": "reads", "spliced_bytes_per_request": "bytes spliced",
        "copied_bytes_per_request": "bytes read", "faults_per_request": "page faults"}


def medians(figures, title, cells, client, connections, metric, digits=0):
    """A table by server; "" where these rows have none of it."""
    lines = []
    for name in [*OURS, *FOREIGN]:
        texts = [median_text(figures.median(name, client, connections, cell, metric), digits)
                 for cell in cells]
        if metric == RATE:
            texts = [("≥ " if figures.is_of_client(name, client, connections, cell) else "") + text
                     for cell, text in zip(cells, texts)]
        if any(text != "–" for text in texts):
            lines.append([name, *texts])
    return table([title, *map(cell_name, cells)], lines) if lines else ""


def head(figures):
    paths = ", ".join(f"`{path}`" for path in figures.paths)
    rounds = ", ".join(map(str, figures.rounds.values()))
    text = (f"Medians of {rounds} interleaved rounds ({paths}). CPU is of all processes of a "
            "server, a proxy's with its workers'. ≥: the client was the limit, and the server "
            "could do more.")
    if figures.left_out:
        counts = ", ".join(f"{count} of {name}"
                           for name, count in sorted(figures.left_out.items()))
        text += (" Rows of an older set-up are left out, and those that do not show that HAProxy "
                 f"spliced. Rows left out: {counts}.")
    return paragraph(text)


def versions(figures):
    """Which programs these were."""
    found = {}
    for row in figures.rows:
        if "version" in features_of(row):
            program = FOREIGN[row["mode"]]
            found.setdefault(program, set()).add(features_of(row)["version"])
    if not found:
        return ""
    texts = [f"{program} {' and '.join(sorted(numbers))}" for program, numbers in found.items()]
    return paragraph(f"Versions: {', '.join(sorted(texts))}.")


def passes(figures):
    """What handing a socket over is made of."""
    found = [(name, figures.micro(name)) for name in PASSES]
    texts = [f"`micro {name}` takes {figure.text(1)} µs." for name, figure in found if figure]
    return paragraph(" ".join(texts)) if texts else ""


def work(figures, more_rows=()):
    """What strace, the kernel and HAProxy's own counter say of a request."""
    by_body = {}
    for row in [*more_rows, *figures.rows]:
        if set(WORK) & set(features_of(row)) and row["body_bytes"] != "0":
            name = name_of(row)
            by_body.setdefault((name, int(row["body_bytes"])), []).append(features_of(row))
    order = [*OURS, *FOREIGN]
    lines = []
    for (name, body), rows in sorted(by_body.items(),
                                     key=lambda found: (order.index(found[0][0]), found[0][1])):
        shares = [float(features["spliced"]) for features in rows if "spliced" in features]
        timed = f"{100 * min(shares):.1f} to {100 * max(shares):.1f} %" if shares else "–"
        lines.append([name, f"{body >> 20}MB", *(rows[0].get(column, "–") for column in WORK),
                      timed])
    if not lines:
        return ""
    return table(["for a request", "body", *WORK.values(), "spliced in the timed rounds"], lines)


def pairs_of_ratios():
    """The goals', and those to other servers."""
    goals = [(goal.first, goal.second, goal.metric) for goal in GOALS]
    others = [(first, second, metric) for first, second in OTHERS for metric in (RATE, TOTAL)]
    return dict.fromkeys(goals + others)


def name_of_ratio(first, second, metric):
    return f"{first} / {second}, {NAMES[metric]}"


def note_of_ratios(shown):
    return paragraph(
        f"Ratios within a round ({confidence_text(shown)} interval, Hodges–Lehmann, made so wide "
        "that it holds each session's median). *client*: the client was the limit of one or both, "
        f"and there is no ratio. {MARKS}")


def ratios(figures):
    """In the study's cells, of all sessions together."""
    lines, shown = [], []
    for first, second, metric in pairs_of_ratios():
        for client in figures.clients:
            found = [figures.ratio(first, second, client, CONNECTIONS, cell, metric)
                     for cell in CELLS]
            if any(ratio.figure or ratio.says_nothing for ratio in found):
                shown += [ratio.figure for ratio in found]
                lines.append([name_of_ratio(first, second, metric), client,
                              *(ratio.text() for ratio in found)])
    if not lines:
        return ""
    return note_of_ratios(shown) + "\n\n" + table(["ratio", "client", *CELL_NAMES], lines, left=2)


def of_several_sessions(figures):
    """Each ratio that more than one session has: what it is of, and its figure."""
    for first, second, metric in pairs_of_ratios():
        for client in figures.clients:
            for cell in CELLS:
                figure = figures.ratio(first, second, client, CONNECTIONS, cell, metric).figure
                if figure and len(figure.known) > 1:
                    yield (first, second, metric, client, cell), figure


def wide_and_all(figures):
    """How many ratios differ between sessions by more than they may, and how many there are."""
    wide = [figure.is_wide for _, figure in of_several_sessions(figures)]
    return sum(wide), len(wide)


def wide_by_chance(figures, shuffles=40):
    """The same count with each ratio's rounds dealt to its sessions at random: least and most."""
    random = Random(1)
    counts = [0] * shuffles
    for (first, second, metric, client, cell), _ in of_several_sessions(figures):
        rounds = figures.rounds_of(first, second, client, cell, metric)
        sizes = [size for size in map(len, rounds) if size]
        values = [value for found in rounds for value in found]
        for index in range(shuffles):
            random.shuffle(values)
            rest = iter(values)
            medians = [hodges_lehmann([next(rest) for _ in range(size)]) for size in sizes]
            counts[index] += math.expm1(max(medians) - min(medians)) > SPREAD_MOST
    return min(counts), max(counts)


def hodges_lehmann(values):
    """The median of the means of all pairs, each value with itself among them."""
    return statistics.median((one + other) / 2
                             for one, other in itertools.combinations_with_replacement(values, 2))


def left_out_cells(figures):
    """Cells of which most trials were disturbed, and what they would say with these."""
    by_cell = {}
    for row in figures.rows:
        if int(row["connections"]) == CONNECTIONS and row["body_bytes"] != "0":
            by_cell.setdefault((name_of(row), row["client"],
                                (int(row["body_bytes"]), row["reuse"] == "yes")), []).append(row)
    lines = []
    for (name, client, cell), rows in by_cell.items():
        reasons = Counter(reason for row in rows
                          for reason in filter(None, row["disturbed"].split(";")))
        used = [row for row in rows if not row["disturbed"]]
        if len(used) * 2 < len(rows):
            medians = [f"{statistics.median(float(row[RATE]) for row in some):.0f}" if some else "–"
                       for some in (used, rows)]
            lines.append([name, client, cell_name(cell), f"{len(rows) - len(used)} of {len(rows)}",
                          ", ".join(f"{reason} {count}" for reason, count in reasons.items()),
                          *medians])
    if not lines:
        return paragraph("Of no cell were most trials left out.")
    return table(["server", "client", "cell", "left out", "for", "req/s of the others",
                  "req/s of all"], lines, left=5)


def between_sessions(figures):
    """Each ratio in each session, and by how much the sessions differ."""
    names = list(figures.sessions.rows)
    lines, (wide, count) = [], wide_and_all(figures)
    for (first, second, metric, client, cell), figure in of_several_sessions(figures):
        lines.append([
            name_of_ratio(first, second, metric), client, cell_name(cell),
            *(one.short_text(2) + ("" if one.has_interval else "*") if one else "–"
              for one in figure.sessions),
            figure.short_text(2), figure.spread_text()])
    if not lines:
        return paragraph("There is one session. Two are needed for a verdict.")
    least, most = wide_by_chance(figures)
    note = paragraph(
        "Each ratio in each session, of all rounds, and by how much the largest median of a "
        f"session is above the smallest. {wide} of {count} differ by more than "
        f"{100 * SPREAD_MOST:.0f} %, which is in bold. With the rounds of each ratio shuffled "
        f"among its sessions, {least} to {most} do. So this shows how far a figure can be relied "
        "on, and no difference between sessions. A `*` marks fewer than five rounds.")
    return note + "\n\n" + table(
        ["ratio", "client", "cell", *(f"session {name}" for name in names), "all", "spread"],
        lines, left=3)


def tables(figures):
    """All medians, by client."""
    parts = [head(figures), versions(figures)]
    for client in figures.clients:
        many = f"{client}, {CONNECTIONS} connections"
        for title, metric in (("req/s", RATE), ("server CPU µs/request", SERVER),
                              ("client CPU µs/request", CLIENT)):
            parts.append(medians(figures, f"{title}, {many}", CELLS, client, CONNECTIONS, metric))
    for title, metric, digits in (("req/s", RATE, 0), ("server CPU µs/request", SERVER, 1),
                                  ("client CPU µs/request", CLIENT, 1)):
        parts.append(medians(figures, f"{title}, builtin, 64 connections", SMALL, "builtin", 64,
                             metric, digits))
    return "\n\n".join(filter(None, [*parts, passes(figures)]))


def goals_of(figures):
    """The table of goals, a verdict a cell."""
    lines, counts = goal_lines(figures)
    counted = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    text = f"Of the cells {counted}. Verdicts are not corrected for one another."
    if counts["client"]:
        text += f" The client was the limit in {counts['client']}, and they have no verdict."
    if counts["not measured"]:
        text += f" Not measured: {counts['not measured']}."
    summary = paragraph(text)
    if not lines:
        return summary
    return table(["goal", "client", *CELL_NAMES], lines, left=2) + "\n\n" + summary


@functools.lru_cache(maxsize=1)
def measured(program):
    paths = {session: found[0] for session, found in files_of("peers").items()}
    if not paths:
        raise Failure("results/sessions/peers-*.csv: there is none (tools/peers measures it)")
    return PeerFigures(program, paths)


def work_of(program):
    """Counts may be a run of its own, since they do not depend on the machine's load."""
    counts = [row for paths in files_of("counts").values() for path in paths
              for row in read_rows(path) if row["status"] == "ok"]
    return work(measured(program), counts)


def of_measured(part):
    return lambda program: part(measured(program))


def summary(program, paths):
    """What `tools/peers --summary` prints: each file is a session."""
    figures = PeerFigures(program, dict(enumerate(paths, 1)))
    return "\n\n".join(filter(None, (part(figures) for part in (
        tables, work, ratios, between_sessions, goals_of))))


PARTS = {"goals": of_measured(goals_of), "peers-medians": of_measured(tables),
         "peers-work": work_of, "peers-ratios": of_measured(ratios),
         "peers-sessions": of_measured(between_sessions),
         "peers-left-out": of_measured(left_out_cells)}
