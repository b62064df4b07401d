#!/usr/bin/env python3
"""Makes one file of page/: the template of the page that `uring-bench report` writes.

Usage: tools/embed_page.py PAGE_DIRECTORY LIBRARY_DIRECTORY OUTPUT

A marker of page.html names the files that take its place, in their order. The marker for data
stays: the report replaces it with its JSON.
"""

import pathlib
import re
import sys

MARKER = re.compile(r"<!-- page:(style|script)((?:\s+[\w.-]+)+) -->\n")


def main():
    page, _, output = (pathlib.Path(argument) for argument in sys.argv[1:])

    def replacement(match):
        text = "".join((page / name).read_text() for name in match.group(2).split())
        return f"<{match.group(1)}>\n{text}</{match.group(1)}>\n"

    output.write_text(MARKER.sub(replacement, (page / "page.html").read_text()))


if __name__ == "__main__":
    main()
