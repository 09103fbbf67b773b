"""Finished parts of a long benchmark, one JSON line each, so that a run can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "parts"


def resumed(name: str, keys: Iterable[str], measure: Callable[[str], Any]) -> list[Any]:
    """What `measure` returns for every key, from the file where it is already there."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.jsonl"
    done = {}
    if path.exists():
        done = {part["key"]: part["value"] for part in map(json.loads, path.read_text().splitlines())}
    keys = list(keys)
    for key in keys:
        if key not in done:
            done[key] = measure(key)
            with path.open("a") as file:
                file.write(json.dumps({"key": key, "value": done[key]}) + "\n")
    return [done[key] for key in keys]
