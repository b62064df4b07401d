"""What a server does for a body: system calls, the bytes that they carried, page faults.

strace counts the calls, and slows the server down: this is for a few requests apart from timed
ones. What is done through io_uring is no system call of its own, and is not seen. Page faults are
the kernel's count of each process, while eight connections send at once.
"""
import re
import shutil
import socket
import subprocess
import tempfile

READS = {"read", "readv", "recvfrom", "recvmsg"}
WRITES = {"write", "writev", "sendto", "sendmsg"}
SPLICES = {"splice", "tee", "vmsplice", "sendfile"}
REQUESTS, CONNECTIONS = 4, 8
# A call that another process interrupted ends on a later line: "<... splice resumed>".
CALL_END = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?: resumed>|\().*\) += (-?\d+)", re.MULTILINE)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


def family_of(pid):
    """A process, its children and theirs."""
    return [pid] + [below for child in children_of(pid) for below in family_of(child)]


class Counts:
    """Of one request, on average; `copied` and `spliced` in bytes."""

    def __init__(self, log, requests):
        calls = {name: 0 for name in READS | WRITES | SPLICES}
        carried = dict(calls)
        ended = CALL_END.findall(log)
        for name, result in ended:
            if name in calls:
                calls[name] += 1
                carried[name] += max(int(result), 0)

        def of(names, values):
            return sum(values[name] for name in names) / requests

        self.calls = len(ended) / requests
        self.splices, self.reads = of(SPLICES, calls), of(READS, calls)
        # A spliced byte goes into a pipe and out of it.
        self.spliced, self.copied = of(SPLICES, carried) / 2, of(READS, carried)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def upload(client, body_bytes, requests):
    """So many requests on one connection."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % body_bytes
    request = head + bytes(body_bytes)
    for _ in range(requests):
        client.sendall(request)
        answer = b""
        while not re.search(rb'"bytes":"?\d+[^}]*}', answer):
            piece = client.recv(65536)
            if not piece:
                raise RuntimeError(f"the server closed behind {answer[:200]!r}")
            answer += piece


def minor_faults(pids):
    faults = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            faults += int(file.read().rpartition(")")[2].split()[7])
    return faults


def page_faults(pids, program, port, body_bytes):
    """Minor faults of a request, with eight kept connections that had as many before."""
    requests = 100 if body_bytes > 1 << 20 else 400

    def load():
        done = subprocess.run(
            [program, "load", f"http://127.0.0.1:{port}/", "--accept-disturbed", "-q", "-c",
             str(CONNECTIONS), "-b", str(body_bytes), "-r", "yes", "-n", str(requests), "--warmup",
             "0ms", "--csv", "-"], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"page faults: {done.stderr.strip()}")
    # Connections find other workers each time; each has to have had as many at once.
    for _ in range(2):
        load()
    before = minor_faults(pids)
    load()
    return (minor_faults(pids) - before) / requests


def count(pids, port, body_bytes):
    """What processes do for a request; None where strace is not installed or may not look."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8", errors="replace") as log:
        command = ["strace", "-f", "-s", "0", "-e", "signal=none", "-o", log.name]
        for pid in pids:
            command += ["-p", str(pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            for _ in pids:
                if "attached" not in (tracer.stderr.readline() or ""):
                    return None
            with connect(port) as client:
                upload(client, body_bytes, REQUESTS)
        finally:
            # It lets go of the processes, which go on.
            tracer.terminate()
            tracer.communicate(timeout=30)
        return Counts(log.read(), REQUESTS)
