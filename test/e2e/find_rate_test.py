#!/usr/bin/env python3
"""--find-rate against a server that stalls. Usage: find_rate_test.py BINARY SOURCE_ROOT

The server answers one request after the other, each after 5 ms, and does nothing for 0.5 s of each
5 s. A client that sends on only after an answer would hardly see that. Latencies from the planned
time have it: a request planned t into the stall, at a rate of R/s, takes 0.5 s - t for the rest of
the stall, t R / 200 for what waits before it, and 5 ms. So more than x seconds take those of
t < (0.505 - x) / (1 - R / 200), and 5 % of 5 s are t = 0.25 s. For p95<380ms, R = 100.
"""
import asyncio
import csv
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
SERVICE, STALL, PERIOD = 0.005, 0.5, 5.0
WARMUP = 0.3
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class StallingServer:
    """Its times are planned, so that a busy machine does not add up in them."""

    def __init__(self):
        self.connections = 0
        self.begin = 0.0  # of a load: when its first connection came
        self.free_at = 0.0
        self.port = 0
        self.loop = asyncio.new_event_loop()
        is_ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(is_ready,), daemon=True)
        self.thread.start()
        is_ready.wait(10)

    def run(self, is_ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        is_ready.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        if self.connections == 0:
            self.begin = self.free_at = self.loop.time()
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                await asyncio.sleep(self.next_end() - self.loop.time())
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections -= 1
            writer.close()

    def next_end(self):
        start = max(self.loop.time(), self.free_at)
        # The first stall is a second into the window.
        phase = (start - self.begin - WARMUP - 1) % PERIOD
        if phase < STALL and start - self.begin > WARMUP:
            start += STALL - phase
        self.free_at = start + SERVICE
        return self.free_at


def check(holds, *said):
    if not holds:
        raise AssertionError("\n".join(str(one) for one in said))


def main():
    server = StallingServer()
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "rows.csv")
        done = subprocess.run(
            [BINARY, "load", f"http://127.0.0.1:{server.port}/", "-c", "4", "-b", "0", "-r", "yes",
             "-d", f"{PERIOD:g}s", "--warmup", f"{WARMUP * 1000:g}ms", "--find-rate", "p95<380ms",
             "--rate", "50", "--repeats", "1", "--accept-disturbed", "-q", "--csv", path],
            capture_output=True, text=True, timeout=180)
        print(done.stdout)
        check(done.returncode == 0, done.returncode, done.stderr)
        found = re.search(r"Highest rate: (\d+) req/s, and not (\d+)", done.stdout)
        check(found and 85 <= int(found[1]) <= 110, done.stdout)
        with open(path, newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["rate_requested"] == found[1]]
        # From the send, four requests were slow, and nothing else tells of the stall.
        check(float(rows[0]["latency_us_p99"]) > 380e3, rows[0])
        check(float(rows[0]["service_us_p99"]) < 200e3, rows[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
