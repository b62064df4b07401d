#!/usr/bin/env python3
"""The peers lose no byte, HAProxy splices, and a tiny run of tools/peers writes rows that can be read.

Arguments: the uring-bench under test, the source folder. Exits 77 where no peer is installed.
"""
import argparse
import concurrent.futures
import csv
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

BINARY, SOURCE = sys.argv[1:3]
TOOL = os.path.join(SOURCE, "tools", "peers")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "tools"))
import bodies_moved
import peers_servers
from peers_cells import FOREIGN, WORKERS
from peers_load import SPLICED_LEAST, load
from peers_servers import Server
from rows import features_of


def read_answer(client, buffered):
    """One response: its body's number of bytes as the server counted them, and what follows it."""
    while b"\r\n\r\n" not in buffered:
        buffered += receive(client)
    head, _, buffered = buffered.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
    while len(buffered) < length:
        buffered += receive(client)
    return int(re.search(rb'"bytes":"?(\d+)', buffered[:length]).group(1)), buffered[length:]


def receive(client):
    data = client.recv(65536)
    assert data, "the server closed in the middle of an answer"
    return data


def check_bytes(name, port, random_):
    """Bodies of all sizes on kept connections, cut anywhere, two requests at once among them."""
    for size in (0, 1, 1000, 65536, 70_000, 3_000_000):
        for early in (0, 1, 500, 16_384, 65_536, 200_000):
            head = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
            request = head + bytes(size)
            # The head and the first bytes of its body in one piece, then the rest, then another two.
            cut = random_.randrange(len(head) + 1) if early == 0 else len(head) + min(early, size)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.sendall(request[:cut])
                client.sendall(request[cut:])
                count, rest = read_answer(client, b"")
                assert count == size, f"{name}: {count} of {size} bytes, {early} of them early"
                client.sendall(request + head + bytes(size))
                for _ in range(2):
                    count, rest = read_answer(client, rest)
                    assert count == size, f"{name}: {count} of {size} bytes in a later request"
                assert not rest, f"{name}: bytes behind the answer: {rest[:80]}"


def check_crowd(name, port):
    """Eight connections at once, each with head and body in one piece: a server that reads more
    than it looks at must not lose what it has read."""
    size = 66_000
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)

    def ask(_):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(request)
            return read_answer(client, b"")[0]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(12):
            counts = list(pool.map(ask, range(8)))
            assert counts == [size] * 8, f"{name}: {counts} of {size} bytes"


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        children = [int(child) for child in file.read().split()]
    return children + [below for child in children for below in descendants(child)]


def summary_of(path):
    done = subprocess.run([sys.executable, TOOL, "--binary", BINARY, "--summary", path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain(text):
    """As one line: where lines break is not said."""
    return " ".join(text.split())


def load_of(server):
    """The row of a short trial with bodies of 1 MB."""
    options = argparse.Namespace(binary=BINARY, duration="300ms", warmup="200ms")
    return load(options, server, "builtin", 8, 1 << 20, True)


def check_memory(options):
    """nginx keeps the buffers of its bodies, 256 pages each: 100 faults a request where it does not."""
    server = Server("nginx-direct", options)
    try:
        workers = bodies_moved.children_of(server.processes[-1].pid)
        assert len(workers) == WORKERS, workers
        faults = bodies_moved.page_faults(workers, options.binary, server.port, 1 << 20)
    finally:
        server.close()
    assert faults < 40, f"nginx-direct: {faults} page faults a request"


def check_splices(options):
    """By HAProxy's own counter, and by strace where it may look."""
    server = Server("haproxy-proxy", options)
    try:
        share = float(features_of(load_of(server))["spliced"])
        assert SPLICED_LEAST <= share <= 1, f"HAProxy spliced {share} of the bytes"
        counts = bodies_moved.count(server.proxy_pids(), server.port, 1 << 20)
        if counts:
            assert counts.splices >= 2 and counts.spliced > 0.9 * (1 << 20), vars(counts)
            assert counts.copied < 0.1 * (1 << 20), vars(counts)
    finally:
        server.close()
    print(f"haproxy-proxy: {100 * share:.1f} % spliced; strace: {vars(counts) if counts else 'not here'}")


def check_copies(options):
    """A set-up of HAProxy that copies is found out, by either way of counting."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(peers_servers.PEERS, folder, dirs_exist_ok=True)
        path = os.path.join(folder, "haproxy.cfg.in")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^ +option splice-.*\n", "", text))
        real, peers_servers.PEERS = peers_servers.PEERS, folder
        try:
            server = Server("haproxy-proxy", options)
        finally:
            peers_servers.PEERS = real
        try:
            counts = bodies_moved.count(server.proxy_pids(), server.port, 1 << 20)
            if counts:
                assert counts.splices == 0 and counts.copied >= 1 << 20, vars(counts)
            try:
                row = load_of(server)
            except RuntimeError as error:
                assert "haproxy-proxy copied: it spliced 0 of" in str(error), error
            else:
                raise AssertionError(f"a trial in which HAProxy copied was taken: {row['features']}")
        finally:
            server.close()


def take_as_quiet(path):
    """A summary leaves disturbed trials out, and gives no ratio where the client was the limit. A
    test must depend on neither, since both are of the machine."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(disturbed="", bottleneck="none", warnings="")
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def check_small(folder, there):
    """Single passes of a descriptor beside servers; and that one session decides nothing."""
    path = os.path.join(folder, "small.csv")
    some = ["direct", "cluster", "micro", *(["nginx-direct"] if "nginx-direct" in there else [])]
    done = subprocess.run(
        [sys.executable, TOOL, "--binary", BINARY, "--rounds", "1", "--duration", "200ms",
         "--cells", "0", "--clients", "builtin", "--only", ",".join(some), "--output", path],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    take_as_quiet(path)
    text = plain(summary_of(path))
    assert re.search(r"`micro fd-pass-1` takes [\d.]+ µs\.", text), text
    assert "There is one session. Two are needed for a verdict." in text, text


def main():
    os.environ["PATH"] += ":/usr/sbin"
    there = [name for name, program in FOREIGN.items() if shutil.which(program)]
    if not there:
        print("skipped: neither Node nor nginx nor HAProxy is installed (./bootstrap --peers)")
        return 77
    options = argparse.Namespace(binary=BINARY)
    for name in there:
        server = Server(name, options)
        processes = [int(pid) for pid in server.pids().split(",")]
        processes += [below for pid in processes for below in descendants(pid)]
        try:
            check_bytes(name, server.port, random.Random(1))
            check_crowd(name, server.port)
        finally:
            server.close()
        deadline = time.monotonic() + 10
        while (left := [pid for pid in processes if is_running(pid)]) and time.monotonic() < deadline:
            time.sleep(0.01)  # a killed process takes a moment to end
        assert not left and not os.path.exists(server.folder), f"{name} left {left} or {server.folder}"
        print(f"{name}: all bytes")
    if "nginx-direct" in there:
        check_memory(options)
    if "haproxy-proxy" in there:
        check_splices(options)
        check_copies(options)
    with tempfile.TemporaryDirectory() as folder:
        rows_file = os.path.join(folder, "rows.csv")
        # One of each program; long enough for Node on a busy machine.
        some = ["direct", *[name for name in ("nginx-proxy", "haproxy-proxy", "node-socket")
                            if name in there]]
        command = [sys.executable, TOOL, "--binary", BINARY, "--rounds", "1", "--duration", "600ms",
                   "--clients", "builtin", "--cells", "1M", "--only", ",".join(some), "--output",
                   rows_file]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        with open(os.path.join(SOURCE, "test", "data", "csv_header.txt"), encoding="utf-8") as file:
            header = file.read().split()[-1].split(",")
        with open(rows_file, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == header, "the header is not that of all rows"
        assert sorted(row["mode"] for row in rows) == sorted(some * 2), rows
        for row in rows:
            assert row["status"] == "ok" and int(row["requests"]) > 0, row
            assert float(row["cpu_s_per_gb_server"]) > 0, row
            assert float(features_of(row)["faults_per_request"]) >= 0, row
            if row["mode"] in there:
                assert re.fullmatch(r"\d+\.\d[\w.]*", features_of(row)["version"]), row
            if row["mode"] == "haproxy-proxy":
                assert float(features_of(row)["spliced"]) >= SPLICED_LEAST, row
        # Our own reader, which trusts nobody, takes them too, and only wants more of them.
        same = subprocess.run([BINARY, "compare", "--accept-disturbed", rows_file, rows_file],
                              capture_output=True, text=True, timeout=60)
        assert "has 1 repeat with figures" in same.stderr, same.stderr
        take_as_quiet(rows_file)
        summary = summary_of(rows_file)
        assert "| direct |" in summary, summary
        if "haproxy-proxy" in some:
            assert "| haproxy-proxy |" in summary and "left out" not in summary, summary
            # Rows that prove nothing are not shown, nor those of an older set-up.
            unproved = os.path.join(folder, "unproved.csv")
            with open(rows_file, encoding="utf-8") as file:
                text = re.sub(r";?spliced=[\d.]+", "", file.read())
            with open(unproved, "w", encoding="utf-8") as file:
                file.write(text)
            summary = summary_of(unproved)
            assert "Rows left out: 2 of haproxy-proxy." in plain(summary), summary
            assert "| haproxy-proxy |" not in summary, summary
            with open(unproved, "w", encoding="utf-8") as file:
                file.write(re.sub(r";?set_up=\d+", "", text))
            assert "2 of haproxy-proxy, 2 of nginx-proxy" in plain(summary_of(unproved))
        check_small(folder, there)
    return 0


if __name__ == "__main__":
    sys.exit(main())
