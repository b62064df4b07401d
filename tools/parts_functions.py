"""Tables of functions for docs/findings.md: what changed between two kernels, by their profiles."""
import functools
import glob
import json
import os
import subprocess

from report_json import paragraph, table
from rows import Failure, short_release

ROWS_SHOWN = 8
# A table by its name: two kernels by the beginnings of their files' names, and a cell as `compare`
# calls it.
TABLES = {
    "functions-copy": ("6.12.118", "6.16", "direct 1MB reuse buffers=registered"),
    "functions-nop": ("6.12.118", "7.3", "micro-nop-32"),
    "functions-connection": ("6.12.118", "7.3", "cluster 0B no reuse buffers=registered"),
    "functions-descriptors": ("6.12.118", "7.3", "micro-fd-pass-64"),
    "functions-splice": ("6.1.0", "6.12.117", "passthru linked 1MB reuse buffers=registered"),
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


def line(name, subsystem, of):
    return [name, subsystem, count(of["base"]), count(of["new"]), change(of), share(of)]


def functions(name, program):
    begin, end, wanted = TABLES[name]
    base, new = profile_of(begin), profile_of(end)
    cell = next((cell for cell in comparison(program, base, new)["cells"]
                 if cell["cell"] == wanted), None)
    if cell is None:
        raise Failure(f"{base}, {new}: they have no cell {wanted}")
    shown = [function for function in cell["functions"] if function["beyond_noise"]][:ROWS_SHOWN]
    old, young = (short_release(os.path.basename(path).removesuffix(".profile.csv.gz"))
                  for path in (base, new))
    lines = [line("all of it", "", cell)]
    lines += [line(f"`{function['function']}`", function["subsystem"], function)
              for function in shown]
    command = paragraph(f"`{wanted}`, instructions of a request. Shares are of the whole on {old}. "
                        f"Again: `uring-bench compare --by function {base} {new}`.")
    return command + "\n\n" + table(["function", "subsystem", old, young, "change", "share"],
                                    lines, 2)


PARTS = {name: functools.partial(functions, name) for name in TABLES}
