#!/usr/bin/env python3
"""Runs whose client comes by ssh, from a server of our own. Usage: ssh_test.py BINARY SOURCE_ROOT

The server has a free port of loopback, and keys and settings in a temporary folder. Exits with 77
where sshd, ssh or root is missing, and says so. It leaves nothing behind.
"""
import csv
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from hosts_rig import (SECONDS_MAX, children_of, command_of, end, has_ended, wait_until)

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
# Where sshd shuts its unprivileged part in: a package's service makes it.
EMPTY_FOLDER = pathlib.Path("/run/sshd")


def check(holds, *said):
    if not holds:
        raise AssertionError("\n".join(str(one) for one in said))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Login:
    """An sshd whom one key opens, and what reaches it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="urb-ssh-")
        self.made_empty_folder = not EMPTY_FOLDER.exists()
        self.server = None

    def file(self, name):
        return str(pathlib.Path(self.folder.name) / name)

    def __enter__(self):
        EMPTY_FOLDER.mkdir(mode=0o755, exist_ok=True)
        for name in ["host_key", "key"]:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.file(name)],
                           check=True)
        shutil.copy(self.file("key.pub"), self.file("authorized_keys"))
        for _ in range(10):  # another process may take the port in between
            self.port = free_port()
            if self.start():
                break
        host_key = pathlib.Path(self.file("host_key.pub")).read_text()
        pathlib.Path(self.file("known_hosts")).write_text(f"[127.0.0.1]:{self.port} {host_key}")
        return self

    def start(self):
        settings = {"Port": self.port, "ListenAddress": "127.0.0.1", "HostKey": self.file("host_key"),
                    "AuthorizedKeysFile": self.file("authorized_keys"), "PidFile": "none",
                    "StrictModes": "no", "UsePAM": "no", "PasswordAuthentication": "no",
                    "PermitRootLogin": "prohibit-password", "PrintMotd": "no"}
        pathlib.Path(self.file("sshd_config")).write_text(
            "".join(f"{name} {value}\n" for name, value in settings.items()))
        with open(self.file("log"), "wb") as log:
            self.server = subprocess.Popen([SSHD, "-D", "-e", "-f", self.file("sshd_config")],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: "listening on" in self.log() or self.server.poll() is not None)
        return self.server.poll() is None

    def log(self):
        return pathlib.Path(self.file("log")).read_text()

    def __exit__(self, *_):
        # Sessions are of their own groups, and outlive the server that took them.
        if self.server is not None:
            for pid in children_of(self.server.pid):
                stop(pid, signal.SIGKILL)
            end(self.server)
        if self.made_empty_folder:
            EMPTY_FOLDER.rmdir()
        self.folder.cleanup()

    def via(self):
        options = [f"UserKnownHostsFile={self.file('known_hosts')}", "GlobalKnownHostsFile=none",
                   "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes"]
        words = " ".join(f"-o {option}" for option in options)
        user = pwd.getpwuid(os.geteuid()).pw_name
        return (f"ssh -F none -p {self.port} -i {self.file('key')} {words} {user}@127.0.0.1 "
                f"{BINARY}")

    def clients(self):
        """On the far side, which the server of ssh has started."""
        return [pid for pid in children_of(self.server.pid) if command_of(pid) == [BINARY, "client"]]


def stop(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def start(login, *options, path, duration="300ms"):
    return subprocess.Popen(
        [BINARY, *options, "--client-via", login.via(), "-b", "64K", "-c", "4", "-d", duration,
         "--warmup", "100ms", "--repeats", "1", "--budget", "0", "-q", "--accept-disturbed",
         "--csv", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True)


def finish(process):
    out, err = process.communicate(timeout=SECONDS_MAX)
    return process.returncode, out, err


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def is_idle(login):
    """Whether no session is left."""
    return not children_of(login.server.pid)


def wait_for_window(login, process):
    """Until the far client works against the workers."""
    client = wait_until(lambda: login.clients() or process.poll() is not None)
    check(client is not True, process.poll() is not None and finish(process), login.log())
    wait_until(lambda: has_run_for(client[0], 0.2))
    return client[0]


def has_run_for(pid, seconds):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") >= seconds


def test_run(login):
    path = login.file("run.csv")
    status, out, err = finish(start(login, "direct", "cluster", path=path))
    check(status == 0, out, err, login.log())
    rows = rows_of(path)
    check(len(rows) == 4, rows)
    for row in rows:
        check(row["status"] == "ok" and row["verified_requests"] == row["requests"], row)
        check(row["server_host"] and row["client_host"], row)
        check(float(row["cpu_us_per_request_client"]) > 0, row)
    wait_until(lambda: is_idle(login))


def test_killed_client(login):
    """Its end is the trial's, and the next trial logs in again."""
    path = login.file("killed.csv")
    process = start(login, "direct", "cluster", "-r", "yes", path=path, duration="4s")
    try:
        os.kill(wait_for_window(login, process), signal.SIGKILL)
        status, out, err = finish(process)
    finally:
        end(process)
    rows = rows_of(path)
    check(status == 1 and [row["status"] for row in rows] == ["failed", "ok"], rows, err)
    check(f"the client '{login.via()}' " in rows[0]["warnings"], rows[0]["warnings"])
    # No more is known of it here: ssh has a status for all that was killed.
    check("ended with exit status 255" in rows[0]["warnings"], rows[0]["warnings"])
    wait_until(lambda: is_idle(login))


def test_broken_connection(login):
    """So is the end of ssh."""
    path = login.file("broken.csv")
    process = start(login, "direct", "cluster", "-r", "yes", path=path, duration="4s")
    try:
        client = wait_for_window(login, process)
        near = [pid for pid in children_of(process.pid) if command_of(pid)[:1] == ["ssh"]]
        check(len(near) == 1, near)
        os.kill(near[0], signal.SIGKILL)
        wait_until(lambda: has_ended(client))
        status, out, err = finish(process)
    finally:
        end(process)
    rows = rows_of(path)
    check(status == 1 and [row["status"] for row in rows] == ["failed", "ok"], rows, err)
    check(f"the client '{login.via()}'" in rows[0]["warnings"], rows[0]["warnings"])
    wait_until(lambda: is_idle(login))


def test_nothing_stays(login):
    """No terminal is there to hand Ctrl-C on. The far client ends with its input. Ctrl-C at the
    near side's terminal reaches ssh as well as the run."""
    for send, number in [(os.killpg, signal.SIGINT), (os.kill, signal.SIGINT),
                         (os.kill, signal.SIGTERM), (os.kill, signal.SIGKILL)]:
        process = start(login, "direct", path=login.file(f"stopped{number}.csv"), duration="20s")
        try:
            client = wait_for_window(login, process)
            below = children_of(process.pid)
            check(len(below) >= 3, below)
            send(process.pid, number)
            finish(process)
            wait_until(lambda: has_ended(client))
            wait_until(lambda: all(has_ended(pid) for pid in below))
            wait_until(lambda: is_idle(login))
        finally:
            end(process)


def test_refused_login(login):
    path = login.file("refused.csv")
    other = login.file("other_key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    via = login.via().replace(login.file("key"), other)
    status, out, err = finish(subprocess.Popen(
        [BINARY, "direct", "--client-via", via, "--csv", path], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True))
    check(status == 1 and "Permission denied" in err and len(err.splitlines()) == 1, status, err)


def main():
    if SSHD is None or shutil.which("ssh") is None:
        print("skipped: sshd (Debian: openssh-server) or ssh is not installed")
        return 77
    if os.geteuid() != 0:
        print("skipped: sshd lets in no other user than its own without root")
        return 77
    chosen = sys.argv[3:]
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    with Login() as login:
        for test in tests:
            if chosen and test.__name__ not in chosen:
                continue
            test(login)
            print("ok:", test.__name__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
