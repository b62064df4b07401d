"""Growth: requests per second by the number of connections and of workers."""
from parts_costs import REMEDY
from report_json import Report, interval_note, metric_of, paragraph, short_text, table
from rows import as_rounds, name_of, newest_file, read_rows

RATE = "requests_per_s"
NAMES = ["direct", "cluster", "socket", "passthru linked"]
BODY = 4096


def growth_rows(**wanted):
    path = newest_file("growth", REMEDY["growth"])
    wanted = {"body_bytes": str(BODY), "reuse": "yes", "buffers": "registered", **wanted}
    rows = [row for row in read_rows(path) if name_of(row) in NAMES
            and all(row[column] == value for column, value in wanted.items())]
    return path, rows


def is_long(row):
    """Of the run over connections, whose trials last a second; the others last 200 ms."""
    return float(row["duration_s"] or 0) > 0.5


def by_number(program, rows, column, **same):
    """A report in which a cell's name ends with its number, so that numbers compare. And the
    numbers."""
    report = Report.of_rows(program, as_rounds(
        rows, lambda row: f"{name_of(row)} at {row[column]}", **same))
    numbers = sorted({int(row[column]) for row in rows})
    return report, numbers


def connections(program):
    """Requests per second by connections."""
    path, rows = growth_rows(workers="4")
    # The run over bodies has eight connections, which this table has not.
    rows = [row for row in rows if row["connections"] != "8"]
    # One number of connections is also that of the run over workers, of another length.
    rows = [row for row in rows if is_long(row)]
    report, numbers = by_number(program, rows, "connections", connections="0")
    lines = []
    for number in numbers:
        rates = [metric_of(report.find(f"{name} at {number}", BODY, True), RATE) for name in NAMES]
        lines.append([f"{number:,}", *(f"{rate.median:.0f}" if rate else "–" for rate in rates)])
    ratios = [report.between(report.find(f"{name} at {numbers[-1]}", BODY, True),
                             report.find(f"{name} at 64", BODY, True), RATE) for name in NAMES]
    lines.append([f"{numbers[-1]:,} / 64", *map(short_text, ratios)])
    note = paragraph(
        f"Requests per second by connections: bodies of 4 KiB, reuse, 4 workers (`{path}`). "
        f"Medians. The last line is the ratio within a round {interval_note(ratios)}")
    return note + "\n\n" + table(["connections", *NAMES], lines)


def workers(program):
    """Requests per second by workers, by those of four."""
    path, rows = growth_rows(connections="64")
    rows = [row for row in rows if not is_long(row)]
    report, numbers = by_number(program, rows, "workers", workers="0")
    shown, lines = [], []
    for number in numbers:
        if number == 4:
            continue
        ratios = [report.between(report.find(f"{name} at {number}", BODY, True),
                                 report.find(f"{name} at 4", BODY, True), RATE) for name in NAMES]
        shown += ratios
        lines.append([str(number), *map(short_text, ratios)])
    note = paragraph(
        "Requests per second by the number of workers, divided by those of four in the round. "
        f"64 connections, 4 KiB, reuse (`{path}`). Median {interval_note(shown)}")
    return note + "\n\n" + table(["workers", *NAMES], lines)


PARTS = {"connections": connections, "workers": workers}
