#!/usr/bin/env python3
"""deploy/ansible against network namespaces. Usage: fleet_test.py BINARY SOURCE_ROOT

Needs root, ip(8), veth and ansible-playbook; else it exits with 77 and says so.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from hosts_rig import SECONDS_MAX, Hosts, children_of, command_of, end, wait_until

BINARY = str(pathlib.Path(sys.argv[1]).resolve())
ANSIBLE = pathlib.Path(sys.argv[2]).resolve() / "deploy/ansible"
FILES = 20000
QUICK = "-b 4K -c 4 -d 200ms --warmup 50ms --repeats 1 --budget 0 --accept-disturbed"


def check(holds, *said):
    if not holds:
        raise AssertionError("\n".join(str(one) for one in said))


def inventory_of(hosts):
    """The one that is shipped, with the namespaces of this test."""
    text = (ANSIBLE / "inventory/netns.yml").read_text()
    text = re.sub(r"\bserver:$", f"{hosts.server}:", text, flags=re.M)
    text = re.sub(r"\bclient:$", f"{hosts.clients[0]}:", text, flags=re.M)
    text = text.replace("ip netns exec client", hosts.via())
    path = hosts.file("inventory.yml")
    pathlib.Path(path).write_text(text)
    return path


def start(hosts, inventory, *options, runs=("direct", "cluster"), quick=QUICK):
    variables = pathlib.Path(hosts.file("variables.yml"))
    lines = [f"uring_bench_binary: {BINARY}", f"uring_bench_folder: {hosts.file('program')}",
             f"uring_bench_results: {hosts.file('results')}", "uring_bench_runs:"]
    for run in runs:
        lines += [f"  - name: {run}", f"    arguments: {run} -r yes {quick}"]
    variables.write_text("\n".join(lines) + "\n")
    return subprocess.Popen(
        ["ansible-playbook", "-i", inventory, "measure.yml", "-e", f"@{variables}", *options],
        cwd=ANSIBLE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": hosts.file("ansible"),
             "ANSIBLE_LOCAL_TEMP": hosts.file("ansible"), "LC_ALL": "C.UTF-8"})


def play(hosts, inventory, *options, **more):
    """The exit status, how many things changed, and what was said."""
    process = start(hosts, inventory, *options, **more)
    text = process.communicate(timeout=SECONDS_MAX)[0]
    check(not os.path.exists(hosts.file("program")), "the program stayed", text)
    return process.returncode, sum(int(count) for count in re.findall(r"changed=(\d+)", text)), text


def results_of(hosts):
    folder = pathlib.Path(hosts.file("results"))
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns
            for path in folder.rglob("*") if path.is_file()}


def fill(folder):
    """What takes so long to remove that two who do it at once would meet."""
    os.mkdir(folder)
    for number in range(FILES):
        pathlib.Path(folder, str(number)).touch()


def test_fleet(hosts):
    inventory = inventory_of(hosts)
    status, changed, text = play(hosts, inventory, "--check")
    check(status == 0 and not results_of(hosts), text)
    # From nothing to the report. Both names of this host clean one folder, which takes a while.
    fill(hosts.file("program"))
    status, changed, text = play(hosts, inventory)
    check(status == 0 and changed > 0, text)
    rows = [f"{hosts.server}/{run}.csv" for run in ("direct", "cluster")]
    results = results_of(hosts)
    check(set(results) == {*rows, "report/index.html", "report/report.md"}, results)
    for row in rows:
        text = (pathlib.Path(hosts.file("results")) / row).read_text()
        check(hosts.clients[0] in text and text.strip().endswith("ok"), text)
    # Again: nothing changes.
    status, changed, text = play(hosts, inventory)
    check(status == 0 and changed == 0 and results_of(hosts) == results, changed, text)
    # One that fails is said, and the others go on.
    (pathlib.Path(hosts.file("results")) / rows[1]).unlink()
    status, changed, text = play(hosts, inventory, runs=("direct", "no-such-mode", "cluster"))
    again = results_of(hosts)
    check(status != 0 and "no-such-mode: uring-bench: unknown mode" in text, text)
    check(again[rows[0]] == results[rows[0]] and rows[1] in again, again)
    # What was interrupted is made up for, and nothing else.
    (pathlib.Path(hosts.file("results")) / rows[1]).unlink()
    process = start(hosts, inventory, quick=QUICK.replace("200ms", "20s"))
    try:
        measuring = wait_until(lambda: [pid for pid in children_of(process.pid)
                                        if command_of(pid)[1:2] == ["cluster"]], 60)
        end(process)
        for pid in measuring:
            wait_until(lambda pid=pid: stop_if_there(pid))
    finally:
        end(process)
    check(rows[1] not in results_of(hosts), results_of(hosts))
    status, changed, text = play(hosts, inventory)
    resumed = results_of(hosts)
    check(status == 0 and resumed[rows[0]] == results[rows[0]] and rows[1] in resumed, text)
    check(resumed["report/index.html"] != again["report/index.html"], resumed)


def stop_if_there(pid):
    """A run whose playbook was killed is this test's to end."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    return False


def main():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        print("skipped: network namespaces need root and ip (Debian: iproute2)")
        return 77
    if shutil.which("ansible-playbook") is None:
        print("skipped: ansible-playbook (Debian: ansible-core) is not installed")
        return 77
    with Hosts(clients=1) as hosts:
        test_fleet(hosts)
        print("ok: test_fleet")
    return 0


if __name__ == "__main__":
    sys.exit(main())
