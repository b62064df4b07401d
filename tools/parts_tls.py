"""The tables of docs/tls.md: a request by who does TLS, in instructions and in time."""
import csv
import gzip
import statistics

from parts_study import machine_text, rate_text, sessions_text
from report_json import confidence_text, paragraph, size_text, table
from rows import as_rounds, read_rows
from sessions import MARKS, Sessions, cell, paths_text, ratio_text, rows_of

FOLDER = "results/verdicts"
KERNEL = "6.12.118"
# By whether the CPU has instructions for AES and GCM: the files' prefix.
CPUS = {"without": "tls", "with": "tls-aes"}
# Mode, relay and who does TLS, by the file that has it.
COLUMNS = [("`cluster`, worker", "worker", "cluster", ""), ("`socket`, sni", "sni", "socket", ""),
           ("`socket`, ktls", "ktls", "socket", ""),
           ("`msgring-head`, ktls", "ktls", "msgring-head", ""),
           ("`passthru sync`, ktls", "ktls-passthru", "passthru", "sync"),
           ("`passthru copy`, ktls", "ktls-passthru", "passthru", "copy")]
CELLS = [("0", "no", "0 B, no reuse"), ("0", "yes", "0 B, reuse"),
         ("1048576", "no", "1 MiB, no reuse"), ("1048576", "yes", "1 MiB, reuse")]


def medians_of(cpu, body, reuse):
    """Of the boots, by column."""
    return [statistics.median(
        float(row["instructions_per_request"])
        for row in read_rows(f"{FOLDER}/{CPUS[cpu]}-{file}.csv")
        if row["status"] == "ok" and (row["mode"], row["relay"], row["body_bytes"],
                                      row["reuse"]) == (mode, relay, body, reuse))
            for _, file, mode, relay in COLUMNS]


def counts(_program):
    """Medians of the boots, and what each takes by what the worker's takes."""
    lines = []
    for cpu in CPUS:
        for body, reuse, text in CELLS:
            medians = medians_of(cpu, body, reuse)
            lines.append([cpu, text] + [f"{median:,.0f} ({median / medians[0]:.2f})"
                                        for median in medians])
    return table(["AES instructions", "cell", *(column[0] for column in COLUMNS)], lines, left=2)


# Functions of AES-GCM, by who has them, for CPUs without its instructions and with them.
CIPHERS = {
    "AES-GCM in OpenSSL": ["gcm_ghash_4bit", "_bsaes_encrypt8", "ossl_bsaes_ctr32_encrypt_blocks",
                           "_x86_64_AES_encrypt_compact", "_bsaes_key_convert",
                           "aesni_ctr32_encrypt_blocks", "gcm_ghash_clmul"],
    "AES-GCM in the kernel": ["crypto_aes_encrypt", "gf128mul_4k_lle", "__crypto_xor",
                              "crypto_ctr_crypt", "crypto_inc", "ghash_update",
                              "aes_gcm_dec_update_aesni", "aes_gcm_enc_update_aesni"],
    "memcpy in the program": ["__memcpy_sse2_unaligned_erms"]}


def functions(_program):
    """Instructions of a kept request of 1 MiB, by what they are for."""
    found = {}
    for cpu, prefix in CPUS.items():
        for who in ("worker", "ktls"):
            path = f"{FOLDER}/{prefix}-{who}-{KERNEL}.profile.csv.gz"
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                found[cpu, who] = {row["function"]: float(row["instructions_per_request"])
                                   for row in csv.DictReader(file) if row["function"]}
    lines = []
    for what, names in CIPHERS.items():
        lines.append([what] + [f"{sum(by.get(name, 0) for name in names):,.0f}"
                               for by in found.values()])
    told = {name for names in CIPHERS.values() for name in names}
    lines.append(["all else"] + [f"{sum(n for name, n in by.items() if name not in told):,.0f}"
                                 for by in found.values()])
    names = {"worker": "`cluster`, worker", "ktls": "`socket`, ktls"}
    return table(["1 MiB, reuse, one connection",
                  *(f"{names[who]}, {cpu}" for cpu, who in found)], lines)


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
