"""The rows of one run of tools/peers, by server, client, connections, body and reuse."""
import collections

from peers_cells import OURS, SET_UP
from report_json import Figure, Report, metric_of
from rows import Failure, as_rounds, features_of, newest_run, read_rows

RATE, SERVER, PER_GB = "requests_per_s", "cpu_us_per_request_server", "cpu_s_per_gb_server"
CLIENT_PER_GB, CLIENT_US = "cpu_s_per_gb_client", "cpu_us_per_request_client"
BEST_RELAY = "best relay"


def is_proved(row):
    """Not of an older set-up, and HAProxy's with the proof that it spliced."""
    features = features_of(row)
    return features.get("set_up") == SET_UP.get(row["mode"]) and (
        row["mode"] != "haproxy-proxy" or "spliced" in features)


class Ratio:
    """Of two figures of one round. Of a rate that the client limited there is none."""

    def __init__(self, figure, is_of_client=False):
        self.figure = figure
        self.says_nothing = is_of_client

    def text(self):
        if self.says_nothing:
            return "client"
        if not self.figure:
            return "–"
        return self.figure.text(2)

    def short_text(self):
        return self.text().replace(" to ", "–")


class PeerFigures:
    """The newest run of a file; what proves nothing is left out and counted."""

    def __init__(self, program, path, choose=newest_run):
        self.path = path
        run = [row for row in choose(read_rows(path)) if row["status"] == "ok"]
        self.rows = [row for row in run if is_proved(row)]
        self.left_out = collections.Counter(row["mode"] for row in run if not is_proved(row))
        if not self.rows:
            raise Failure(f"{path} has no row with figures")
        self.rounds = len({(row["run_id"], row["repeat"]) for row in self.rows})
        self.program = program
        self.report = Report.of_rows(program, self.rows)
        self.clients = [client for client in ("ab", "builtin")
                        if any(row["client"] == client for row in self.rows)]

    def find(self, name, client, connections, cell):
        return self.report.find(name, *cell, client=client, connections=connections)

    def median(self, name, client, connections, cell, metric):
        return metric_of(self.find(name, client, connections, cell), metric)

    def best_relay(self, client, cell):
        """The name of the `passthru` with the most requests per second."""
        rates = {name: self.median(name, client, 8, cell, RATE)
                 for name in OURS if name.startswith("passthru")}
        known = {name: rate.median for name, rate in rates.items() if rate}
        return max(known, key=known.get) if known else "passthru linked"

    def ratio(self, first, second, client, connections, cell, metric):
        if first == BEST_RELAY:
            first = self.best_relay(client, cell)
        cells = [self.find(name, client, connections, cell) for name in (first, second)]
        is_of_client = metric == RATE and any(map(self.report.is_of_client, cells))
        return Ratio(self.report.between(*cells, metric), is_of_client and all(cells))

    def between_clients(self, cell):
        """What our client needs by what ab needs, against `direct`."""
        rows = [row for row in self.rows if (row["mode"], row["connections"]) == ("direct", "8")]
        if not rows:
            return Ratio(None)
        report = Report.of_rows(self.program, as_rounds(
            rows, lambda row: f"direct {row['client']}", client="both"))
        cells = [report.find(f"direct {client}", *cell) for client in ("builtin", "ab")]
        return Ratio(report.between(*cells, CLIENT_US))

    def micro(self, name):
        """What a single kernel operation takes."""
        found = [cell for cell in self.report.cells if cell["mode"] == f"micro-{name}"]
        return metric_of(found[0], CLIENT_US) if found else Figure.of(None)
