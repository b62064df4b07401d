"""How a proxy moves a body: the system calls of its processes and the bytes they carried.

strace counts them, and slows the proxy down: this is for a few requests apart from timed ones.
What is done through io_uring is no system call of its own, and is not seen.
"""
import re
import shutil
import socket
import subprocess
import tempfile

READS = {"read", "readv", "recvfrom", "recvmsg"}
WRITES = {"write", "writev", "sendto", "sendmsg"}
SPLICES = {"splice", "tee", "vmsplice", "sendfile"}
REQUESTS = 4
# A call that another process interrupted ends on a later line: "<... splice resumed>".
CALL_END = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?: resumed>|\().*\) += (-?\d+)", re.MULTILINE)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


class Counts:
    """Of one request, on average; `copied` and `spliced` in bytes."""

    def __init__(self, log, requests):
        calls = {name: 0 for name in READS | WRITES | SPLICES}
        carried = dict(calls)
        for name, result in CALL_END.findall(log):
            if name in calls:
                calls[name] += 1
                carried[name] += max(int(result), 0)

        def of(names, values):
            return sum(values[name] for name in names) / requests

        self.splices, self.reads = of(SPLICES, calls), of(READS, calls)
        # A spliced byte goes into a pipe and out of it.
        self.spliced, self.copied = of(SPLICES, carried) / 2, of(READS, carried)


def upload(port, body_bytes):
    """REQUESTS requests on one connection."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % body_bytes
    request = head + bytes(body_bytes)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        for _ in range(REQUESTS):
            client.sendall(request)
            answer = b""
            while not re.search(rb'"bytes":"?\d+[^}]*}', answer):
                piece = client.recv(65536)
                if not piece:
                    raise RuntimeError(f"strace: the server closed behind {answer[:200]!r}")
                answer += piece


def count(pids, port, body_bytes):
    """What processes do for a request; None where strace is not installed or may not look."""
    if not shutil.which("strace"):
        return None
    names = ",".join(sorted(READS | WRITES | SPLICES))
    with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8", errors="replace") as log:
        command = ["strace", "-f", "-s", "0", "-e", "signal=none", "-e", "trace=" + names]
        command += ["-o", log.name]
        for pid in pids:
            command += ["-p", str(pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            for _ in pids:
                if "attached" not in (tracer.stderr.readline() or ""):
                    return None
            upload(port, body_bytes)
        finally:
            # It lets go of the processes, which go on.
            tracer.terminate()
            tracer.communicate(timeout=30)
        return Counts(log.read(), REQUESTS)
