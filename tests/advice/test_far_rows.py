"""A row unlike all past ones is flagged, and what the flag costs on good rows is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tabcouce.advice.far_rows import FarRows, far_from, far_rows
from tabcouce.advice.row_space import Gallery
from tabcouce.evaluation.trial import Trial
from tabcouce.read.table import Source
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Fold, Split


@dataclass
class Plane:
    """An 'encoder' that reads the first column alone."""

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        return np.column_stack([X["a"].to_numpy(), np.zeros(len(X))])


def machines(moved: float) -> tuple[Dataset, Split]:
    """Eight machines of 30 rows; the last two stand apart by so much in the column that is read."""
    rng = np.random.default_rng(0)
    machine = np.repeat(np.arange(8), 30)
    X = pd.DataFrame({"a": rng.normal(size=240) + moved * (machine > 5), "b": 50.0 * machine})
    names = tuple(f"{k}号機" for k in range(8))
    everything = np.arange(240)
    folds = tuple(Fold(everything[machine != k], everything[machine == k], (names[k],)) for k in range(8))
    roles = Roles(
        (ColumnRole("a", "sensor"), ColumnRole("機番", "context"), ColumnRole("y", "target")), ("y",)
    )
    dataset = Dataset(
        name="made",
        source=Source("made.csv", ""),
        task="regression",
        target="y",
        X=X,
        y=rng.normal(size=240),
        classes=(),
        contexts=pd.DataFrame({"機番": np.asarray(names, object)[machine]}),
        group=None,
        order=None,
        rows=everything + 2,
        roles=roles,
    )
    return dataset, Split("unseen:機番", folds, machine, machine, names, "機番")


def flag(dataset: Dataset, split: Split) -> FarRows:
    encoder = Plane()
    fitted = tuple(encoder for _ in split.folds)
    trial = Trial("couce", split.key, np.zeros(240), fitted, 0.0, 210)  # type: ignore[arg-type]
    found = far_rows(encoder.embed(dataset.X).astype(np.float32), trial, dataset, split)
    assert found is not None
    return found


def test_the_limit_is_what_one_row_in_twenty_keeps_from_other_machines() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(80, 2)).astype(np.float32)
    own = np.repeat(["A", "B", "C", "D"], 20)
    apart = [min(np.linalg.norm(rows[i] - rows[j]) for j in range(80) if own[j] != own[i]) for i in range(80)]
    assert far_from(Gallery("encoder", rows), own) == pytest.approx(np.quantile(apart, 0.95), rel=1e-4)


def test_machines_like_the_others_are_seldom_flagged_and_one_apart_is() -> None:
    dataset, split = machines(0.0)
    found = flag(dataset, split)
    assert found.asked == 240
    assert found.false_alarms < 0.15
    past = Plane().embed(dataset.X).astype(np.float32)
    assert not found(np.array([[0.2, 0.0]]), past)[0]
    assert found(np.array([[40.0, 0.0]]), past)[0]
    dataset, split = machines(30.0)
    # Held out together with its twin known, or alone: only what no past machine was like is flagged.
    assert flag(dataset, split).false_alarms < 0.15


def test_without_an_encoder_there_is_no_flag() -> None:
    dataset, split = machines(0.0)
    assert far_rows(None, None, dataset, split) is None
