"""Rows of results/*.csv as dictionaries: which are chosen, and under which name they are told.

Nothing is computed here: medians and intervals are of `uring-bench report --json`, see report_json.
"""
import csv
import glob
import gzip


class Failure(Exception):
    """One line for the user: what is wrong and what to do."""


def read_rows(path):
    """Also of a file that gzip has made smaller."""
    with (gzip.open if path.endswith(".gz") else open)(
            path, "rt", newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    """With the columns of all of them: files of two schemas may be among them."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def row_files(pattern):
    """Paths below results/: the rows of this method, then those of older ones in their folders."""
    paths = sorted(glob.glob(f"results/{pattern}")) + sorted(
        glob.glob(f"results/method-*/{pattern}"))
    return [path for path in paths if not path.endswith(".profile.csv")]


def name_of(row):
    """"passthru linked"."""
    return f"{row['mode']} {row.get('relay', '')}".strip()


def features_of(row):
    """Those with a value, as in `spliced=0.970`."""
    return dict(feature.split("=", 1) for feature in row["features"].split(";") if "=" in feature)


def guest_of(row):
    """What `guest` says of a virtual machine."""
    return dict(field.split("=", 1) for field in row["guest"].split(";") if "=" in field)


def short_release(release):
    """"6.12.117" of "6.12.117+deb12-cloud-amd64", "6.1.0-56" of "6.1.0-56-cloud-amd64"."""
    numbers = release.split("+")[0].split("-")
    return "-".join(numbers[:2] if len(numbers) > 1 and numbers[1].isdigit() else numbers[:1])


def version_of(release):
    """Numbers compare as numbers: 6.9 is older than 6.12."""
    numbers = short_release(release).replace("-", ".").split(".")
    return [int(number) if number.isdigit() else 0 for number in numbers]


def short_compiler(compiler):
    """"gcc 14.2.0" of "x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0"."""
    name = "clang" if "clang" in compiler else "gcc"
    version = compiler.split(" ")[-1]
    return f"{name} {version}" if version[:1].isdigit() else compiler or "unknown"


def as_rounds(rows, name=name_of, **same):
    """Copies of rows whose runs with one seed are one round, as tools/defaults measures them.

    `report` compares cells of one round that differ in their mode alone. What is to be compared
    goes into the mode (`name`), and what differs besides is made equal (`same`).
    """
    return [{**row, "run_id": f"seed-{row['seed']}", "mode": name(row), "relay": "", **same}
            for row in rows]
