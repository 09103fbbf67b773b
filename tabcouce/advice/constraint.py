"""Linear constraints between settings, as an engineer writes them: A + B + C = 100, 2*A + B <= 50."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tabcouce.errors import RoleError
from tabcouce.roles.column_name import closest, name_key

Relation = Literal["=", "<=", ">="]
_RELATION = re.compile(r"<=|>=|==|=|≤|≦|≥|≧")
_TERM = re.compile(r"\s*([+-]?)\s*(?:(\d+(?:\.\d*)?|\.\d+)\s*\*?\s*)?\x00(\d+)\x00")
_SIGNS: Mapping[str, Relation] = {"≤": "<=", "≦": "<=", "≥": ">=", "≧": ">=", "==": "=", "=": "="}


@dataclass(frozen=True)
class Constraint:
    """sum of weight x setting, against total; weights by column name."""

    weights: Mapping[str, float]
    relation: Relation
    total: float


def parse_constraint(text: str, names: Sequence[str]) -> Constraint:
    """One constraint over the settings `names`; a name may hold blanks, brackets, even plus signs.

    >>> parse_constraint("A + 2*B = 100", ["A", "B"])
    Constraint(weights={'A': 1.0, 'B': 2.0}, relation='=', total=100.0)

    Raises  RoleError naming the part that is not understood
    """
    marked = name_key(text)
    # The longest name first: 'A' is a part of 'A [kg]'.
    for number, name in sorted(enumerate(names), key=lambda pair: -len(pair[1])):
        marked = _marked(marked, name_key(name), f"\x00{number}\x00")
    parts = _RELATION.split(marked)
    signs = _RELATION.findall(marked)
    if len(signs) != 1:
        raise _not_understood(text, text, names)
    weights: dict[str, float] = {}
    rest, at = parts[0].rstrip(), 0
    while at < len(rest):
        term = _TERM.match(rest, at)
        if term is None or (weights and not term[1]):
            raise _not_understood(text, re.sub(r"\x00(\d+)\x00", "", rest[at:]).strip(" +-*"), names)
        name = names[int(term[3])]
        weights[name] = weights.get(name, 0.0) + (-1 if term[1] == "-" else 1) * float(term[2] or 1)
        at = term.end()
    try:
        total = float(parts[1])
    except ValueError as error:
        raise _not_understood(text, parts[1].strip(), names) from error
    if not weights:
        raise _not_understood(text, text, names)
    return Constraint(weights, _SIGNS.get(signs[0], signs[0]), total)


def _marked(text: str, name: str, mark: str) -> str:
    """The text with a name replaced, but not inside a mark or a longer word."""
    edge = r"[\w]"
    before = rf"(?<!{edge})" if re.match(edge, name[:1]) else ""
    after = rf"(?!{edge})" if re.match(edge, name[-1:]) else ""
    # Digits between two marks are the number of a name, never a name themselves.
    pieces = re.split(r"(\x00\d+\x00)", text)
    return "".join(
        piece
        if piece.startswith("\x00")
        else re.sub(rf"['\"“「]?{before}{re.escape(name)}{after}['\"”」]?", mark, piece)
        for piece in pieces
    )


def _not_understood(text: str, part: str, names: Sequence[str]) -> RoleError:
    near = closest(part, names) if part else None
    hint = f"Did you mean '{near}'? " if near else ""
    return RoleError(
        f"The constraint '{text}' is not understood at '{part}'.",
        remedy=f'{hint}Write it over the numeric settings, as in "A + B + C = 100".',
    )
