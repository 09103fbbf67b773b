"""Guess a role for every column, each with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tabcouce.errors import Place, RoleError
from tabcouce.read.table import Table
from tabcouce.roles.cells import parse_numbers
from tabcouce.roles.column_name import find_column
from tabcouce.roles.hints import ends_in_label, hint, names_weekday
from tabcouce.roles.level import BLANK
from tabcouce.roles.log_scale import log_scale
from tabcouce.roles.profile import Profile, profile
from tabcouce.roles.proxy import RECALL, telling
from tabcouce.roles.role import ColumnRole, Flag, Kind, Roles, Task
from tabcouce.roles.target_values import says_rejected

SETTING_LEVELS = 20
MOST_CONTEXT_LEVELS = 500
MANY_TEXTS = 30
FEW_CLASSES = 6
SERIES = 10
"""So many columns whose names differ by their numbers only are channels, e.g. of a spectrum."""


def propose(
    table: Table, *, targets: Sequence[str] = (), context: Sequence[str] = (), labelled: bool = True
) -> Roles:
    """Guess roles from names (English and Japanese) and from the cells.

    A number is never turned into a category: few different values are only named as the reason
    to call a column a setting.
    targets, context  names that are known; the rest is guessed around them
    labelled          whether there is a target at all; without one, what looks like a result is none
    Raises  RoleError if a given name is missing or no column can be the target
    """
    names = [column.name for column in table.columns]
    known_targets = _find(targets, names, "--target", table.place())
    known_context = _find(context, names, "--context", table.place())
    both = set(known_targets) & set(known_context)
    if both:
        raise RoleError(
            f"'{min(both)}' is named as target and as context.",
            place=table.place(column=min(both)),
            remedy="Name it as one of them.",
        )
    profiles = [profile(name, table.frame[name]) for name in names]
    guesses: dict[str, tuple[Kind, str]] = {name: ("target", "named as target") for name in known_targets}
    guesses |= {name: ("context", "named as context") for name in known_context}
    for seen in profiles:
        if seen.name not in guesses:
            guess = _unusable(seen) or (None if known_context else _context(seen, _unit(table, seen.name)))
            if guess:
                guesses[seen.name] = guess
    if labelled:
        known_targets = known_targets or (_guess_target(profiles, guesses, table),)
    guesses |= _further_results(profiles, guesses)
    order = _order(profiles, guesses)
    for seen in profiles:
        if seen.name not in guesses:
            guesses[seen.name] = _input(seen, profiles, guesses)
    given = {*targets, *context}
    columns = []
    for column in table.columns:
        kind, reason = guesses[column.name]
        flags: frozenset[Flag] = frozenset({"time"}) if column.name in order else frozenset()
        columns.append(
            ColumnRole(
                name=column.name,
                kind=kind,
                flags=flags,
                unit=column.unit,
                lower=column.lower,
                upper=column.upper,
                target_value=column.target_value,
                reason=reason + (_log_hint(table, column.name) if kind == "target" else ""),
                guessed=column.name not in given,
            )
        )
    task: Task | None = None if labelled else "anomaly"
    return Roles(columns=tuple(columns), targets=known_targets, task=task, order=order, origin="guessed")


def _log_hint(table: Table, name: str) -> str:
    """A word on the logarithm where the values of a target ask for it."""
    scale = log_scale(parse_numbers(table.frame[name]).values)
    if scale is None:
        return ""
    return f"; all above zero and over {scale.decades:.1f} decades: consider its logarithm (part = 'log10')"


def _find(given: Sequence[str], names: list[str], key: str, place: Place) -> tuple[str, ...]:
    return tuple(dict.fromkeys(find_column(name, names, key=key, place=place) for name in given))


def _unit(table: Table, name: str) -> str | None:
    return next(column.unit for column in table.columns if column.name == name)


def _unusable(seen: Profile) -> tuple[Kind, str] | None:
    """Kinds that the column shows by itself, before anything else is known."""
    name = seen.name
    if seen.content == "empty":
        return "ignored", "the column is empty"
    if seen.constant:
        return "ignored", "every row has the same value"
    if hint("after", name) and seen.content in ("text", "mixed"):
        return "after", f"'{hint('after', name)}' is written after the result"
    if seen.content == "date":
        return "ignored", "a date is no input"
    if seen.content == "text" and seen.unique:
        return "identifier", "nearly every row has its own text"
    if seen.running:
        return "identifier", "a running number: it counts the rows"
    if seen.whole and hint("identifier", name) and (seen.unique or not hint("context", name)):
        return "identifier", f"'{hint('identifier', name)}' in the name and whole numbers"
    return None


def _context(seen: Profile, unit: str | None) -> tuple[Kind, str] | None:
    if seen.content == "text" and seen.repeats and all(map(names_weekday, set(seen.texts) - {BLANK})):
        return "context", "days of the week"
    word = hint("context", seen.name)
    if word is None:
        return None
    if seen.content in ("text", "mixed"):
        return _labels(seen, word, "texts")
    # 'line speed' is a quantity of a line, not the name of one.
    if not seen.whole or unit is not None or hint("quantity", seen.name):
        return None
    # Numbers that hardly repeat may still measure something, unless the name ends in the word:
    # 'lot', 'lot no.' names a lot, 'tool life' does not name a tool.
    usable = seen.repeats and seen.levels <= MOST_CONTEXT_LEVELS
    return _labels(seen, word, "whole numbers") if usable or ends_in_label(seen.name) else None


def _labels(seen: Profile, word: str, what: str) -> tuple[Kind, str]:
    """A column of labels of contexts: a context where it can be used, in no case an input."""
    said = f"'{word}' in the name"
    if seen.filled < 0.5 * len(seen.cells):
        return "ignored", f"{said}, but only {seen.filled} of {len(seen.cells)} rows have one: fill it down"
    if not seen.repeats:
        return "identifier", f"{said}, but its {seen.levels} {what} hardly repeat"
    if seen.levels > MOST_CONTEXT_LEVELS:
        return (
            "identifier",
            f"{said}, {seen.levels} {what}: too many to hold out; 'group' keeps them together",
        )
    return "context", f"{said}, {seen.levels} {what} that repeat"


def _usable_target(seen: Profile) -> bool:
    if seen.content == "mixed":
        # A result with a few bad cells is still the result; the cells are then named one by one.
        known = int((~np.isnan(seen.numbers)).sum())
        return hint("target", seen.name) is not None and known >= 0.5 * seen.filled
    return seen.content == "number" or (seen.content == "text" and 2 <= seen.levels <= 10)


def _names_result(seen: Profile) -> str | None:
    """The word that says 'quality value', in the name or as one of two texts.

    'targeted ...' is a plan, not a result.
    """
    if hint("setting", seen.name) or not _usable_target(seen):
        return None
    word = hint("target", seen.name)
    if word is None and seen.content == "text" and seen.levels == 2:
        return next((text for text in sorted(set(seen.texts)) if says_rejected(text)), None)
    return word


def _series(profiles: list[Profile]) -> frozenset[str]:
    """Names of the channels: 'nm1100', 'nm1102', ... or '温度1', '温度2', ..."""
    skeleton = {seen.name: re.sub(r"\d+(?:\.\d+)?", "0", seen.name) for seen in profiles}
    count = Counter(skeleton.values())
    return frozenset(n for n, bones in skeleton.items() if "0" in bones and count[bones] >= SERIES)


def _guess_target(profiles: list[Profile], guesses: dict[str, tuple[Kind, str]], table: Table) -> str:
    channels = _series(profiles)
    free = [seen for seen in profiles if seen.name not in guesses and seen.name not in channels]
    free = [seen for seen in free if _usable_target(seen)]
    hinted = [seen for seen in free if _names_result(seen)]
    numeric = [seen for seen in free if seen.content == "number"]
    if not free:
        columns = ", ".join(f"'{seen.name}'" for seen in profiles[:5]) + (
            ", ..." if len(profiles) > 5 else ""
        )
        raise RoleError(
            f"No column looks like a quality value to predict. The columns are {columns}.",
            place=table.place(),
            remedy="Name it with --target; where these are no column names, give the right --sheet.",
        )
    pool = hinted or numeric or free
    # A half-empty column would cost half of the rows.
    most = max(seen.filled for seen in pool)
    best = [seen for seen in pool if seen.filled >= 0.8 * most][-1]
    if hinted:
        word = _names_result(best)
        reason = f"'{word}' in the name" if hint("target", best.name) else f"a judgement: '{word}' or not"
    else:
        reason = "the last well-filled numeric column" if numeric else "the last column with a few texts"
    if best.whole and 3 <= best.levels <= FEW_CLASSES:
        reason += f"; {best.levels} whole numbers read as a value, set task = 'multiclass' if they are names"
    guesses[best.name] = ("target", reason)
    return best.name


def _further_results(
    profiles: list[Profile], guesses: dict[str, tuple[Kind, str]]
) -> dict[str, tuple[Kind, str]]:
    found: dict[str, tuple[Kind, str]] = {}
    for seen in profiles:
        word = _names_result(seen)
        if word and seen.name not in guesses:
            where = "in the name" if hint("target", seen.name) else "in the cells"
            found[seen.name] = ("after", f"'{word}' {where}: another result could give the target away")
    return found


def _order(profiles: list[Profile], guesses: dict[str, tuple[Kind, str]]) -> tuple[str, ...]:
    """The first column of dates that read without doubt, those with a time word first."""
    dates = [seen for seen in profiles if seen.datable and guesses[seen.name][0] == "ignored"]
    dates.sort(key=lambda seen: hint("time", seen.name) is None)
    if not dates:
        return ()
    name = dates[0].name
    guesses[name] = ("ignored", "gives the order in time; a date is no input")
    return (name,)


def _input(seen: Profile, profiles: list[Profile], guesses: dict[str, tuple[Kind, str]]) -> tuple[Kind, str]:
    if seen.content == "mixed":
        texts = seen.texts[np.isnan(seen.numbers)]
        example = next(text for text in texts if text != BLANK)
        return "ignored", f"numbers and text together, e.g. '{example}'; correct the cells to use it"
    if seen.content == "text":
        same = _other_name(seen, profiles, guesses) if seen.levels > MANY_TEXTS else None
        if same is not None:
            return "ignored", f"{seen.levels} texts, each on one '{same}' only: another name of it"
        if seen.levels > max(MANY_TEXTS, seen.filled / 5):
            return "ignored", f"{seen.levels} different texts are too many for a category"
        return "condition", f"{seen.levels} texts that repeat: a category"
    word = hint("ambient", seen.name)
    if word:
        return "proxy", f"'{word}' in the name: surroundings or wear, not a cause one sets"
    few_values = not hint("reading", seen.name) and seen.levels <= min(SETTING_LEVELS, seen.filled / 5)
    told = _told_context(seen, profiles, guesses, sure=few_values)
    if told:
        return "proxy", told
    if hint("setting", seen.name):
        return "condition", f"'{hint('setting', seen.name)}' in the name"
    if few_values:
        return "condition", f"takes {seen.levels} different values, as a setting does"
    return "sensor", "a number that varies"


def _other_name(seen: Profile, profiles: list[Profile], guesses: dict[str, tuple[Kind, str]]) -> str | None:
    """The context that the texts name again: nearly every text stands beside one level only."""
    for other in profiles:
        if guesses.get(other.name, ("", ""))[0] == "context" and 2 * seen.levels >= other.levels:
            pairs = pd.crosstab(seen.texts, other.texts).to_numpy()
            if pairs.max(axis=1).sum() >= 0.98 * pairs.sum():
                return other.name
    return None


def _told_context(
    seen: Profile, profiles: list[Profile], guesses: dict[str, tuple[Kind, str]], *, sure: bool
) -> str | None:
    """Why the column gives a context away, or None.

    sure  only if it names the context row by row: a setting that each machine keeps differs
          between machines without being a proxy of them
    """
    for other in profiles:
        if guesses.get(other.name, ("", ""))[0] != "context":
            continue
        level = np.unique(other.texts.astype(str), return_inverse=True)[1]
        found = telling(seen.numbers, level)
        if found is not None and (found.recall > RECALL if sure else found.gives_away):
            return (
                f"alone it tells '{other.name}': {100 * max(found.between, 0):.0f} % of its variance lies "
                f"between its levels, {100 * found.recall:.0f} % of the rows are told rightly"
            )
    return None
