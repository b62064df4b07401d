"""The pictures of README and docs, and whether they are of these rows.

tools/render-pictures draws them, which needs Node.js. A check needs neither it nor pixels: beside
the pictures lies a file with the hash of what each was drawn from, and of what was drawn.
"""
import hashlib
import json
import os
import subprocess
import tempfile

from parts_study import study_of
from rows import Failure

FOLDER = "docs/pictures"
INPUTS = f"{FOLDER}/inputs.json"
# A picture and the cells that it is drawn from.
SOURCES = {"throughput": study_of, "cpu": study_of}
SPECIFICATION = ("tools/render-pictures", "page/picture.js", "page/library.json")


def hash_of(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def input_hash(name, program):
    """Of the figures that a picture shows and of what describes the picture."""
    cells = [[cell[key] for key in ("kernel", "label", "body_bytes", "reuse", "metrics")]
             for cell in SOURCES[name](program).pooled.cells]
    return hash_of(name, json.dumps(cells, sort_keys=True), *map(read, SPECIFICATION))


def shown_in(texts):
    """The pictures that some text shows."""
    return [name for name in SOURCES
            if any(f"pictures/{name}.svg)" in text for text in texts)]


def stale(names, program):
    """What is wrong with which picture, by name."""
    inputs = json.loads(read(INPUTS) or "{}")
    found = {}
    for name in names:
        known = inputs.get(name, {})
        if known.get("input") != input_hash(name, program):
            found[name] = "is not of these rows and this specification"
        elif known.get("picture") != hash_of(read(f"{FOLDER}/{name}.svg")):
            found[name] = "is not what was drawn"
    return found


def draw(names, program):
    """Draws these; why not, where it cannot."""
    os.makedirs(FOLDER, exist_ok=True)
    inputs = json.loads(read(INPUTS) or "{}")
    for source in {SOURCES[name] for name in names}:
        wanted = [name for name in names if SOURCES[name] is source]
        with tempfile.TemporaryDirectory(prefix="uring-bench-pictures-") as folder:
            reason = render(source(program).pooled.data, folder)
            if reason:
                return reason
            for name in wanted:
                picture = read(f"{folder}/{name}.svg")
                if not picture:
                    raise Failure(f"tools/render-pictures drew no {name}.svg")
                write(f"{FOLDER}/{name}.svg", picture)
                inputs[name] = {"input": input_hash(name, program), "picture": hash_of(picture)}
    write(INPUTS, json.dumps(inputs, indent=1, sort_keys=True) + "\n")
    return None


def render(report, folder):
    """Why nothing can be drawn here; None where it was."""
    path = os.path.join(folder, "report.json")
    write(path, json.dumps(report), say=False)
    try:
        done = subprocess.run(["tools/render-pictures", path, folder], capture_output=True,
                              text=True, check=False)
    except FileNotFoundError as error:
        return f"{error.filename} does not start"
    reason = done.stderr.strip() or f"tools/render-pictures: exit code {done.returncode}"
    # 127 is of `env`, which has found no node.
    if done.returncode in (77, 127):
        return reason
    if done.returncode != 0:
        raise Failure(reason)
    return None


def write(path, text, say=True):
    if read(path) == text:
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if say:
        print(path)
