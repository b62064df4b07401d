"""One trial of a server by our client or `ab`, or of single kernel operations."""
import csv
import json
import subprocess
import sys

from peers_cells import PASSES

# Of the study's bodies HAProxy reads only the head's piece, 16 KiB of 1 MiB.
SPLICED_LEAST = 0.9
UNITS = {"ms": 1, "s": 1000, "m": 60000}


def milliseconds_of(duration):
    """Of "800ms", "2s" or "1m"."""
    number = duration.rstrip("ms")
    unit = duration[len(number):]
    if unit not in UNITS or not number.isdecimal() or number.startswith("0"):
        print(f"tools/peers: {duration}: a whole number and ms, s or m",
              file=sys.stderr)
        sys.exit(2)
    return int(number) * UNITS[unit]


def add_feature(row, name, value):
    row["features"] = ";".join(filter(None, [row["features"], f"{name}={value}"]))


def load(options, server, client, connections, body, reuse):
    """The row of one trial, as a dictionary of the columns."""
    # Eight uploads of 10 MB at once take Node about a second.
    patience = 2 if server.name.startswith("node-") and body >= 10 << 20 else 1
    milliseconds = patience * milliseconds_of(options.duration)
    command = [options.binary, "load", f"http://127.0.0.1:{server.port}/",
               "--accept-disturbed", "--client", client,
               "-q", "-c", str(connections), "-b", str(body), "-r", "yes" if reuse else "no",
               "-d", f"{milliseconds}ms", "--warmup", options.warmup, "--server-pid", server.pids(),
               "--json", "-"]
    before = server.sent() if server.name == "haproxy-proxy" else None
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            timeout=60 + milliseconds / 1000)
    try:
        row = json.loads(result.stdout)["trials"][0]["row"]
    except (ValueError, LookupError):
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}") from None
    if before:
        add_spliced(row, body, [after - first for after, first in zip(server.sent(), before)])
    return row


def add_spliced(row, body, counters):
    """HAProxy's proof that it spliced. A trial in which it copied has failed."""
    sent, spliced = counters
    share = spliced / sent if sent else 0
    if body >= 1 << 20 and share < SPLICED_LEAST:
        raise RuntimeError(f"haproxy-proxy copied: it spliced {spliced} of {sent} bytes "
                           "(its build may have no splice: haproxy -vv)")
    add_feature(row, "spliced", f"{share:.3f}")


def passes(options):
    """The rows of single passes of a descriptor between two rings."""
    result = subprocess.run([options.binary, "micro", *PASSES, "-n", "20000", "--repeats", "1",
                             "--budget", "0", "--accept-disturbed", "-q", "--csv", "-"],
                            capture_output=True, text=True, check=False, timeout=60)
    rows = list(csv.DictReader(result.stdout.splitlines()))
    if not rows:
        raise RuntimeError(f"{options.binary} micro: {result.stderr.strip()}")
    return rows
