"""Columns that share a name are told apart by a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tabcouce.read.column_letter import column_letter
from tabcouce.read.header import Header
from tabcouce.read.unit import unit_of_name


def distinct_names(header: Header, kept: Sequence[int]) -> Header:
    """The header with '#1', '#2', ... after names that several of the kept columns share."""
    count = Counter(header.names[c] for c in kept if header.names[c] is not None)
    if all(times == 1 for times in count.values()):
        return header
    names = list(header.names)
    units = list(header.units)
    taken = set(count)
    letters: dict[str, list[str]] = {}
    for c in kept:
        name = header.names[c]
        if name is None or count[name] == 1:
            continue
        number = len(letters.setdefault(name, [])) + 1
        letters[name].append(column_letter(c))
        while f"{name} #{number}" in taken:
            number += 1
        names[c] = f"{name} #{number}"
        taken.add(f"{name} #{number}")
        units[c] = header.units[c] or unit_of_name(name)
    repeated = {name: tuple(found) for name, found in letters.items()}
    return replace(header, names=tuple(names), units=tuple(units), repeated=repeated)
