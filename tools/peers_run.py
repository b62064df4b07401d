"""Rounds of all servers, in a seeded random order, and the file that their rows go to."""
import csv
import os
import random
import shutil
import subprocess
import sys
import time

import bodies_moved
from peers_cells import (CELLS, FOREIGN, IPERF_KEY, OURS, SET_UP, SIZES, SMALL, WORKERS,
                         Unsupported, cell_name, trials_of)
from peers_load import add_feature, iperf3, load, milliseconds_of, passes
from peers_servers import Server

# Their system calls strace can see.
PROXIES = ["haproxy-proxy", "nginx-proxy", "node-passthru"]


def write_text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1e6 else f"{value:.6g}"
    return str(value)


class Rows:
    """The file: rows are appended as they come, after a header if it is new."""

    def __init__(self, path, columns):
        self.path, self.columns, self.count = path, columns, 0
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if os.path.exists(path) and os.path.getsize(path) > 0:
            with open(path, newline="", encoding="utf-8") as file:
                if next(csv.reader(file)) != columns:
                    sys.exit(f"tools/peers: {path} has other columns: name another file with "
                             "--output")
        else:
            self._write(columns)

    def append(self, row):
        self._write([write_text(row[column]) for column in self.columns])
        self.count += 1

    def _write(self, fields):
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(fields)


def choose(names, known, what):
    """The names of a comma list, of which all must be known."""
    chosen = names.split(",")
    for name in chosen:
        if name not in known:
            print(f"tools/peers: unknown {what} {name}; there are {', '.join(known)}",
                  file=sys.stderr)
            sys.exit(2)
    return chosen


def installed(options):
    """Servers and clients that can take part. What is missing is named."""
    everything = [*OURS, *FOREIGN, "iperf3", "micro"]
    names = []
    for name in choose(options.only, everything, "server") if options.only else everything:
        program = FOREIGN.get(name, "iperf3" if name == "iperf3" else None)
        if program and not shutil.which(program):
            print(f"{name}: {program} is not installed, left out (./bootstrap --peers)",
                  file=sys.stderr)
        else:
            names.append(name)
    clients = choose(options.clients, ["ab", "builtin"], "client")
    if "ab" in clients and not shutil.which("ab"):
        print("ab: not installed, left out as client (apt-get install apache2-utils)",
              file=sys.stderr)
        clients.remove("ab")
    return names, clients


class Run:
    """One run: rounds of all servers, and what has come of it so far."""

    def __init__(self, options):
        self.options = options
        self.names, self.clients = installed(options)
        sizes = choose(options.cells, list(SIZES), "cell")
        self.cells = [cell for cell in [*CELLS, *SMALL]
                      if cell[0] in [SIZES[size] for size in sizes]]
        self.order = random.Random(options.seed)
        self.begin, self.done, self.failures = time.monotonic(), 0, 0
        # Whose figures they are is the same in all rows. What fails is known before it takes time.
        server = Server("direct", options)
        try:
            self.host = load(options, server, "builtin", 1, 0, True)
        finally:
            server.close()
        self.moved = self.bodies_moved()
        self.rows = Rows(options.output or f"results/peers-{os.uname().release}.csv",
                         list(self.host))
        self.run_id = self.host["run_id"]

    def bodies_moved(self):
        """What a proxy does for a body, by its name and the body's size; before the rounds."""
        moved = {}
        for name in PROXIES:
            if name not in self.names:
                continue
            server = Server(name, self.options)
            try:
                for size in sorted({cell[0] for cell in self.cells} - {0}):
                    moved[name, size] = bodies_moved.count(server.proxy_pids(), server.port, size)
            finally:
                server.close()
        if None in moved.values():
            self.say("strace: not installed, or not allowed here: how proxies move bodies is not "
                     "counted (apt-get install strace)")
        return moved

    def add_moved(self, name, row):
        counts = self.moved.get((name, row["body_bytes"]))
        if counts:
            add_feature(row, "splices_per_request", f"{counts.splices:.1f}")
            add_feature(row, "reads_per_request", f"{counts.reads:.1f}")
            add_feature(row, "spliced_bytes_per_request", f"{counts.spliced:.0f}")
            add_feature(row, "copied_bytes_per_request", f"{counts.copied:.0f}")

    def left(self, repeat):
        """Trials of this round and those after it."""
        return (self.options.rounds - repeat + 1) * sum(
            len(trials_of(name, self.clients, self.cells)) for name in self.names)

    def show(self, name, trial, left):
        if sys.stderr.isatty() and not self.options.quiet:
            elapsed = time.monotonic() - self.begin
            eta = f", {elapsed / self.done * left / 60:.1f} min left" if self.done else ""
            print(f"\r[{self.done}/{self.done + left}] {name} {trial[0]} "
                  f"{cell_name(trial[2:])}{eta}\x1b[K", end="", file=sys.stderr, flush=True)

    def say(self, text):
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(clear + text, file=sys.stderr)

    def iperf3(self):
        """Its row: the host's columns, and the few that it knows."""
        row = {column: None for column in self.host}
        for column in list(self.host)[:list(self.host).index("mode")]:
            row[column] = self.host[column]
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        _, client, connections, body, reuse = IPERF_KEY
        # It knows no fractions.
        seconds = -(-milliseconds_of(self.options.duration) // 1000)
        row.update(started_at=now, client=client, connections=connections, body_bytes=body,
                   response_bytes=0, reuse=reuse, loop="closed", duration_s=float(seconds),
                   errors=0, bytes_per_s=iperf3(seconds, connections), status="ok")
        return row

    def add_passes(self, repeat):
        for row in passes(self.options):
            row.update(run_id=self.run_id, seed=self.options.seed, repeat=repeat)
            self.rows.append(row)

    def trial(self, name, server, trial, repeat):
        row = load(self.options, server, *trial) if server else self.iperf3()
        self.done += 1
        mode, _, relay = name.partition(" ")
        # The mode says which server it was. Its port is another in each round.
        row.update(run_id=self.run_id, mode=mode, relay=relay or None, url=None,
                   workers=WORKERS if server else 0, seed=self.options.seed, repeat=repeat,
                   trial_order=self.done)
        if name in SET_UP:
            add_feature(row, "set_up", SET_UP[name])
        self.add_moved(name, row)
        if row["status"] != "ok":
            self.failures += 1
            self.say(f"{name}, {trial[0]}, {cell_name(trial[2:])}: {row['warnings']}")
        self.rows.append(row)

    def server_round(self, name, trials, repeat, left):
        server = None
        try:
            if name == "micro":
                self.add_passes(repeat)
            elif name != "iperf3":
                server = Server(name, self.options)
            for number, trial in enumerate(trials):
                self.show(name, trial, left - number)
                self.trial(name, server, trial, repeat)
        except Unsupported as reason:
            self.say(f"{name}: left out: {reason}")
            self.names.remove(name)
        except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            self.failures += 1
            self.say(f"{name}: {error}")
        finally:
            if server:
                server.close()

    def round(self, repeat):
        left = self.left(repeat)
        for name in self.order.sample(self.names, len(self.names)):
            trials = trials_of(name, self.clients, self.cells)
            self.order.shuffle(trials)
            self.server_round(name, trials, repeat, left)
            left -= len(trials)


def measure(options):
    milliseconds_of(options.duration)
    run = Run(options)
    try:
        for repeat in range(1, options.rounds + 1):
            run.round(repeat)
    except KeyboardInterrupt:
        run.say(f"interrupted; {run.rows.path} has {run.rows.count} whole rows")
        return 1
    run.say(f"{run.rows.count} rows appended to {run.rows.path}, {run.failures} failures")
    return 1 if run.failures else 0
