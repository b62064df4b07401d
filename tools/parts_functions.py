"""Tables of functions for docs/findings.md: what changed between two kernels, by their profiles."""
import functools
import glob
import json
import os
import subprocess

from report_json import paragraph, table
from rows import Failure, read_rows, short_release

ROWS_SHOWN = 8
# A table by its name: two kernels by the beginnings of their files' names, and a cell as `compare`
# calls it.
TABLES = {
    "functions-nodes": ("6.17.13", "6.18.15", "cluster 0B no reuse"),
    "functions-kstack": ("7.0.13", "7.1.13", "micro-fd-pass-64"),
    "functions-sleep": ("7.1.13", "7.2.12", "cluster 0B reuse"),
    "functions-nop": ("6.12.118", "7.3.4", "micro-nop-32"),
    "functions-descriptors": ("6.12.118", "6.17.13", "micro-fd-pass-64"),
    "functions-copy": ("6.12.118", "6.16.12", "direct 1MB reuse"),
}
# The same for subsystems.
SUBSYSTEMS = {
    "subsystems-compiler": ("7.2.12", "7.2.13", "cluster 0B no reuse"),
    "subsystems-sleep": ("7.1.13", "7.2.12", "cluster 0B reuse"),
    "subsystems-splice": ("6.1.0-56", "6.12.117", "passthru linked 1MB reuse"),
}


def profile_of(begin):
    paths = glob.glob(f"results/{begin}*.profile.csv.gz")
    if len(paths) != 1:
        raise Failure(f"results/{begin}*.profile.csv.gz: there are {len(paths)} (sweep --profile)")
    return paths[0]


@functools.lru_cache(maxsize=None)
def comparison(program, base, new):
    """What `compare --by function` says of two profiles; 1 is its word for a regression."""
    done = subprocess.run([program, "compare", "--by", "function", "--limit", "0", "--json", "-",
                           base, new], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise Failure(f"compare {base} {new}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def count(figure):
    """Whole, but for small ones."""
    median = figure["median"]
    return "–" if median == 0 else f"{median:,.1f}" if median < 100 else f"{median:,.0f}"


def change(of):
    digits = 0 if abs(of["change"]) >= 100 else 1
    return f"{of['change']:+,.{digits}f}".replace("-", "−")


def share(of):
    return f"{100 * of['share_of_base']:+.2f} %".replace("-", "−")


def line(names, of):
    return [*names, count(of["base"]), count(of["new"]), change(of), share(of)]


def changes(name, program, place, entries, title, left):
    """A table of the cell's `entries`: its functions or its subsystems."""
    begin, end, wanted = place
    base, new = profile_of(begin), profile_of(end)
    # `compare` names the default where the files have others as well.
    cell = next((cell for cell in comparison(program, base, new)["cells"]
                 if cell["cell"].replace(" buffers=registered", "") == wanted), None)
    if cell is None:
        raise Failure(f"{name}: {base}, {new}: they have no cell {wanted}")
    old, young = (short_release(os.path.basename(path).removesuffix(".profile.csv.gz"))
                  for path in (base, new))
    shown = [entry for entry in cell[entries] if entry["beyond_noise"]][:ROWS_SHOWN]
    lines = [line(["all of it", ""][:left], cell)]
    lines += [line([f"`{entry['function']}`", entry["subsystem"]] if left == 2
                   else [entry["subsystem"]], entry) for entry in shown]
    note = paragraph(f"`{wanted}`, instructions of a request. A share is of the whole on {old}. "
                     f"`uring-bench compare --by {title} {base} {new}` has all of them.")
    return note + "\n\n" + table([title, "subsystem"][:left] + [old, young, "change", "share"],
                                 lines, left)


def functions(name, program):
    return changes(name, program, TABLES[name], "functions", "function", 2)


def subsystems(name, program):
    return changes(name, program, SUBSYSTEMS[name], "subsystems", "subsystem", 1)


# Whose shares by subsystem docs/peers.md shows: mode, relay and reuse, at 1 MiB.
SHARES_OF = "7.3.4"
SHARE_CELLS = [("cluster", "", "no"), ("cluster", "", "yes"), ("socket", "", "yes"),
               ("passthru", "sync", "no"), ("passthru", "sync", "yes")]


def subsystem_shares(_program):
    """In which parts of kernel and program the instructions of a request are."""
    path = profile_of(SHARES_OF)
    counts = {cell: {} for cell in SHARE_CELLS}
    for row in read_rows(path):
        cell = (row["mode"], row["relay"], row["reuse"])
        if (cell in counts and not row["function"] and row["body_bytes"] == str(1 << 20)
                and row["buffers"] == "registered" and row["repeat"] == "1"):
            counts[cell][row["subsystem"]] = float(row["instructions_per_request"])
    names = sorted(counts[SHARE_CELLS[0]], key=counts[SHARE_CELLS[0]].get, reverse=True)
    lines = [[name, *(f"{100 * found.get(name, 0) / sum(found.values()):.1f} %"
                      for found in counts.values())] for name in names]
    note = paragraph(f"Share of the instructions of a request with 1 MiB, client and server "
                     f"together, on {SHARES_OF} (`{path}`, one boot, one worker and connection).")
    return note + "\n\n" + table(
        ["subsystem", *(f"{' '.join(filter(None, (mode, relay)))}, "
                        f"{'reuse' if reuse == 'yes' else 'no reuse'}"
                        for mode, relay, reuse in SHARE_CELLS)], lines)


PARTS = {"subsystem-shares": subsystem_shares,
         **{name: functools.partial(part, name)
            for names, part in ((TABLES, functions), (SUBSYSTEMS, subsystems)) for name in names}}
