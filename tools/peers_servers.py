"""Servers beside ours: each with all its processes, in a folder that goes with them."""
import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import bodies_moved
from peers_cells import OURS, WORKERS, Unsupported

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "peers")
# Memory freed is kept: nginx and h2o take a buffer for each body, of new pages each time.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": 32 << 20, "MALLOC_TRIM_THRESHOLD_": 1 << 30,
               "MALLOC_TOP_PAD_": 128 << 20}
# Proxies whose workers are children of a master.
FORKING = ("nginx-proxy", "lighttpd-proxy")
QUESTION = (b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Content-Length: 5\r\n\r\nhello")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fill(name, values):
    """A configuration of bench/peers, with its @words@ replaced."""
    with open(os.path.join(PEERS, name), encoding="utf-8") as file:
        text = file.read()
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text


@functools.lru_cache(maxsize=1)
def go_program():
    """Go's servers, compiled once a run."""
    folder = tempfile.mkdtemp(prefix="peers-go-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = os.path.join(folder, "server")
    done = subprocess.run(["go", "build", "-o", program, os.path.join(PEERS, "server.go")],
                          env={"GOCACHE": os.path.join(folder, "cache"), "GO111MODULE": "off",
                               **os.environ}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unsupported(f"go build: {done.stderr.strip()[-300:]}")
    return program


def port_of(line):
    """Of "listening on 127.0.0.1:8080 (…)"; None for another kind of address."""
    address = line.partition("listening on ")[2].split()[0]
    host, _, port = address.rpartition(":")
    return int(port) if host == "127.0.0.1" else None


class Server:
    """One server with all its processes, which end with it, in a folder that goes with it."""

    def __init__(self, name, options):
        self.name = name
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="peers-")
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        try:
            self.port = self._start(name, [options.binary, "serve"])
            self._wait()
        except BaseException:
            self.close()
            raise

    def _spawn(self, command, environment=None):
        added = {key: str(value) for key, value in (environment or {}).items()}
        self.processes.append(subprocess.Popen(
            command, stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, **added}))

    def _spawn_that_says_port(self, command, environment=None):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                   start_new_session=True,
                                   env={**os.environ, **(environment or {})})
        self.processes.append(process)
        line = process.stdout.readline()
        if not line and process.wait(timeout=10) == 77:
            raise Unsupported(self._said())
        if "listening on" not in line:
            raise RuntimeError(f"{command[0]} did not start: {line.strip()} {self._said()}")
        return port_of(line)

    def _start(self, name, serve):
        workers = ["-w", str(WORKERS)]
        if name in OURS:
            return self._spawn_that_says_port(
                [*serve, name.split()[0], *workers, "-l", "127.0.0.1:0", *OURS[name]])
        if name.startswith("node-"):
            return self._spawn_that_says_port(
                ["node", os.path.join(PEERS, name + ".js"), str(WORKERS)])
        backend = os.path.join(self.folder, "workers.sock")
        if name.endswith("-proxy"):
            self._spawn_that_says_port([*serve, "direct", *workers, "-l", "unix:" + backend])
        if name.startswith("go-"):
            return self._spawn_that_says_port(
                [go_program(), name.removeprefix("go-"), "0", backend],
                {"GOMAXPROCS": str(WORKERS)})
        return self._start_configured(name, backend)

    def _start_configured(self, name, backend):
        """Those that read a file and say nothing."""
        port, config = free_port(), os.path.join(self.folder, "config")
        values = {"folder": self.folder, "port": port, "backend": backend, "what": name,
                  "workers": WORKERS}
        environment = None
        if name == "haproxy-proxy":
            text = fill("haproxy.cfg.in", values)
            command = ["haproxy", "-db", "-f", config]
        elif name == "lighttpd-proxy":
            text = fill("lighttpd.conf.in", values)
            command = ["lighttpd", "-D", "-f", config]
        elif name == "h2o-proxy":
            text, environment = fill("h2o.conf.in", values), KEEP_MEMORY
            command = ["h2o", "-m", "worker", "-c", config]
        else:
            values["server"] = fill(name + ".conf.in", values)
            text, environment = fill("nginx.conf.in", values), KEEP_MEMORY
            command = ["nginx", "-p", self.folder, "-c", config]
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        # nginx has its workers become another user, who must get at what is here.
        os.chmod(self.folder, 0o755)
        if os.path.exists(backend):
            os.chmod(backend, 0o777)
        self._spawn(command, environment)
        return port

    def _said(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()[-500:].strip()

    def _wait(self):
        """Until it answers a request with the number of its body's bytes."""
        deadline = time.monotonic() + 10
        while (problem := self._problem()) is not None:
            if time.monotonic() > deadline or any(p.poll() is not None for p in self.processes):
                raise RuntimeError(f"no answer: {problem} {self._said()}")
            time.sleep(0.05)

    def _problem(self):
        """What is wrong with its answer; None for nothing."""
        answer = b""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as client:
                client.sendall(QUESTION)
                while chunk := client.recv(4096):
                    answer += chunk
        except OSError as error:
            return str(error)
        text = answer.decode(errors="replace")
        start, end = text.find("{"), text.rfind("}")
        if not text.startswith("HTTP/1.1 200") or start < 0 or end < start:
            return text
        try:
            count = json.loads(text[start:end + 1])["bytes"]
        except (ValueError, LookupError):
            return text
        return None if str(count) == "5" else text

    def pids(self):
        return ",".join(str(process.pid) for process in self.processes)

    def proxy_pids(self):
        """The processes that every body goes through."""
        proxy = self.processes[-1].pid
        return bodies_moved.children_of(proxy) if self.name in FORKING else [proxy]

    def busy_pids(self):
        """Of a proxy its own processes, of another server all that it has."""
        if self.name.endswith("-proxy"):
            return self.proxy_pids()
        return [pid for process in self.processes for pid in bodies_moved.family_of(process.pid)]

    def sent(self):
        """HAProxy's own counters: bytes that went out, and those of them that it spliced."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(self.folder, "stats"))
            client.sendall(b"show info\n")
            lines = client.makefile(encoding="utf-8").read().splitlines()
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        # The second spelling is that of HAProxy up to 2.6.
        for spliced in ("TotalSplicedBytesOut", "TotalSplicdedBytesOut"):
            if spliced in fields and "TotalBytesOut" in fields:
                return [int(fields["TotalBytesOut"]), int(fields[spliced])]
        raise RuntimeError("haproxy: `show info` has no TotalSplicedBytesOut "
                           "(HAProxy 2.4 or later has)")

    def close(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        # A master of nginx ends before its workers do. They are of its session.
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            if process.stdout:
                process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
