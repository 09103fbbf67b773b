"""A saved study and a few labelled rows of a new machine: predictions for that machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import CellError, RoleError
from tabcouce.evaluation.metrics import row_log_loss
from tabcouce.models.calibration import calibrated
from tabcouce.read.table import Table
from tabcouce.roles.cells import not_a_number
from tabcouce.roles.column_name import closest, name_key
from tabcouce.study.predict import (
    Prediction,
    derived_again,
    known_contexts,
    matched_inputs,
    predict_study,
    spellings,
)
from tabcouce.study.predict import answer as answered
from tabcouce.study.promise import judge, read_observed
from tabcouce.study.saved import SavedStudy, SavedTarget

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shots:
    """What k labelled rows did to the model of one target.

    shift   mean change of the predictions of the new file, unit of the target; for classes of the
            probability of each class
    before  error of the k rows as blind predictions: RMSE, or log-loss for classes
    after   error of each of the k rows predicted with the other k - 1 as labelled rows; None for one
    scores  of the new file's own values with the labelled rows, those rows themselves left out
    notes   what the reader should know
    """

    rows: int
    shift: tuple[float, ...]
    before: float
    after: float | None
    scores: dict[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShotsPrediction:
    """A blind prediction and, in columns of their own ('... shots'), the predictions with labelled rows."""

    prediction: Prediction
    shots: Shots | None


def predict_with_shots(saved: SavedStudy, table: Table, few: Table) -> tuple[ShotsPrediction, ...]:
    """Predict a new file blind and for the context that the labelled rows come from.

    few  rows of one new context with their target; rows without a value are passed over and named

    Raises  RoleError if `few` lacks every target or an input; CellError, with the cell, for text
            among its numbers, an unknown class, or no value at all
    """
    blind = predict_study(saved, table)
    table, few = derived_again(saved, table), derived_again(saved, few)
    held = spellings(few)
    if not any(name_key(target.target) in held for target in saved.targets):
        names = ", ".join(f"'{target.target}'" for target in saved.targets)
        near = closest(saved.targets[0].target, list(held.values()))
        hint = f"Was it renamed to '{near}'? " if near else ""
        raise RoleError(
            f"The labelled rows have no target column: {names} missing.",
            place=few.place(),
            remedy=f"{hint}Give the measured values in a column with the target's name.",
        )
    return tuple(
        _with_shots(target, one, table, few)
        if name_key(target.target) in held
        else ShotsPrediction(one, None)
        for target, one in zip(saved.targets, blind, strict=True)
    )


def _with_shots(saved: SavedTarget, blind: Prediction, table: Table, few: Table) -> ShotsPrediction:
    X_few, y, notes = labelled(saved, few)
    X = matched_inputs(saved, table)
    model = saved.models[saved.recommended]
    own = calibrated(model, X_few, y)
    before, after = model.estimate(X), own.estimate(X)
    frame = blind.frame.copy()
    at = list(frame.columns).index("prediction") + 1
    frame.insert(at, "prediction_shots", answered(saved, after))
    for k, name in enumerate(saved.classes):
        frame[f"P({name})_shots"] = after[:, k]
    scores: dict[str, float] = {}
    spelled = spellings(table).get(name_key(saved.target))
    if spelled is not None:
        kept = ~among(X, X_few)
        outcome = judge(saved, after[kept], table.frame[spelled][kept])
        scores = {} if outcome is None else dict(outcome.scores)
    shots = Shots(
        rows=len(y),
        shift=tuple(np.atleast_1d((after - before).mean(axis=0)).tolist()),
        before=error(y, model.estimate(X_few)),
        after=left_out_error(saved, X_few, y),
        scores=scores,
        notes=notes,
    )
    return ShotsPrediction(replace(blind, frame=frame), shots)


def labelled(saved: SavedTarget, few: Table) -> tuple[pd.DataFrame, Floats, tuple[str, ...]]:
    """Inputs (k, p) and values (k,) of the rows with a value, and notes of what was passed over."""
    X = matched_inputs(saved, few)
    name = spellings(few)[name_key(saved.target)]
    y, unread = read_observed(saved, few.frame[name])
    if unread.any() and not saved.classes:
        raise not_a_number(few, name, unread, role="target")
    if unread.any():
        first = int(np.argmax(unread))
        raise CellError(
            f"{few.frame[name].iloc[first]!r} is no class of the study.",
            place=few.place(position=first, column=name),
            remedy=f"Classes: {', '.join(saved.classes)}. Correct the cell, or leave it blank.",
        )
    some = np.isfinite(y)
    if not some.any():
        raise CellError(
            "No row has a value of the target: nothing is labelled.",
            place=few.place(column=name),
            remedy="Enter the measured values, or leave out --calibrate.",
        )
    notes = []
    if not some.all():
        blank = ", ".join(str(row) for row in few.rows[~some][:10])
        were = "row has no value and was" if (~some).sum() == 1 else "rows have no value and were"
        notes.append(f"{int((~some).sum())} labelled {were} passed over: {blank}.")
    notes += _one_context(saved, few, some)
    return X[some].reset_index(drop=True), y[some], tuple(notes)


def _one_context(saved: SavedTarget, few: Table, some: npt.NDArray[np.bool_]) -> list[str]:
    """Labelled rows of several machines give one level between them: say so."""
    context, known = known_contexts(saved, few)
    if context is None:
        return []
    notes = [
        f"The labelled rows come from {context[name][some].nunique()} levels of '{name}'; "
        "they are read as one context."
        for name in context.columns
        if context[name][some].nunique() > 1
    ]
    if known[some].all():
        notes.append("The labelled rows come from a known context: 'prediction_known' uses it.")
    return notes


def left_out_error(saved: SavedTarget, X: pd.DataFrame, y: Floats) -> float | None:
    """Error of each labelled row predicted with the others; None for a single row."""
    if len(y) < 2:
        return None
    model = saved.models[saved.recommended]
    told = []
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        own = calibrated(model, X[rest].reset_index(drop=True), y[rest])
        told.append(own.estimate(X.iloc[[i]].reset_index(drop=True))[0])
    return error(y, np.asarray(told))


def error(y: Floats, estimate: Floats) -> float:
    """RMSE of values, log-loss of classes."""
    if estimate.ndim == 1:
        return float(np.sqrt(np.square(y - estimate).mean()))
    return float(row_log_loss(y, estimate).mean())


def among(X: pd.DataFrame, few: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """(n,) whether a row's inputs are those of a labelled row: such a row must not be scored."""
    keys = set(few.astype(object).where(few.notna(), None).itertuples(index=False, name=None))
    rows = X.astype(object).where(X.notna(), None).itertuples(index=False, name=None)
    return np.fromiter((row in keys for row in rows), bool, len(X))
