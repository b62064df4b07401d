"""What a sweep says when something is wrong: kernels, QEMU, arguments, the disk, Ctrl-C.

Arguments: the program, the root of the sources. Exit 77 where the program is not static, or QEMU
or the kernel 6.12 of tools/fetch-kernels is missing; what needs none of them is checked before.
"""
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

binary, root = sys.argv[1:]
kernel = os.path.join(root, ".deps", "kernels", "6.12", "vmlinuz")
CELL = ["--", "direct", "-b", "0", "-r", "no", "-n", "20"]


def sweep(arguments, **more):
    return subprocess.run([binary, "sweep", *arguments], capture_output=True, text=True, timeout=100, **more)


def expect(result, status, text):
    assert result.returncode == status and text in result.stderr, (result.returncode, result.stdout, result.stderr)


def rows_of(folder):
    files = [name for name in os.listdir(folder) if name.endswith(".csv")]
    assert len(files) == 1, files
    with open(os.path.join(folder, files[0]), encoding="utf-8") as file:
        return file.read().splitlines()[1:]


with tempfile.TemporaryDirectory() as folder:
    expect(sweep(["--kernel", "/dev/null", "-o", folder]), 2, "no x86 kernel image")
    expect(sweep(["--kernel", "/nowhere", "-o", folder]), 1, "No such file")
    expect(sweep(["--kernel", "x", "--", "sockt"]), 2, "did you mean socket")
    expect(sweep(["--kernel", "x", "--", "socket", "--csv", "-"]), 2, "leave it out after --")
    expect(sweep([]), 2, "--kernel")
    expect(sweep(["--kernel", "x", "--gate", "1%"]), 2, "two kernels")
    expect(sweep(["--kernel", "x", "--gate", "0"]), 2, "a percentage is above 0")
    expect(sweep(["--kernel", "x", "--kernel", "y", "--gate", "1%", "--accel", "kvm"]), 2, "leave out --accel kvm")
    expect(sweep(["--kernel", "x", "--program", binary]), 2, "--program is for --gate")
    if not os.path.exists(kernel):
        print("there is no kernel 6.12 (tools/fetch-kernels 6.12)")
        sys.exit(77)
    expect(sweep(["--kernel", kernel, "-o", folder], env={"PATH": "/nowhere"}), 77, "bootstrap --sweep")
    expect(sweep(["--kernel", kernel, "--append", "a -- b", "-o", folder]), 2, "without --")
    expect(sweep(["--kernel", kernel, "--append", "a", "--append", "b", "-o", folder]), 2, "once for all")
    expect(sweep(["--kernel", kernel + "," + folder + "/none", "-o", folder]), 2, "module folder")
    if not shutil.which("qemu-system-x86_64"):
        print("there is no QEMU (./bootstrap --sweep)")
        sys.exit(77)

with tempfile.TemporaryDirectory() as folder:
    result = sweep(["--kernel", kernel, "--accel", "tcg", "--repeats", "1", "-o", folder, *CELL])
    if result.returncode == 77 and "dynamically" in result.stderr:
        print("this program is not static")
        sys.exit(77)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(rows_of(folder)) == 1 and rows_of(folder)[0].endswith(",ok"), rows_of(folder)

# What built the kernel, and the processor it was counted on, are in the row.
with tempfile.TemporaryDirectory() as folder:
    expect(sweep(["--kernel", kernel, "--accel", "tcg", "--cpu-model", "a;b", "-o", folder, *CELL]), 2, "a name and flags")
    expect(sweep(["--kernel", kernel, "--accel", "tcg", "--repeats", "1", "--cpu-model", "none-such", "-o", folder, *CELL]),
           1, "unable to find CPU model")
with tempfile.TemporaryDirectory() as folder:
    result = sweep(["--kernel", kernel, "--accel", "tcg", "--repeats", "1", "--cpu-model", "Nehalem-v1,+erms", "-o", folder, *CELL])
    assert result.returncode == 0, result.stdout + result.stderr
    with open(os.path.join(folder, os.listdir(folder)[0]), newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert ";cpu=Nehalem-v1,+erms;" in row["guest"], row["guest"]
    assert "erms" in row["cpu_flags"].replace(";", " ").split(), row["cpu_flags"]
    assert "gcc" in row["kernel_compiler"], row["kernel_compiler"]
    with open(os.path.join(os.path.dirname(kernel), "config"), encoding="utf-8") as file:
        config = file.read()
    assert f"\nCONFIG_HZ={row['hz']}\n" in config, row["hz"]
    assert row["preemption"].startswith("dynamic:") and row["irq_accounting"] in ("yes", "no"), row
    assert len(row["kernel_config"].split(";")[0]) == 16, row["kernel_config"]

# A kernel that is cut off: the header is whole, the rest is not.
with tempfile.TemporaryDirectory() as folder:
    broken = os.path.join(folder, "vmlinuz")
    with open(kernel, "rb") as file, open(broken, "wb") as cut:
        cut.write(file.read(4 << 20))
    result = sweep(["--kernel", broken, "--accel", "tcg", "--repeats", "1", "--patience", "8s", "-o", folder, *CELL])
    expect(result, 1, "its console:")
    assert rows_of(folder)[0].rsplit(",", 1)[1] in ("panic", "timeout", "failed"), rows_of(folder)

# A gate: what a kernel zeroes on its command's behalf is found by name, and nothing is left behind.
with tempfile.TemporaryDirectory() as folder:
    gate = ["--kernel", kernel, "--kernel", kernel, "--gate", "1%", "--repeats", "2", "-q"]
    cells = ["--", "direct", "-b", "4K", "-r", "yes", "-n", "200", "--workers", "1"]
    result = sweep([*gate, "--append", "", "--append", "init_on_free=1", *cells], env={**os.environ, "TMPDIR": folder})
    if result.returncode != 77:  # no plugin for this QEMU
        assert result.returncode == 1, result.stdout + result.stderr
        assert "by these functions" in result.stdout and "memset" in result.stdout, result.stdout
        assert "gate: 1 of 1 cells grew by more than 1%" in result.stdout, result.stdout
    assert not os.listdir(folder), os.listdir(folder)

# Ctrl-C in the middle of a boot: no QEMU stays, the files are whole.
with tempfile.TemporaryDirectory() as folder:
    run = subprocess.Popen([binary, "sweep", "--kernel", kernel, "--accel", "tcg", "-o", folder, *CELL],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    children = f"/proc/{run.pid}/task/{run.pid}/children"
    deadline = time.monotonic() + 20
    while not open(children, encoding="utf-8").read() and time.monotonic() < deadline:
        time.sleep(0.02)
    guests = [int(pid) for pid in open(children, encoding="utf-8").read().split()]
    assert guests, "no QEMU was started"
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=20)
    assert run.returncode == 1 and "interrupted in boot 1 of 3" in errors, errors
    assert not any(os.path.exists(f"/proc/{pid}") for pid in guests), "QEMU is still there"
    assert rows_of(folder) == []

# A full disk: the row that does not fit is taken back, and the sweep says why it ends.
with tempfile.TemporaryDirectory() as folder:
    page = os.sysconf("SC_PAGE_SIZE")  # tmpfs counts in pages: one for the rows, one is taken
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={2 * page}", "rows", folder], capture_output=True, check=False).returncode == 0:
        try:
            with open(os.path.join(folder, "taken"), "wb") as file:
                file.write(b"x" * page)
            result = sweep(["--kernel", kernel, "--accel", "tcg", "--repeats", "1", "-o", folder,
                            "--", "direct", "cluster", "socket", "-b", "0,1K", "-n", "20"])
            expect(result, 1, "No space left on device")
            rows = rows_of(folder)
            assert rows and all(row.endswith(",ok") for row in rows), rows
        finally:
            subprocess.run(["umount", folder], check=True)
    else:
        print("no tmpfs may be mounted here: the full disk was not tried")
print("arguments, kernels, QEMU, Ctrl-C and the disk")
