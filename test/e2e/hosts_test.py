#!/usr/bin/env python3
"""Runs whose client is elsewhere, in network namespaces. Usage: hosts_test.py BINARY SOURCE_ROOT

Needs root, ip(8) and veth; else it exits with 77 and says so. It leaves nothing behind.
"""
import csv
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys

from hosts_rig import (SECONDS_MAX, Hosts, children_of, command_of, end, inside, wait_until)

BINARY = str(pathlib.Path(sys.argv[1]).resolve())


def short(*more, accepts=True, **changed):
    """Options of a small run: by their letters, None for none."""
    options = {"b": "64K", "c": "4", "d": "300ms", **changed}
    words = [word for letter, value in options.items() if value for word in ("-" + letter, value)]
    return [*words, *more, "--warmup", "100ms", "--repeats", "1", "--budget", "0", "-q",
            *(["--accept-disturbed"] if accepts else [])]


def start(hosts, modes, *options, via):
    words = [word for one in via for word in ("--client-via", one)]
    return subprocess.Popen(
        inside(hosts.server, BINARY, *modes, "-l", f"{hosts.address}:0", *words, *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, err = process.communicate(timeout=SECONDS_MAX)
    return process.returncode, out, err


def run(hosts, modes, *options, via):
    return finish(start(hosts, modes, *options, via=via))


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def check(holds, *said):
    if not holds:
        raise AssertionError("\n".join(str(one) for one in said))


def test_all_modes(hosts):
    """Rows of all modes and both reuses have figures, both hosts and the link; the ledgers agree,
    or a row would have failed; and the bytes went through the device."""
    # On a machine that others keep busy a close may take half a second, which leaves no figures.
    for attempt in range(3):
        path = hosts.file(f"all{attempt}.csv")
        before = hosts.received_bytes()
        status, out, err = run(hosts, ["all"], *short(), "--csv", path, via=[hosts.via()])
        if status == 0 or "missing_closes" not in err:
            break
    check(status == 0, out, err)
    rows = rows_of(path)
    seen = {(row["mode"], row["reuse"]) for row in rows}
    modes = {row["mode"] for row in rows}
    check(len(modes) >= 5 and len(seen) == 2 * len(modes), seen)
    for row in rows:
        check(row["status"] == "ok" and int(row["requests"]) > 0, row)
        check(row["server_host"].endswith("/" + hosts.server), row["server_host"])
        check(row["client_host"].endswith("/" + hosts.clients[0]), row["client_host"])
        check("veth, mtu 1500" in row["link"] and "offloads" in row["link"], row["link"])
        check(float(row["cpu_us_per_request_workers"]) > 0, row)
        check(float(row["cpu_us_per_request_client"]) > 0, row)
        check(int(row["verified_requests"]) == int(row["requests"]), row)
    sent = sum(int(row["requests"]) * int(row["body_bytes"]) for row in rows)
    check(hosts.received_bytes() - before >= sent, sent)
    check(f"The client '{hosts.via()}'" in out, out)


def test_figures_are_those_of_here(hosts):
    """What a request costs the server does not depend on how its client is reached: the count of
    ring requests is the same with the client here, over the same address. Head and body fit into
    one segment, since a larger body comes in pieces that time decides."""
    counts = []
    for via in [[hosts.via()], []]:
        path = hosts.file(f"counts{len(via)}.csv")
        status, out, err = run(hosts, ["direct"], *short(b="1K", r="yes", d=None, n="2000"),
                               "--csv", path, via=via)
        check(status == 0, out, err)
        row = rows_of(path)[0]
        check(int(row["requests"]) == 2000, row)
        counts.append(float(row["sqes_per_request"]))
    check(abs(counts[0] / counts[1] - 1) < 0.02, counts)


def test_open_loop(hosts):
    path, report = hosts.file("open.csv"), hosts.file("open.json")
    status, out, err = run(hosts, ["direct"], *short(r="yes", b="1K", R="500"),
                           "--csv", path, "--json", report, via=[hosts.via()])
    check(status == 0, out, err)
    row = rows_of(path)[0]
    check(row["loop"] == "open" and 400 < float(row["requests_per_s"]) < 600, row)
    check("late by" in out and "at p99" in out, out)
    trial = json.loads(pathlib.Path(report).read_text())["trials"][0]
    check(trial["latency_histogram"] and trial["service_histogram"], trial)


def test_recorded_arrivals(hosts):
    """A record that is larger than any buffer crosses, and three clients share it."""
    record, path = hosts.file("arrivals"), hosts.file("recorded.csv")
    pathlib.Path(record).write_text("".join(f"{second / 1000:.6f}\n" for second in range(300_000)))
    for via in [[hosts.via()], [hosts.via(number) for number in range(3)]]:
        status, out, err = run(hosts, ["direct"], *short(r="yes", b="1K"), "--arrivals", record,
                               "--csv", path, via=via)
        check(status == 0, out, err)
        row = rows_of(path)[-1]
        check(row["loop"].startswith("open-recorded:") and row["rate_requested"] == "1000", row)
        check(abs(float(row["requests_per_s"]) / 1000 - 1) < 0.1, row["requests_per_s"])


def test_one_machine_has_one_set_of_books(hosts):
    """The client's CPU time is the experiment's own, whoever else keeps this machine busy. Where
    nobody does, no trial is called disturbed by others."""
    seen = []
    for attempt in range(10):
        foreign = {}
        for via in [[hosts.via()], []]:
            path = hosts.file(f"books{attempt}-{len(via)}.csv")
            status, out, err = run(hosts, ["direct"], *short(), "--csv", path, via=via)
            check(status == 0, out, err)
            for row in rows_of(path):
                if via:
                    check_own_share(row)
            foreign[len(via)] = any("foreign" in row["disturbed"] for row in rows_of(path))
        seen.append(foreign)
        if not foreign[1]:
            return
    check(all(foreign[0] for foreign in seen), "only trials with --client-via are disturbed", seen)
    print("others kept the machine busy: that a quiet trial is not disturbed was not tried")


def check_own_share(row):
    """What client, master and workers say that they used is what the books call own."""
    client = float(row["cpu_us_per_request_client"])
    server = sum(float(row[f"cpu_us_per_request_{role}"]) for role in ("master", "workers"))
    check(client > 0.2 * server, client, server)
    used = (client + server) * int(row["requests"]) / 1e6
    share = used / (float(row["duration_s"]) * int(row["cpus"]))
    check(0.9 < float(row["own_cpu_share"]) / share < 1.2, row["own_cpu_share"], share)


HOG = "while True: pass"


def start_hog(name):
    return subprocess.Popen(inside(name, sys.executable, "-c", HOG))


def test_hogs(hosts):
    """Who else works on either side is seen. Here both sides are one machine, so its books have
    him; a client under another boot id keeps books of its own."""
    another = hosts.file("another-host")
    boot_id = pathlib.Path(hosts.file("boot_id"))
    boot_id.write_text("11111111-2222-3333-4444-555555555555\n")
    pathlib.Path(another).write_text(
        f'#!/bin/sh\nmount --bind {boot_id} /proc/sys/kernel/random/boot_id && exec "$@"\n')
    os.chmod(another, 0o755)
    ways = [(hosts.server, hosts.via(), "foreign"), (hosts.clients[0], hosts.via(), "foreign"),
            (hosts.clients[0], f"{hosts.via()} unshare -m {another}", "client-foreign")]
    options = short(r="yes", accepts=False)
    for number, (where, via, reason) in enumerate(ways):
        path = hosts.file(f"hog{number}.csv")
        hog = start_hog(where)
        try:
            status, out, err = run(hosts, ["direct"], *options, "--csv", path, via=[via])
        finally:
            end(hog)
        row = rows_of(path)[0]
        check(row["status"] == "ok" and reason in row["disturbed"].split(";"), row["disturbed"], err)
        check("disturbed" in err, err)


def test_three_clients(hosts):
    path = hosts.file("three.csv")
    via = [hosts.via(number) for number in range(3)]
    status, out, err = run(hosts, ["direct", "cluster"], *short(c="7"), "--csv", path, via=via)
    check(status == 0, out, err)
    for row in rows_of(path):
        check(row["status"] == "ok" and row["connections"] == "7", row)
        check([host.rsplit("/", 1)[1] for host in row["client_host"].split(";")] == hosts.clients,
              row["client_host"])
        check(int(row["verified_requests"]) == int(row["requests"]), row)
    check(all(f"'{one}'" in out for one in via), out)


def clients_below(pid):
    return [child for child in children_of(pid) if command_of(child)[1:] == ["client"]]


def test_killed_client(hosts):
    """One of three that is killed in the window: the trial has failed, by its name, and is no
    smaller one. The next trial has a new one."""
    path = hosts.file("killed.csv")
    via = [hosts.via(number) for number in range(3)]
    process = start(hosts, ["direct", "cluster"], *short(r="yes", d="4s"), "--csv", path, via=via)
    try:
        # The second of them has its name from its namespace, not from its place in a list.
        clients = wait_until(lambda: found if len(
            found := clients_below(process.pid)) == 3 else None)
        own = [pid for pid in clients if os.stat(f"/proc/{pid}/ns/net").st_ino ==
               os.stat(f"/run/netns/{hosts.clients[1]}").st_ino]
        wait_until(lambda: any("urb-worker" in name_of(pid) for pid in children_of(process.pid)))
        wait_until(lambda: has_run_for(own[0], 0.1))
        os.kill(own[0], signal.SIGKILL)
        status, out, err = finish(process)
    finally:
        end(process)
    rows = rows_of(path)
    check(status == 1 and [row["status"] for row in rows] == ["failed", "ok"], rows, err)
    check(f"the client '{via[1]}' was killed by signal 9" in rows[0]["warnings"], rows[0])
    check(not rows[0]["requests"] and not rows[0]["latency_us_p50"], rows[0])


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def has_run_for(pid, seconds):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") >= seconds


def test_stopped_client(hosts):
    """A client that says nothing is not waited for without an end."""
    path = hosts.file("stopped.csv")
    process = start(hosts, ["direct"], *short(r="yes"), "--csv", path, via=[hosts.via()])
    stopped = None
    try:
        stopped = wait_until(lambda: clients_below(process.pid))[0]
        os.kill(stopped, signal.SIGSTOP)
        status, out, err = finish(process)
    finally:
        end(process)
    check(status == 1, out, err)
    check("has said nothing for 10 s" in err or "did not answer within 60 s" in err, err)
    check(not os.path.exists(f"/proc/{stopped}"), stopped)


def test_nothing_stays(hosts):
    """Neither when the run is interrupted nor when it is killed."""
    options = short(d="20s")
    for number in [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]:
        process = start(hosts, ["direct"], *options, "--no-save", via=[hosts.via()])
        try:
            wait_until(lambda: any("urb-worker" in name_of(pid)
                                   for pid in children_of(process.pid)))
            below = children_of(process.pid)
            check(len(below) >= 3, below)
            os.kill(process.pid, number)
            finish(process)
            wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below))
        finally:
            end(process)


def test_refusals(hosts):
    """Another version, one that is not there, an address that the client does not reach."""
    other = hosts.file("uring-bench")
    pathlib.Path(other).write_text(
        '#!/bin/sh\necho "Welcome to this host"\n'
        'echo \'{"hello":{"version":"0.0.1+other","host":"h","boot_id":"b","pid_namespace":"p",'
        '"pid":1,"network":"n"}}\'\nread word\n')
    os.chmod(other, stat.S_IRWXU)
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True,
                             check=True).stdout.split()[1]
    status, out, err = run(hosts, ["direct"], *short(), "--no-save", via=[f"{hosts.via()} {other}"])
    check(status == 2 and "0.0.1+other" in err and version in err, err)
    status, out, err = run(hosts, ["direct"], *short(), "--no-save", via=["ip netns exec no-such"])
    check(status == 1 and "no-such" in err and "Cannot open network namespace" in err, err)
    status, out, err = run(hosts, ["direct"], *short(), "--no-save", via=["/no/such/program"])
    check(status == 1 and "no such program" in err, err)
    status, out, err = finish(subprocess.Popen(
        inside(hosts.server, BINARY, "direct", *short(), "--no-save", "--client-via", hosts.via()),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    check(status == 2 and "--listen" in err, err)
    status, out, err = run(hosts, ["direct"], *short(c="2"), "--no-save",
                           via=[hosts.via(number) for number in range(3)])
    check(status == 2 and "--connections 2" in err, err)


def main():
    if os.geteuid() != 0:
        print("skipped: network namespaces need root")
        return 77
    if shutil.which("ip") is None:
        print("skipped: ip (Debian: iproute2) is not installed")
        return 77
    chosen = sys.argv[3:]
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    with Hosts(clients=3) as hosts:
        for test in tests:
            if chosen and test.__name__ not in chosen:
                continue
            test(hosts)
            print("ok:", test.__name__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
