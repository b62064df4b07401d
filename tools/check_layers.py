#!/usr/bin/env python3
"""Checks that includes point downwards only, and a few bans. Usage: check_layers.py SOURCE_ROOT

BELOW is the one source of the layers. The includes, the dependencies in src/*/meson.build and the
table in ARCHITECTURE.md are held against it. What clang-format and clang-tidy can check is theirs.
"""

import pathlib
import re
import sys

# Each folder and the ones directly below it; what those may include is allowed as well.
BELOW = {
    "base": [],
    "process": ["base"],
    "uring": ["base"],
    "http": ["base"],
    "stats": ["base"],
    "tls": ["base"],
    "net": ["uring", "http", "stats", "tls"],
    "micro": ["net"],
    "probe": ["base"],
    "mode": ["net"],
    "server": ["mode", "process"],
    "load": ["uring", "http", "stats", "tls"],
    "row": ["stats", "probe", "process"],
    "profile": ["row"],
    "report": ["mode", "row", "profile"],
    "compare": ["report", "profile"],
    "experiment": ["server", "load", "micro", "report"],
    "sweep": ["process", "report", "profile"],
    "remote": ["experiment"],
    "cli": ["remote", "sweep", "compare"],
    "main": ["cli"],
}

# Pure by decision, so that they test without a kernel: no ring, directly or through others.
PURE = {"http", "stats", "tls", "row", "profile", "report", "compare", "experiment/matrix",
        "load/plan"}

LINES_MAX = 300  # of a source file
COLUMNS_MAX = 100  # of a script or a build file; clang-format keeps the sources to it

BANS = [
    (re.compile(r"FIXME"), "mend it, or write TODO(perf|kernel|test): what"),
    (re.compile(r"TODO(?!\((perf|kernel|test)\): )"), "write TODO(perf|kernel|test): what"),
    (re.compile(r"#\s*include\s+<(format|expected|source_location)>"), "not in our compilers"),
    (re.compile(r"#\s*include\s+<iostream>"), "use fmt"),
    (re.compile(r"\bsystem\s*\("), "no shell"),
    (re.compile(r"\busing namespace (?!std::\w+_literals;)"), "name what is used"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/([^"]+)"')


def allowed(folder):
    """The folder and everything below it."""
    names = {folder}
    for below in BELOW[folder]:
        names |= allowed(below)
    return names


def included(path):
    """The (folder, file) pairs of the root-relative includes of a file."""
    for line in path.read_text().splitlines():
        match = INCLUDE.match(line)
        if match:
            yield match.group(1), match.group(2)


def reaches_ring(src, path, seen):
    """The chain of includes from a file to src/uring, empty if there is none."""
    if path in seen or not path.exists():
        return []
    seen.add(path)
    for folder, name in included(path):
        if folder == "uring":
            return [f"{folder}/{name}"]
        chain = reaches_ring(src, src / folder / name, seen)
        if chain:
            return [f"{folder}/{name}"] + chain
    return []


def check_file(src, path):
    """Everything that is wrong with one file under src/, as lines of text."""
    name = path.relative_to(src).as_posix()
    folder = name.split("/")[0] if "/" in name else path.stem
    if folder not in BELOW:
        yield f"{name}: folder '{folder}' has no layer (see tools/check_layers.py)"
        return
    for other, file in included(path):
        if other not in allowed(folder):
            yield f"{name}: '{folder}' must not include '{other}/{file}'"
    if folder in PURE or name.rsplit(".", 1)[0] in PURE:
        chain = reaches_ring(src, path, set())
        if chain:
            yield f"{name}: is to be pure, but includes {' → '.join(chain)}"


def check_text(root, path):
    """The bans and the size, for any source file."""
    name = path.relative_to(root).as_posix()
    lines = path.read_text().splitlines()
    if len(lines) > LINES_MAX:
        yield f"{name}: {len(lines)} lines, {LINES_MAX} are the most; is it still one idea?"
    for number, line in enumerate(lines, 1):
        for pattern, remedy in BANS:
            if pattern.search(line):
                yield f"{name}:{number}: '{pattern.pattern}' is banned: {remedy}"
    if path.suffix == ".hpp" and "#pragma once" not in lines:
        yield f"{name}: no #pragma once"
    if path.suffix == ".hpp" and lines and not lines[0].startswith("//"):
        yield f"{name}: opens without a comment that says what it is"


def check_width(root, path):
    """The width of a script or a build file."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if len(line) > COLUMNS_MAX:
            name = path.relative_to(root)
            yield f"{name}:{number}: {len(line)} columns, {COLUMNS_MAX} are the most"


def check_meson(src):
    """The order of the folders, and what each one links, against BELOW."""
    order = re.findall(r"^subdir\('(\w+)'\)", (src / "meson.build").read_text(), re.MULTILINE)
    wanted = [folder for folder in BELOW if folder != "main"]
    if order != wanted:
        yield f"src/meson.build: the folders are {order}, the layers {wanted}"
    for folder in wanted:
        text = (src / folder / "meson.build").read_text()
        linked = set(re.findall(r"\b(\w+)_dep\b", text)) & set(BELOW) - {folder}
        if linked != set(BELOW[folder]):
            yield (f"src/{folder}/meson.build: links {sorted(linked)}, "
                   f"its layer is above {sorted(BELOW[folder])}")


def check_architecture(root):
    """The table of folders against BELOW."""
    text = (root / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([\w, –]+) \|$", text, re.MULTILINE)
    table = {folder: [] if below == "–" else below.split(", ") for folder, below in rows}
    for folder in BELOW:
        if folder != "main" and table.get(folder) != BELOW[folder]:
            yield (f"ARCHITECTURE.md: the row of `{folder}` says {table.get(folder)}, "
                   f"the layers {BELOW[folder]}")


def check_counters(root):
    """The counters that ARCHITECTURE's table of shortages names."""
    known = re.findall(r"^URB_COUNTER\((\w+)", (root / "src/stats/counters.inc").read_text(),
                       re.MULTILINE)
    text = (root / "ARCHITECTURE.md").read_text().split("| what runs out | counter |")[1]
    for line in text.split("\n\n")[0].splitlines():
        for name in re.findall(r"`([a-z_]+)`", line):
            if name not in known:
                yield f"ARCHITECTURE.md: there is no counter {name} (stats/counters.inc)"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    src = root / "src"
    problems = []
    for path in sorted(src.rglob("*.[ch]pp")):
        problems += check_file(src, path)
    for folder in ("src", "test", "bench"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            problems += check_text(root, path)
    for path in sorted((root / "tools").iterdir()) + sorted(root.rglob("meson.build")):
        if path.is_file() and "subprojects" not in path.parts:
            problems += check_width(root, path)
    problems += check_meson(src)
    problems += check_architecture(root)
    problems += check_counters(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
