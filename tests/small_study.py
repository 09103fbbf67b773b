"""A small process and the command line on it, for tests of the whole chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from typer.testing import CliRunner, Result

TEMPERATURE, FLOW, ROOM, TARGET = "温度[℃]", "流量, L/min", "室温", "強度"


def process(machines: int = 6, rows: int = 24, seed: int = 0) -> pd.DataFrame:
    """Strength rises with temperature; each machine adds its own offset and runs at its own flow."""
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(machines), rows)
    temperature = rng.normal(180, 6, len(number))
    flow = rng.normal(12, 1, len(number)) + 0.4 * number
    strength = 40 + 0.5 * (temperature - 180) + 0.8 * number + rng.normal(0, 0.8, len(number))
    return pd.DataFrame(
        {
            "機番": [f"M{k + 1}" for k in number],
            TEMPERATURE: temperature.round(2),
            FLOW: flow.round(2),
            ROOM: (20 + number + rng.normal(0, 0.3, len(number))).round(1),
            "等級": rng.choice(["A", "B"], len(number)),
            TARGET: strength.round(2),
        }
    )


ROLES = f"""
targets = ["{TARGET}"]
context = ["機番"]

[columns."{TEMPERATURE}"]
kind = "condition"
expected = "increases"

[columns."{ROOM}"]
kind = "proxy"
"""


def run(*arguments: str | Path) -> Result:
    from tabcouce.cli import app

    return CliRunner().invoke(app, [str(a) for a in arguments])


@dataclass(frozen=True)
class FittedStudy:
    """Where a fitted study lies, and what the command printed."""

    data: Path
    folder: Path
    stdout: str
    stderr: str
