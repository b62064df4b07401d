#!/usr/bin/env python3
"""Takes the machine away from a measurement, to see whether that notices.

  test/hog.py cpu SECONDS [--cpu N]      a busy loop, on any CPU or on CPU N
  test/hog.py memory SECONDS [--cpu N]   copies between two blocks that fit into no cache

Ends by itself after SECONDS, and with the process that started it.
"""
import argparse
import ctypes
import os
import signal
import time

BLOCK_BYTES = 256 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("kind", choices=["cpu", "memory"])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--cpu", type=int)
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    end = time.monotonic() + options.seconds
    if options.kind == "cpu":
        while time.monotonic() < end:
            pass
        return
    source, target = bytearray(BLOCK_BYTES), bytearray(BLOCK_BYTES)
    while time.monotonic() < end:
        target[:] = source


if __name__ == "__main__":
    main()
