"""The tables of docs/tls.md: a request by who does TLS, in instructions and in time."""
import csv
import gzip
import statistics

from parts_study import machine_text, rate_text, sessions_text
from report_json import confidence_text, paragraph, size_text, table
from rows import as_rounds, read_rows
from sessions import MARKS, Sessions, cell, paths_text, ratio_text, rows_of

FILES = ["results/verdicts/tls-worker.csv", "results/verdicts/tls-ktls.csv",
         "results/verdicts/tls-ktls-passthru.csv"]
COLUMNS = [("`cluster`, worker", "cluster"), ("`socket`, ktls", "socket"),
           ("`msgring-head`, ktls", "msgring-head"), ("`passthru` (sync), ktls", "passthru")]
CELLS = [("0", "no", "0 B, no reuse"), ("0", "yes", "0 B, reuse"),
         ("1048576", "no", "1 MiB, no reuse"), ("1048576", "yes", "1 MiB, reuse")]


def counts(_program):
    """Medians of the boots, and what each takes by what the worker's takes."""
    rows = [row for path in FILES for row in read_rows(path) if row["status"] == "ok"]
    lines = []
    for body, reuse, text in CELLS:
        medians = [statistics.median(float(row["instructions_per_request"]) for row in rows
                                     if (row["mode"], row["body_bytes"], row["reuse"])
                                     == (mode, body, reuse)) for _, mode in COLUMNS]
        lines.append([text] + [f"{median:,.0f} ({median / medians[0]:.2f})" for median in medians])
    return table(["cell"] + [name for name, _ in COLUMNS], lines)


# Functions of AES-GCM, by who has them.
CIPHERS = {
    "AES-GCM in OpenSSL": ["gcm_ghash_4bit", "_bsaes_encrypt8", "ossl_bsaes_ctr32_encrypt_blocks",
                           "_x86_64_AES_encrypt_compact", "_bsaes_key_convert"],
    "AES-GCM in the kernel": ["crypto_aes_encrypt", "gf128mul_4k_lle", "__crypto_xor",
                              "crypto_ctr_crypt", "crypto_inc", "ghash_update"]}


def functions(_program):
    """Instructions of a kept request of 1 MiB, by what they are for."""
    found = {}
    for who in ("worker", "ktls"):
        path = f"results/verdicts/tls-{who}-6.12.118.profile.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            found[who] = {row["function"]: float(row["instructions_per_request"])
                          for row in csv.DictReader(file) if row["function"]}
    lines = []
    for what, names in CIPHERS.items():
        lines.append([what] + [f"{sum(by.get(name, 0) for name in names):,.0f}"
                               for by in found.values()])
    ciphers = {name for names in CIPHERS.values() for name in names}
    lines.append(["all else"] + [f"{sum(n for name, n in by.items() if name not in ciphers):,.0f}"
                                 for by in found.values()])
    return table(["1 MiB, reuse, one connection", "`cluster`, worker", "`socket`, ktls"], lines)


# Mode and who does TLS, and what it is compared with.
TIMES = [("cluster worker", "cluster off"), ("direct worker", "cluster worker"),
         ("socket sni", "cluster worker")]
SERVER, TOTAL = "cpu_us_per_request_server", "cpu_us_per_request_total"
RATE = "requests_per_s"


def times(program):
    """CPU time of a request and connections per second, where the worker does TLS."""
    rows = rows_of("tls")
    every = [row for found in rows.values() for row in found]
    sessions = Sessions(program, {
        session: as_rounds(found, lambda row: f"{row['mode']} {row['tls']}", tls="")
        for session, found in rows.items()})
    shown, lines = [], []
    windows = [float(row["duration_s"]) for row in every]
    for connections in (4, 64):
        for body in (0, 1 << 20):
            for reuse in (False, True):
                def of(name):
                    return cell(name, body, reuse, connections=connections)
                of_server = sessions.between(of("cluster worker"), of("cluster off"), SERVER)
                ratios = [sessions.between(of(first), of(second), TOTAL) for first, second in TIMES]
                # A connection has one request, and its handshake is whole. With large bodies a
                # window has too few of them for a rate.
                rates = [None if reuse or body else sessions.metric(of(first), RATE)
                         for first, _ in TIMES]
                limited = [sessions.is_of_client(of(first)) for first, _ in TIMES]
                taken = sessions.metric(of("cluster worker"), TOTAL)
                shown += [of_server, *ratios, *rates, taken]
                lines.append([str(connections), size_text(body), "reuse" if reuse else "no reuse",
                              taken.short_text(0) if taken else "–", ratio_text(of_server),
                              *map(ratio_text, ratios), *map(rate_text, limited, rates)])
    note = paragraph(
        "CPU time is of client and server, in µs of a request, and its ratios are within a round. "
        f"Median ({confidence_text(shown)} interval, made so wide that it holds each session's "
        f"median). {MARKS} ≥: the client was the limit in most rounds. Without reuse each "
        f"connection has a whole handshake and one request. Windows are of {min(windows):.1f} to "
        f"{max(windows):.1f} s. 4 workers, {machine_text(every[0])}, {sessions_text(rows)} "
        f"({paths_text('tls')}).")
    return note + "\n\n" + table(
        ["connections", "body", "", "`cluster:worker`, µs", "its server by that without TLS",
         "both by those without TLS", "`direct:worker` by it", "`socket:sni` by it",
         *(f"connections/s, `{first.replace(' ', ':')}`" for first, _ in TIMES)], lines, left=3)


PARTS = {"tls-times": times, "tls-counts": counts, "tls-functions": functions}
