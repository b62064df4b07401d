"""Rounds of all servers, in a seeded random order, and the file that their rows go to."""
import csv
import os
import random
import re
import shutil
import subprocess
import sys
import time

import bodies_moved
from peers_cells import (CELLS, FOREIGN, OURS, SET_UP, SIZES, SMALL, VERSIONS, WORKERS, Unsupported,
                         cell_name, trials_of)
from peers_load import add_feature, load, milliseconds_of, passes
from peers_servers import Server


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
    everything = [*OURS, *FOREIGN, "micro"]
    names = []
    for name in choose(options.only, everything, "server") if options.only else everything:
        program = FOREIGN.get(name)
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


def version_of(name):
    """Of another server's program: "1.22.1"; None for one of ours."""
    if name not in FOREIGN:
        return None
    program = FOREIGN[name]
    done = subprocess.run([program, *VERSIONS[program]], capture_output=True, text=True,
                          check=False)
    found = re.search(r"\d+\.\d+[\w.]*", done.stdout + done.stderr)
    return found[0] if found else None


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
        self.work = {} if options.no_counts else self.count_work()
        self.versions = {name: version_of(name) for name in self.names}
        self.rows = Rows(options.output or f"results/peers-{os.uname().release}.csv",
                         list(self.host))
        self.run_id = self.host["run_id"]

    def count_work(self):
        """What a server does for a body, by its name and the body's size; before the rounds."""
        work = {}
        for name in [name for name in self.names if name != "micro"]:
            server = Server(name, self.options)
            try:
                pids = server.busy_pids()
                for size in sorted({cell[0] for cell in self.cells} - {0}):
                    faults = bodies_moved.page_faults(pids, self.options.binary, server.port,
                                                      size)
                    work[name, size] = faults, bodies_moved.count(pids, server.port, size)
            except Unsupported as reason:
                self.say(f"{name}: left out: {reason}")
                self.names.remove(name)
            finally:
                server.close()
        if any(counts is None for _, counts in work.values()):
            self.say("strace: not installed, or not allowed here: system calls are not counted "
                     "(apt-get install strace)")
        return work

    def add_work(self, name, row):
        if self.versions.get(name):
            add_feature(row, "version", self.versions[name])
        faults, counts = self.work.get((name, row["body_bytes"]), (None, None))
        if faults is not None:
            add_feature(row, "faults_per_request", f"{faults:.2f}")
        if counts:
            add_feature(row, "calls_per_request", f"{counts.calls:.1f}")
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

    def add_passes(self, repeat):
        for row in passes(self.options):
            row.update(run_id=self.run_id, seed=self.options.seed, repeat=repeat)
            self.rows.append(row)

    def trial(self, name, server, trial, repeat):
        row = load(self.options, server, *trial)
        self.done += 1
        mode, _, relay = name.partition(" ")
        # The mode says which server it was. Its port is another in each round.
        row.update(run_id=self.run_id, mode=mode, relay=relay or None, url=None,
                   workers=WORKERS, seed=self.options.seed, repeat=repeat,
                   trial_order=self.done)
        if name in SET_UP:
            add_feature(row, "set_up", SET_UP[name])
        self.add_work(name, row)
        if row["status"] != "ok":
            self.failures += 1
            self.say(f"{name}, {trial[0]}, {cell_name(trial[2:])}: {row['warnings']}")
        self.rows.append(row)

    def server_round(self, name, trials, repeat, left):
        server = None
        try:
            if name == "micro":
                self.add_passes(repeat)
            else:
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
    for duration in (options.duration, options.warmup):
        milliseconds_of(duration)
    run = Run(options)
    try:
        for repeat in range(1, options.rounds + 1):
            run.round(repeat)
    except KeyboardInterrupt:
        run.say(f"interrupted; {run.rows.path} has {run.rows.count} whole rows")
        return 1
    run.say(f"{run.rows.count} rows appended to {run.rows.path}, {run.failures} failures")
    return 1 if run.failures else 0
