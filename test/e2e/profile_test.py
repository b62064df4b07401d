"""What a profile promises: names, sums, agreement of two boots, and what it costs.

Arguments: the program, the root of the sources. Exit 77 where the program is not static or has no
plugin, or QEMU or the kernel 6.12 of tools/fetch-kernels is missing.
"""
import csv
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

binary, root = sys.argv[1:]
kernel = os.path.join(root, ".deps", "kernels", "6.12", "vmlinuz")
# A cell of much copying, and one of little. Enough requests that the edges of the window vanish.
CELLS = [["direct", "-c", "1", "-b", "1M", "-r", "yes", "-n", "100"],
         ["socket", "-c", "1", "-b", "0", "-r", "both", "-n", "500"]]
CELL = ("mode", "relay", "buffers", "body_bytes", "reuse")

NAMED_LEAST = 0.95  # of the instructions
OTHER_MOST = 0.05   # in no subsystem of the table
SUM_WITHIN = 0.01   # of the count, and what the guest's other processes executed
BOOTS_WITHIN = 0.03  # small cells: docs/method.md has how often they are within 0.5 %
COST_MOST = 3       # times a count


def sweep(folder, *arguments, program=binary):
    return subprocess.run([program, "sweep", "--kernel", kernel, "-o", folder, *arguments],
                          capture_output=True, text=True, timeout=200, check=False)


def rows_of(folder, suffix):
    name = next(name for name in os.listdir(folder)
                if name.endswith(suffix) and name.endswith(".profile.csv") == (suffix == ".profile.csv"))
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cpu_s():
    """CPU time of all children so far. Wall time would measure the neighbours too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def within(value, wanted, share):
    return abs(value - wanted) <= share * wanted


if not os.path.exists(kernel) or not shutil.which("qemu-system-x86_64"):
    print("there is no kernel 6.12 (tools/fetch-kernels 6.12), or no QEMU (./bootstrap --sweep)")
    sys.exit(77)

with tempfile.TemporaryDirectory() as folder:
    # KVM counts nothing; a program without the plugin beside it says how to get one.
    result = sweep(folder, "--profile", "--accel", "kvm", "--", "direct")
    assert result.returncode == 2 and "--profile" in result.stderr, result.stderr
    alone = os.path.join(folder, "uring-bench")
    shutil.copy(binary, alone)
    result = sweep(folder, "--profile", program=alone)
    assert result.returncode == 77 and "build it" in result.stderr, (result.returncode, result.stderr)

for run in CELLS:
    with tempfile.TemporaryDirectory() as folder:
        begin = cpu_s()
        result = sweep(folder, "--accel", "tcg", "--repeats", "1", "--", *run)
        counted_s = cpu_s() - begin
        if result.returncode == 77:
            print(result.stderr.strip())
            sys.exit(77)
        assert result.returncode == 0, result.stdout + result.stderr
    with tempfile.TemporaryDirectory() as folder:
        begin = cpu_s()
        result = sweep(folder, "--profile", "--repeats", "2", "--", *run)
        profiled_s = (cpu_s() - begin) / 2
        if result.returncode == 77:
            print(result.stderr.strip())
            sys.exit(77)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "rows appended to" in result.stdout and ".profile.csv" in result.stdout, result.stdout
        counts = rows_of(folder, ".csv")
        profile = rows_of(folder, ".profile.csv")

    sums = {}  # cell → boot → instructions
    for count in counts:
        assert count["status"] == "ok", count["warnings"]
        mine = [row for row in profile if row["run_id"] == count["run_id"] and row["repeat"] == count["repeat"]
                and all(row[name] == count[name] for name in CELL)]
        by_subsystem = {row["subsystem"]: float(row["instructions_per_request"]) for row in mine if not row["function"]}
        whole = sum(by_subsystem.values())
        label = f"{count['mode']} {count['body_bytes']} reuse {count['reuse']}, boot {count['repeat']}"
        assert by_subsystem.get("copy", 0) > 0 and by_subsystem.get("ours", 0) > 0, (label, by_subsystem)
        # The functions of a subsystem are its sum.
        for subsystem, wanted in by_subsystem.items():
            listed = sum(float(row["instructions_per_request"]) for row in mine
                         if row["function"] and row["subsystem"] == subsystem)
            assert within(listed, wanted, 0.001), (label, subsystem, listed, wanted)
        assert whole - by_subsystem.get("unknown", 0) >= NAMED_LEAST * whole, (label, by_subsystem)
        assert by_subsystem.get("other kernel", 0) <= OTHER_MOST * whole, (label, by_subsystem)
        others = float(re.search(r";others=([0-9.]+)", count["guest"]).group(1))
        wanted = float(count["instructions_per_request"]) + others
        assert within(whole - by_subsystem.get("idle", 0), wanted, SUM_WITHIN), (label, whole, wanted)
        sums.setdefault(tuple(count[name] for name in CELL), []).append(whole)
        print(f"{label}: {whole:.0f} of {wanted:.0f}, unknown {by_subsystem.get('unknown', 0):.0f}, "
              f"other kernel {by_subsystem.get('other kernel', 0):.0f}")
    for cell, (first, second) in sums.items():
        assert within(first, second, BOOTS_WITHIN), (cell, first, second)
    print(f"a count took {counted_s:.1f} s of CPU time, a profile {profiled_s:.1f} s")
    assert profiled_s <= COST_MOST * counted_s, (profiled_s, counted_s)
