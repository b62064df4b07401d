"""The generated parts of a text: each between <!-- NAME:begin --> and <!-- NAME:end -->."""

BEGIN, END = ":begin -->", ":end -->"


def names_in(text):
    """The parts of a text, in their order."""
    return [line[len("<!-- "):-len(BEGIN)] for line in text.splitlines()
            if line.startswith("<!-- ") and line.endswith(BEGIN)]


def split_at(text, name):
    """What stands before, in and behind a part."""
    begin, end = f"<!-- {name}{BEGIN}\n", f"\n<!-- {name}{END}"
    before, found, rest = text.partition(begin)
    # An empty part has one line end for both of its markers.
    if found and rest.startswith(end[1:]):
        return before + begin, "", end + rest[len(end) - 1:]
    part, also_found, behind = rest.partition(end)
    if not found or not also_found:
        raise ValueError(f"part {name} has no end (put {end.strip()} behind it)")
    return before + begin, part, end + behind


def part_of(text, name):
    return split_at(text, name)[1]


def with_part(text, name, part):
    before, _, behind = split_at(text, name)
    return before + part + behind
