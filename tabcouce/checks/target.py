"""What the values of the target ask for: a logarithm, or care near the limit of an instrument."""

from __future__ import annotations

import numpy as np

from tabcouce.checks.finding import Fact, Finding
from tabcouce.checks.sentences import worded
from tabcouce.read.table import Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.log_scale import log_scale


def target_findings(table: Table, dataset: Dataset) -> list[Finding]:
    """A scale that fits the target better, and rows of which only a limit is known."""
    if not dataset.is_regression:
        return []
    found: list[Finding] = []
    name, place = dataset.target, table.place(column=dataset.target)
    scale = log_scale(dataset.y)
    if scale is not None:
        facts: dict[str, Fact] = {
            "target": name,
            "decades": scale.decades,
            "skewness": scale.skewness,
            "log_skewness": scale.log_skewness,
        }
        found.append(worded("log-target", "weakens", place, facts, columns=(name,), size=1.0))
    if dataset.censored is not None and dataset.censored.any():
        count = int(np.count_nonzero(dataset.censored))
        share = count / len(dataset.y)
        numbers: dict[str, Fact] = {"count": count, "rows": len(dataset.y), "target": name}
        found.append(worded("censored-target", "misleads", place, numbers, columns=(name,), size=share))
    return found
