"""What tools/peers measures: servers by name, the study's cells, and small requests."""

# Our modes, and what `serve` is given for each.
OURS = {"direct": [], "cluster": [], "socket": [], "msgring": [],
        "passthru linked": ["--relay", "linked"], "passthru sync": ["--relay", "sync"],
        "passthru copy": ["--relay", "copy"]}
# Other servers, and the program of each.
FOREIGN = {"nginx-direct": "nginx", "nginx-proxy": "nginx", "haproxy-proxy": "haproxy",
           "node-cluster": "node", "node-socket": "node", "node-passthru": "node"}
# Body and reuse.
CELLS = [(10 << 20, False), (1 << 20, False), (10 << 20, True), (1 << 20, True)]
SMALL = [(0, False), (0, True)]
SIZES = {"10M": 10 << 20, "1M": 1 << 20, "0": 0}
SMALL_SERVERS = {"direct", "cluster", "socket", "msgring", "nginx-direct", "node-cluster"}
WORKERS = 4
# Rows of an older set-up of a server are left out of tables. bench/peers says what it lacked.
SET_UP = {"haproxy-proxy": "2", "nginx-direct": "2", "nginx-proxy": "2", "iperf3": "2"}
IPERF_KEY = ("iperf3", "iperf3", 8, 0, True)
# Of `uring-bench micro`: what handing a socket over is made of.
PASSES = ["fd-pass-1", "msg-ring-fd"]


class Unsupported(Exception):
    """This machine cannot run a server. The text is why."""


def cell_name(cell):
    body, reuse = cell
    size = f"{body >> 20}MB" if body else "0B"
    return f"{size} {'reuse' if reuse else 'no reuse'}"


def trials_of(name, clients, cells):
    """What a server is measured with in each round: client, connections, body, reuse."""
    if name == "iperf3":
        return [IPERF_KEY[1:]]
    if name == "micro":
        return []  # no server, and over in a moment
    trials = [(client, 8, *cell) for cell in CELLS if cell in cells for client in clients]
    if name in SMALL_SERVERS and "builtin" in clients:
        trials += [("builtin", 64, *cell) for cell in SMALL if cell in cells]
    return trials
