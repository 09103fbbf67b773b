"""Output that a cp932 console and a pipe can take."""

import io
import json
import sys
from collections.abc import Callable

import pytest

from tabcouce.checks import Finding
from tabcouce.errors import Place
from tabcouce.study.preview import Preview
from tabcouce.terminal import MOST_OF_A_RULE, print_preview, put, put_json, say

NAME = "Ø µ 温度 😀"


def on_cp932(monkeypatch: pytest.MonkeyPatch, write: Callable[[], None]) -> tuple[str, str]:
    """What a Japanese Windows console is handed on stdout and stderr."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="cp932") for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        write()
        for stream in streams:
            stream.flush()
    out, err = (stream.buffer.getvalue().decode("cp932") for stream in streams)
    return out, err


def test_names_the_console_does_not_know_come_through_in_json(monkeypatch):
    out, _ = on_cp932(monkeypatch, lambda: put_json([{"target": NAME}]))
    assert json.loads(out) == [{"target": NAME}]


def test_lines_with_unknown_letters_are_printed_all_the_same(monkeypatch):
    def write():
        put(NAME)
        say(NAME)

    assert all("温度" in text for text in on_cp932(monkeypatch, write))


def test_forty_findings_of_a_kind_are_counted_not_listed(capsys):
    place = Place("a.csv", None, 7, "x")
    found = tuple(Finding("target-copy", "blocks", f"copy {k}.", place, "Leave it out.") for k in range(40))
    print_preview(Preview("y", "regression", 90, 40, (), "shuffled", found))
    shown = capsys.readouterr().out
    assert shown.count("[blocks]") == MOST_OF_A_RULE and "35 more" in shown
    assert "row 7, column 'x'" in shown
