"""The study's cells: README's two tables, and our modes by CPU time."""
import functools

from peers_cells import CELLS, FOREIGN, OURS, WORKERS, cell_name
from peers_figures import CONNECTIONS, RATE, TOTAL
from peers_summary import measured, wide_and_all
from report_json import confidence_text, paragraph, short_text, table
from rows import name_of
from sessions import MARKS, Sessions, cell as cell_of, files_of, paths_text, rows_of

MIB = 1 << 20
CLIENTS = {"ab": "`ab`", "builtin": "our client"}
MACHINES = {"none": "", "kvm": ", virtual machine", "other": ", virtual machine"}


def study_kind():
    """`uring-bench all` with as many connections as workers, or our modes beside other servers."""
    return "modes" if files_of("modes") else "peers"


@functools.lru_cache(maxsize=1)
def study_of(program):
    """Our modes alone, in the study's cells."""
    return Sessions(program, {
        session: [row for row in rows if row["mode"] not in FOREIGN and row["body_bytes"] != "0"
                  and not row["mode"].startswith("micro")]
        for session, rows in rows_of(study_kind()).items()})


def machine_text(row):
    """"Linux 6.18.1, 2 CPUs (AMD EPYC, virtual machine)"."""
    machine = MACHINES.get(row["accelerator"], ", emulated")
    return f"Linux {row['kernel']}, {row['cpus']} CPUs ({row['cpu_model']}{machine})"


def sessions_text(rows_by_session):
    """"three sessions (2026-11-27 23:20, …)", by when each began."""
    times = [min(row["started_at"] for row in rows)[:16].replace("T", " ")
             for rows in rows_by_session.values()]
    many = "one session" if len(times) == 1 else f"{len(times)} sessions"
    return f"{many} ({', '.join(times)} UTC)"


def tables(program):
    """The study's two tables, beside other servers and under both clients."""
    figures = measured(program)
    row, (wide, count) = figures.rows[0], wide_and_all(figures)
    parts = [paragraph(
        f"Requests/s. {machine_text(row)}. Client and servers share them. {WORKERS} workers, "
        f"{CONNECTIONS} connections. Interleaved rounds of {sessions_text(figures.sessions.rows)}, "
        f"method {row['method']} ({paths_text('peers')}).")]
    shown = []
    for reuse in (False, True):
        columns = [(body, client) for client in figures.clients for body in (10 * MIB, MIB)]
        lines = []
        for name in [*OURS, *FOREIGN]:
            found = [figures.median(name, client, CONNECTIONS, (body, reuse), RATE)
                     for body, client in columns]
            if not any(found):
                continue
            shown += found
            lines.append([name, *(
                rate_text(figures.is_of_client(name, client, CONNECTIONS, (body, reuse)), figure)
                for (body, client), figure in zip(columns, found))])
        names = [f"{body >> 20}MB, {CLIENTS[client]}" for body, client in columns]
        parts += [f"Connection reuse: {'YES' if reuse else 'NO'}", table(["Test", *names], lines)]
    parts.append(paragraph(
        f"Median of all rounds ({confidence_text(shown)} interval, made so wide that it holds each "
        "session's median). ≥: the client was the limit in most rounds, and the server could do "
        f"more. Windows are of {windows_text(figures.rows)}, and rounds are fixed. {MARKS}"))
    parts.append(paragraph(
        f"Ratios are in [docs/peers.md](docs/peers.md#between-sessions). {wide} of {count} differ "
        "between sessions by more than 5 %, which may be chance."))
    return "\n\n".join(parts)


def windows_text(rows):
    """"0.3 to 0.4 s, under `ab` 1 s", as most of them were asked for."""
    lengths = {client: sorted({round(float(row["duration_s"] or 0), 1) for row in rows
                               if row["client"] == client
                               and not row["mode"].startswith(("node-", "micro-"))
                               and float(row["duration_s"] or 0) < 1.05})
               for client in ("builtin", "ab")}
    texts = {client: f"{found[0]} to {found[-1]} s" if found[0] < found[-1] else f"{found[0]} s"
             for client, found in lengths.items() if found}
    return ", under `ab` ".join(texts[client] for client in ("builtin", "ab") if client in texts)


def rate_text(is_of_client, figure):
    """"≥ 813 (598–824)"."""
    if figure is None:
        return "–"
    return ("≥ " if is_of_client else "") + figure.short_text(0)


def cpu(program):
    """CPU time of our modes, client and server, with as many connections as workers."""
    study = study_of(program)
    row = study.first
    parts, shown = [], []
    clients = list(dict.fromkeys(row["client"] for rows in study.rows.values() for row in rows))
    names = list(dict.fromkeys(name_of(row) for rows in study.rows.values() for row in rows))
    for client in clients:
        for title, metric in ((f"requests/s, {CLIENTS[client]}", RATE),
                              (f"CPU µs/request, {CLIENTS[client]}", TOTAL)):
            lines = []
            for name in names:
                cells = [cell_of(name, *cell, client=client, connections=row["connections"])
                         for cell in CELLS]
                figures = [study.metric(cell, metric) for cell in cells]
                shown += figures
                lines.append([name, *(
                    rate_text(study.is_of_client(cell), figure) if metric == RATE
                    else short_text(figure, 0) for cell, figure in zip(cells, figures))])
            parts.append(table([title, *map(cell_name, CELLS)], lines))
    note = paragraph(
        f"{row['workers']} workers, {row['connections']} connections, "
        f"{sessions_text(study.rows)} ({paths_text(study_kind())}). Median of all trials "
        f"({confidence_text(shown)} interval, made so wide that it holds each session's median). "
        "CPU is of client and server, since loopback charges part of the receiver's work to the "
        "sender.")
    return "\n\n".join([note, *parts])


def study_notes(program):
    """Why `direct` is no ceiling, and how often the client was the limit."""
    study = study_of(program)
    rows = [row for found in study.rows.values() for row in found]
    limited = sum(row["bottleneck"] == "client" for row in rows)
    disturbed = sum(bool(row.get("disturbed")) for row in rows)
    sentences = [f"The client was the limit in {limited} of {len(rows)} trials. {disturbed} were "
                 "disturbed and are left out."]
    imbalance = study.metric(cell_of("direct", MIB, True, client="builtin"), "worker_imbalance")
    if imbalance:
        sentences.append("The kernel hashes the connections of `direct`. With reuse its busiest "
                         f"worker had {imbalance.text(1)} times the average requests. So `direct` "
                         "is a reference and no ceiling.")
    return paragraph(" ".join(sentences))


PARTS = {"tables": tables, "study-notes": study_notes, "cpu": cpu}
