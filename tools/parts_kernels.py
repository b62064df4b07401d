"""Instructions per request by kernel, counted in virtual machines."""
import functools

from parts_study import main_rows
from report_json import Report, metric_of, paragraph, size_text, table
from rows import Failure, guest_of

METRIC = "instructions_per_request"
CELLS = ((0, False), (1 << 20, True))
# Of Debian's kernels, where a row's `guest` does not say it: a count depends on it.
COMPILERS = {"5.10.0-46": "gcc 10", "6.1.0-56": "gcc 12", "6.12.117": "gcc 12", "7.2.13": "gcc 16",
             "7.3.4": "gcc 14"}


def short_release(release):
    """"6.12.117" of "6.12.117+deb12-cloud-amd64", "6.1.0-56" of "6.1.0-56-cloud-amd64"."""
    numbers = release.split("+")[0].split("-")
    return "-".join(numbers[:2] if len(numbers) > 1 and numbers[1].isdigit() else numbers[:1])


class Counts:
    """The counts of the newest method, of some bodies and ways to end a connection."""

    def __init__(self, program, cells):
        wanted = {(str(body), "yes" if reuse else "no") for body, reuse in cells}
        rows = [row for row in main_rows() if row["accelerator"] == "tcg"
                and (row["body_bytes"], row["reuse"]) in wanted
                and not row["mode"].startswith("micro-")]
        if not any(row[METRIC] for row in rows):
            raise Failure("results/*.csv: no row has instructions per request (count first: "
                          "uring-bench sweep --accel tcg)")
        method = max(int(row["method"]) for row in rows)
        self.rows = [row for row in rows if int(row["method"]) == method]
        self.report = Report.of_rows(program, [
            {name: value for name, value in row.items() if name != "path"} for row in self.rows])
        self.kernels = list(dict.fromkeys(cell["kernel"] for cell in self.report.cells))
        self.kernels.sort(key=version_of)

    def compiler_of(self, kernel):
        for row in self.rows:
            if row["kernel"] == kernel and guest_of(row).get("compiler"):
                return guest_of(row)["compiler"]
        return COMPILERS.get(short_release(kernel), "unknown")

    def same_compiler(self):
        """The first two kernels by one compiler; None where all differ."""
        for first, second in zip(self.kernels, self.kernels[1:]):
            if self.compiler_of(first) == self.compiler_of(second) != "unknown":
                return first, second
        return None

    def count(self, name, cell, kernel):
        return metric_of(self.report.find(name, *cell, kernel=kernel), METRIC)


@functools.lru_cache(maxsize=2)
def counts_of(program, cells=CELLS):
    return Counts(program, cells)


def version_of(release):
    """Numbers compare as numbers: 6.9 is older than 6.12."""
    numbers = short_release(release).replace("-", ".").split(".")
    return [int(number) if number.isdigit() else 0 for number in numbers]


def instructions(program):
    """Instructions per request by kernel."""
    counts = counts_of(program)
    guest = guest_of(counts.rows[0])
    row = counts.rows[0]
    boots = max((figure.count for name in counts.report.names() for cell in CELLS
                 for kernel in counts.kernels if (figure := counts.count(name, cell, kernel))))
    note = paragraph(
        "Thousands of instructions a request, of the kernel and all processes together, counted in "
        f"QEMU {guest['qemu']}, `{guest['machine']}`, `{guest['cpu']}` (`results/*.csv`). "
        f"{row['workers']} workers, {row['connections']} connections, method {row['method']}. "
        f"Median of {boots} boots (their range).")
    return "\n\n".join([note, *(cell_table(counts, *cell) for cell in CELLS)])


def cell_table(counts, body, reuse):
    """A column by kernel, a line by mode."""
    lines = [["compiler", *map(counts.compiler_of, counts.kernels)]]
    for name in counts.report.names():
        found = [counts.report.find(name, body, reuse, kernel=kernel) for kernel in counts.kernels]
        if any(found):
            lines.append([name, *map(count_text, found)])
    title = f"{size_text(body)}, {'reuse' if reuse else 'no reuse'}"
    return table([title, *map(short_release, counts.kernels)], lines)


def count_text(cell):
    if cell is None:
        return "–"
    figure = metric_of(cell, METRIC)
    if figure is None:
        return ", ".join(cell["status"])
    return figure.scaled(0.001).short_text(1)


PARTS = {"instructions": instructions}
