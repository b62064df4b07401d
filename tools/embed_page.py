#!/usr/bin/env python3
"""Makes one file of page/: the template of the page that `uring-bench report` writes.

Usage: tools/embed_page.py PAGE_DIRECTORY LIBRARY_DIRECTORY OUTPUT

A marker of page.html names the files that take its place, in their order. A JSON file becomes a
constant of a script: `guide_figures.json` is `GUIDE_FIGURES`. The library's files are
those of page/library.json. One that LIBRARY_DIRECTORY lacks, or that does not match its hash,
becomes a script that the page loads from its public address. The marker for data stays: the report
replaces it with its JSON.
"""

import base64
import hashlib
import html
import json
import pathlib
import re
import sys

MARKER = re.compile(r"<!-- page:(\w+)((?:\s+[\w.-]+)*) -->\n")


def inline(tag, text):
    """Text as the content of an element that has no escapes."""
    if re.search(rf"</{tag}|<!--", text, re.IGNORECASE):
        raise SystemExit(f"embed_page: a file holds '</{tag}' or '<!--', which ends the element")
    return f"<{tag}>\n{text}</{tag}>\n"


def matches(data, integrity):
    algorithm, _, expected = integrity.partition("-")
    digest = hashlib.new(algorithm, data).digest()
    return base64.b64encode(digest).decode() == expected


def library_script(package, directory):
    """A library as it is in its package, under its licence, or its address."""
    path = directory / pathlib.PurePosixPath(package["file"]).name
    licence = directory / f"{package['name']}.LICENSE"
    if path.is_file() and licence.is_file():
        data = path.read_bytes()
        if matches(data, package["integrity"]):
            text = re.sub(r"^//# sourceMappingURL=.*\n?", "", data.decode(), flags=re.MULTILINE)
            title = f"{package['name']} {package['version']}"
            notice = licence.read_text(encoding="utf-8").replace("*/", "* /")
            return inline("script", f"/* {title}\n{notice}*/\n{text.rstrip()}\n")
    return (f'<script defer crossorigin="anonymous" src="{html.escape(package["url"])}"\n'
            f'  integrity="{html.escape(package["integrity"])}"></script>\n')


def read_source(path):
    """A file's text; JSON as a script that has it as a constant."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".json":
        return text
    return f"const {path.stem.upper()} = {json.dumps(json.loads(text), ensure_ascii=False)};\n"


def assemble(page, libraries):
    def replacement(match):
        kind, names = match.group(1), match.group(2).split()
        if kind == "data":
            return match.group(0)
        if kind == "library":
            pins = json.loads((page / "library.json").read_text(encoding="utf-8"))
            return "".join(library_script(package, libraries) for package in pins["packages"])
        text = "".join(read_source(page / name) for name in names)
        return inline(kind, text)

    template = (page / "page.html").read_text(encoding="utf-8")
    found = [match.group(1) for match in MARKER.finditer(template)]
    if sorted(found) != ["data", "library", "script", "style"]:
        raise SystemExit(f"embed_page: page.html has these markers: {', '.join(found)}")
    return MARKER.sub(replacement, template)


def main():
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    page, libraries, output = (pathlib.Path(argument) for argument in sys.argv[1:])
    output.write_text(assemble(page, libraries), encoding="utf-8")


if __name__ == "__main__":
    main()
