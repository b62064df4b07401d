"""The sheet of each session, as its rows have it."""
import collections
import os

from report_json import table
from rows import features_of, read_rows
from sessions import FOLDER, files_of

KINDS = ("peers", "counts", "buffers", "relays", "tls", "modes")


def sheet(_program):
    """A line a file: when, on which boot, by which commit, and how much of it was disturbed."""
    lines = []
    for kind in KINDS:
        for paths in files_of(kind).values():
            for path in paths:
                rows = read_rows(path)
                times = sorted(row["started_at"] for row in rows)
                found = collections.Counter(row["status"] for row in rows)
                disturbed = sum(bool(row["disturbed"]) for row in rows)
                others = sorted({f"{row['mode']} {features_of(row)['version']}" for row in rows
                                 if "version" in features_of(row)})
                lines.append([
                    f"[{os.path.basename(path)}](../{path})",
                    f"{times[0][:16].replace('T', ' ')} to {times[-1][11:16]}",
                    rows[0]["kernel"], " ".join(sorted({row["boot_id"][:8] for row in rows})),
                    " ".join(sorted({row["tool"].partition("+")[2] for row in rows})),
                    str(len(rows)), str(disturbed), str(len(rows) - found["ok"]),
                    ", ".join(others) or "–"])
    if not lines:
        return f"There is no file in `{FOLDER}/` yet."
    lines.sort(key=lambda line: line[1])
    return table(["file", "when, UTC", "kernel", "boot", "commit", "rows", "disturbed",
                  "without figures", "other servers"], lines, left=5)


PARTS = {"sessions": sheet}
