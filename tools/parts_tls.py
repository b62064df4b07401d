"""The table of docs/tls.md: instructions of a request by who does TLS."""
import csv
import gzip
import statistics

from report_json import table
from rows import read_rows

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


PARTS = {"tls-counts": counts, "tls-functions": functions}
