"""Network namespaces in place of hosts: one for servers, and one for each client."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

SECONDS_MAX = 120


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Hosts:
    """urb-s-PID serves at `address`. Each of `clients` reaches it through a veth pair of its own."""

    def __init__(self, clients):
        self.server = f"urb-s-{os.getpid()}"
        self.clients = [f"urb-c{number}-{os.getpid()}" for number in range(1, clients + 1)]
        self.address = "10.77.1.1"
        self.folder = tempfile.TemporaryDirectory(prefix="urb-hosts-")

    def __enter__(self):
        try:
            for name in [self.server, *self.clients]:
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            for number, name in enumerate(self.clients, 1):
                near, far = f"near{number}", "far"
                ip("-n", self.server, "link", "add", near, "type", "veth", "peer", "name", far,
                   "netns", name)
                for where, device, place in [(self.server, near, 1), (name, far, 2)]:
                    ip("-n", where, "address", "add", f"10.77.{number}.{place}/24", "dev", device)
                    ip("-n", where, "link", "set", device, "up")
                ip("-n", name, "route", "add", "default", "via", f"10.77.{number}.1")
        except subprocess.CalledProcessError as error:
            self.__exit__()
            print("skipped: no network namespaces or veth here:", error.stderr.strip())
            sys.exit(77)
        return self

    def __exit__(self, *_):
        for name in [self.server, *self.clients]:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
        self.folder.cleanup()

    def file(self, name):
        return str(pathlib.Path(self.folder.name) / name)

    def via(self, number=0):
        return f"ip netns exec {self.clients[number]}"

    def received_bytes(self, number=0):
        """What the device of the server's side has received."""
        text = subprocess.run(
            ["ip", "-n", self.server, "-s", "-o", "link", "show", f"near{number + 1}"],
            check=True, capture_output=True, text=True).stdout
        return int(text.split("RX:")[1].split("\\")[1].split()[0])


def inside(name, *command):
    return ["ip", "netns", "exec", name, *command]


def children_of(pid):
    """All below a process, by /proc."""
    below = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            below += [int(entry.name), *children_of(int(entry.name))]
    return below


def has_ended(pid):
    """Also where nobody has waited for it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]
    except OSError:
        return []


def wait_until(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.005)
    return found


def end(process):
    """Ends a child by its number, whatever it does."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
