"""tools/peers with one round of tiny trials: its rows are whole, and nothing is left running.

Arguments: the program, the root of the sources. Exit 77: ab or every peer is missing.
"""
import csv
import os
import shutil
import subprocess
import sys
import tempfile

binary, root = sys.argv[1:]
peers = [name for name, program in [("node-socket", "node"), ("node-passthru", "node"), ("node-cluster", "node"),
                                    ("nginx-direct", "nginx"), ("nginx-proxy", "nginx"), ("haproxy-proxy", "haproxy")]
         if shutil.which(program)]
if not peers:
    print("none of node, nginx, haproxy is installed (./bootstrap --peers)")
    sys.exit(77)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "rows.csv")
    result = subprocess.run([os.path.join(root, "tools/peers"), "--binary", binary, "--rounds", "1", "--duration", "300ms",
                             "--clients", "builtin", "--cells", "1M", "--only", ",".join(["direct", *peers]), "--output", path],
                            capture_output=True, text=True, timeout=170)
    assert result.returncode == 0, result.stdout + result.stderr
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    header = subprocess.run([binary, "micro", "nop", "-n", "1", "--repeats", "1", "--csv", "-", "-q"],
                            capture_output=True, text=True, check=True).stdout.splitlines()[0]
    assert list(rows[0]) == header.split(","), "the columns are not those of every row"
    for name in ["direct", *peers]:
        mine = [row for row in rows if row["mode"] == name and row["body_bytes"] == str(1 << 20)]
        assert {row["reuse"] for row in mine} == {"yes", "no"}, (name, mine)
        for row in mine:
            # The body that the client sent in full is what the server answered for: `load` checks it.
            assert row["status"] == "ok" and int(row["requests"]) > 0 and float(row["cpu_s_per_gb_server"]) > 0, row
    summary = subprocess.run([os.path.join(root, "tools/peers"), "--summary", path], capture_output=True, text=True, check=True)
    assert "direct" in summary.stdout, summary.stdout
print(f"{len(rows)} rows of direct and {len(peers)} peers")
