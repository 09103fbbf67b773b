"""The message catalogue: every sentence of every output, per language, in one place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from tabcouce.errors import TabcouceError

LANGUAGES = ("en", "ja")
SPOKEN = "en"
"""The language in which the checks make their sentences."""


class Message(Formatter):
    """Placeholders as in str.format, and '{rows:row|rows}': the noun after a number, one or many."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        return (
            str(super().format_field(value, format_spec)) if not bar else one if str(value) == "1" else many
        )


MESSAGE = Message()


@dataclass(frozen=True)
class Words:
    """Messages of one language under dotted keys.

    findings  sentences of the data checks, where the language is not the one they are made in
    """

    language: str
    messages: Mapping[str, str]
    findings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, /, **values: object) -> str:
        """The message with its placeholders filled; KeyError for an unknown key."""
        return MESSAGE.format(self.messages[key], **values)

    def label(self, family: str, key: str) -> str:
        """The word for a stable key such as a model or rule; the key itself where none is known."""
        return self.messages.get(f"{family}.{key}", key)

    def listing(self, names: list[str], limit: int = 12) -> str:
        """Names in a row; past the limit, how many more there are."""
        shown = self.messages["list.join"].join(names[:limit])
        more = len(names) - limit
        return shown if more <= 0 else self("list.more", names=shown, more=more)


@cache
def words(language: str) -> Words:
    """The catalogue of one language, `words/<language>.toml`.

    Raises  TabcouceError for a language without a catalogue
    """
    if language not in LANGUAGES:
        raise TabcouceError(
            f"There are no words for the language '{language}'.",
            remedy=f"Choose one of {', '.join(LANGUAGES)}.",
        )
    findings = {} if language == SPOKEN else _messages(f"{language}.findings.toml")
    return Words(language, _messages(f"{language}.toml"), findings)


def _messages(name: str) -> dict[str, str]:
    text = files("tabcouce.report").joinpath("words", name).read_text(encoding="utf-8")
    return _flat(tomllib.loads(text))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
