"""The rows of tools/peers, of one or several sessions, by server, client, body and reuse."""
import collections
import dataclasses
import math
import typing

from peers_cells import OURS, SET_UP
from report_json import Figure
from rows import Failure, features_of, name_of, read_rows
from sessions import Sessions, Spread, cell as cell_of, ratio_text

RATE, SERVER, TOTAL = ("requests_per_s", "cpu_us_per_request_server", "cpu_us_per_request_total")
CLIENT = "cpu_us_per_request_client"
BEST_RELAY = "best relay"
CONNECTIONS = 8


def is_proved(row):
    """Not of an older set-up, and HAProxy's with the proof that it spliced."""
    features = features_of(row)
    return features.get("set_up") == SET_UP.get(row["mode"]) and (
        row["mode"] != "haproxy-proxy" or "spliced" in features)


def is_in(row, client, cell):
    return (row["client"], row["connections"], row["body_bytes"], row["reuse"]) == (
        client, str(CONNECTIONS), str(cell[0]), "yes" if cell[1] else "no")


def value_of(row, metric):
    """Of one trial, as `report` has it."""
    if metric != TOTAL:
        return float(row[metric])
    return sum(float(row[f"cpu_us_per_request_{role}"] or 0)
               for role in ("client", "master", "workers", "iowq"))


@dataclasses.dataclass(frozen=True)
class Ratio:
    """Of two figures of one round. Of a rate that the client limited there is none."""

    figure: typing.Optional[Figure]
    says_nothing: bool = False

    def text(self):
        if self.says_nothing:
            return "client"
        if not self.figure:
            return "–"
        return ratio_text(self.figure) if isinstance(self.figure, Spread) else (
            self.figure.short_text(2))


class PeerFigures:
    """A file a session; what proves nothing is left out and counted."""

    def __init__(self, program, paths):
        self.paths, self.left_out, rows_by_session = list(paths.values()), collections.Counter(), {}
        for session, path in paths.items():
            rows = [row for row in read_rows(path) if row["status"] == "ok"]
            rows_by_session[session] = [row for row in rows if is_proved(row)]
            self.left_out.update(row["mode"] for row in rows if not is_proved(row))
        self.rows = [row for rows in rows_by_session.values() for row in rows]
        if not self.rows:
            raise Failure(f"{', '.join(self.paths)}: no row has figures")
        self.rounds = {session: len({(row["run_id"], row["repeat"]) for row in rows})
                       for session, rows in rows_by_session.items()}
        self.sessions = Sessions(program, rows_by_session)
        self.clients = [client for client in ("ab", "builtin")
                        if any(row["client"] == client for row in self.rows)]

    @staticmethod
    def cell(name, client, connections, cell):
        return cell_of(name, *cell, client=client, connections=connections)

    def median(self, name, client, connections, cell, metric):
        return self.sessions.metric(self.cell(name, client, connections, cell), metric)

    def is_of_client(self, name, client, connections, cell):
        return self.sessions.is_of_client(self.cell(name, client, connections, cell))

    def best_relay(self, client, cell):
        """The name of the `passthru` with the most requests per second."""
        rates = {name: self.median(name, client, CONNECTIONS, cell, RATE)
                 for name in OURS if name.startswith("passthru")}
        known = {name: rate.median for name, rate in rates.items() if rate}
        return max(known, key=known.get) if known else "passthru sync"

    def ratio(self, first, second, client, connections, cell, metric):
        if first == BEST_RELAY:
            first = self.best_relay(client, cell)
        cells = [self.cell(name, client, connections, cell) for name in (first, second)]
        is_there = all(map(self.sessions.has, cells))
        is_of_client = metric == RATE and any(map(self.sessions.is_of_client, cells))
        return Ratio(self.sessions.between(*cells, metric), is_of_client and is_there)

    def rounds_of(self, first, second, client, cell, metric):
        """Logarithms of a ratio's rounds, by session; trials that others disturbed are in none."""
        if first == BEST_RELAY:
            first = self.best_relay(client, cell)
        of_session = []
        for rows in self.sessions.rows.values():
            found = {first: {}, second: {}}
            for row in rows:
                name = name_of(row)
                if name in found and not row["disturbed"] and is_in(row, client, cell):
                    found[name][row["run_id"], row["repeat"]] = value_of(row, metric)
            of_session.append([math.log(value / found[second][key])
                               for key, value in found[first].items() if key in found[second]])
        return of_session

    def handover(self, mode):
        """CPU time of an empty connection less that in `direct`, client and server, of 64."""
        cells = [self.cell(name, "builtin", 64, (0, False)) for name in (mode, "direct")]
        return self.sessions.between(*cells, TOTAL, "difference")

    def micro(self, name):
        """What a single kernel operation takes; None where it was not measured."""
        found = [cell for cell in self.sessions.pooled.cells if cell["mode"] == f"micro-{name}"]
        return Figure.of(found[0]["metrics"].get(CLIENT)) if found else None
