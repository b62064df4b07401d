#!/usr/bin/env python3
"""Turns a text file into C++: a function that returns the text.

Usage: tools/embed_text.py INPUT HEADER FUNCTION OUTPUT
"""

import pathlib
import sys

PART = 8192  # characters of one literal: compilers limit it, and join neighbours


def main():
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    source, header, function, output = sys.argv[1:]
    text = pathlib.Path(source).read_text(encoding="utf-8")
    if ')urb_text"' in text:
        raise SystemExit(f"{source}: holds the end of a raw string")
    parts = [f'R"urb_text({text[at:at + PART]})urb_text"' for at in range(0, len(text), PART)]
    pathlib.Path(output).write_text(
        f'#include "{header}"\n\n'
        f"std::string_view urb::{function}() noexcept {{\n"
        "  static constexpr std::string_view kText{\n" + "\n".join(parts) +
        f", {len(text.encode())}}};\n"
        "  return kText;\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
