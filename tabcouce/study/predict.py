"""A saved study meets a new file: predictions, intervals, range, and whether the promise held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.errors import RoleError
from tabcouce.evaluation.metrics import metrics_of
from tabcouce.read.table import Table
from tabcouce.roles.cells import not_a_number, parse_numbers
from tabcouce.roles.column_name import closest, name_key
from tabcouce.roles.derive import with_derived
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.study.saved import SavedStudy, SavedTarget

SLACK = 0.05
"""Coverage this far below the level still counts as kept."""


@dataclass(frozen=True)
class Outcome:
    """The promise against the values in the new file.

    scores      metric -> value on the new rows, predicted as a new context
    coverage    share of the new values inside their interval; None for classes
    n           rows with a value
    kept        whether score and coverage are within what the study promised
    """

    scores: Mapping[str, float]
    coverage: float | None
    n: int
    kept: bool


@dataclass(frozen=True)
class Prediction:
    """Predictions for every row of a new file, for one target.

    rows      (n,) 1-based rows of the file
    frame     columns: 'prediction' (for a new context), 'low', 'high', or one 'P(class)' per
              class; 'prediction_known' (blank where the context is not known); 'outside'
              (columns out of the training range, joined); 'observed' where the file has it
    notes     what the reader should know, e.g. contexts that were not in the training file
    """

    target: str
    rows: npt.NDArray[np.int64]
    frame: pd.DataFrame
    outside_share: float
    known_rows: int
    outcome: Outcome | None
    notes: tuple[str, ...] = field(default=())


def predict(saved: SavedTarget, table: Table) -> Prediction:
    """Predict the target for each row of `table`.

    The prediction for a new context never looks at the context columns; where they are there
    and their levels were in the training file, the model for known contexts answers beside it.

    Raises  RoleError for missing or renamed columns, CellError for text among numbers
    """
    X = matched_inputs(saved, table)
    estimate = saved.models[saved.recommended].estimate(X)
    frame = pd.DataFrame(described(saved, estimate), index=range(len(X)))
    context, known = known_contexts(saved, table)
    if context is not None and known.any():
        beside = saved.models[saved.known_context].estimate(X[known], context[known])
        values = np.full(len(X), None, object)
        values[known] = answer(saved, beside)
        frame["prediction_known"] = values
    frame["outside"] = saved.inside.reasons(X)
    outcome = None
    if saved.target in table.frame.columns:
        observed = table.frame[saved.target]
        frame["observed"] = observed.to_numpy()
        outcome = judge(saved, estimate, observed)
    return Prediction(
        target=saved.target,
        rows=table.rows,
        frame=frame,
        outside_share=float((frame["outside"] != "").mean()),
        known_rows=int(known.sum()),
        outcome=outcome,
        notes=context_notes(saved, table, known),
    )


def derived_again(saved: SavedStudy, table: Table) -> Table:
    """The new file with the columns that the study derived, where what they come from is there.

    A derived input whose source is missing shows up as a missing column of its own name.
    """
    present = {name_key(str(name)) for name in table.frame.columns}
    wanted = tuple(
        made
        for made in saved.derive
        if name_key(made.source) in present and name_key(made.name) not in present
    )
    return with_derived(table, wanted, table.place())


def matched_inputs(saved: SavedTarget, table: Table) -> pd.DataFrame:
    """The inputs under the training file's names, as numbers and categories."""
    spelled = {name_key(str(name)): str(name) for name in table.frame.columns}
    lacking = [column.name for column in saved.inputs if name_key(column.name) not in spelled]
    if lacking:
        near = closest(lacking[0], table.frame.columns)
        hint = f"Was '{lacking[0]}' renamed to '{near}'? " if near else ""
        listed = ", ".join(f"'{name}'" for name in lacking[:5]) + (", ..." if len(lacking) > 5 else "")
        raise RoleError(
            f"{len(lacking)} of the {len(saved.inputs)} columns of the study are missing: {listed}.",
            place=table.place(),
            remedy=f"{hint}Give the columns the names they had in the training file.",
        )
    columns: dict[str, object] = {}
    for column in saved.inputs:
        name = spelled[name_key(column.name)]
        cells = table.frame[name]
        if column.numeric:
            numbers = parse_numbers(cells)
            if numbers.unread.any():
                raise not_a_number(table, name, numbers.unread, role="input")
            columns[column.name] = numbers.values
        else:
            texts = pd.Series(level_texts(cells), dtype=object)
            columns[column.name] = pd.Categorical(texts.where(texts != BLANK, None))
    return pd.DataFrame(columns, index=range(len(table.rows)))


def answer(saved: SavedTarget, estimate: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """(n,) predicted value, or text of the most probable class."""
    if estimate.ndim == 1:
        return estimate.astype(object)
    return np.asarray(saved.classes, object)[estimate.argmax(axis=1)]


def described(saved: SavedTarget, estimate: npt.NDArray[np.float64]) -> dict[str, object]:
    """The columns that say what is predicted and how sure."""
    columns: dict[str, object] = {"prediction": answer(saved, estimate)}
    if saved.intervals is not None:
        columns["low"], columns["high"] = saved.intervals.band(estimate)
    for k, name in enumerate(saved.classes):
        columns[f"P({name})"] = estimate[:, k]
    return columns


def known_contexts(saved: SavedTarget, table: Table) -> tuple[pd.DataFrame | None, npt.NDArray[np.bool_]]:
    """Contexts of the rows, and which rows have all their levels in the training file."""
    spelled = {name_key(str(name)): str(name) for name in table.frame.columns}
    if not saved.levels or any(name_key(name) not in spelled for name in saved.levels):
        return None, np.zeros(len(table.rows), bool)
    context = pd.DataFrame(
        {name: level_texts(table.frame[spelled[name_key(name)]]) for name in saved.levels},
        index=range(len(table.rows)),
        dtype=object,
    )
    known = np.all([context[name].isin(levels) for name, levels in saved.levels.items()], axis=0)
    return context, known


def context_notes(saved: SavedTarget, table: Table, known: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    if not saved.levels:
        return ()
    if known.all():
        return ()
    if not known.any():
        names = ", ".join(f"'{name}'" for name in saved.levels)
        return (f"Every row is predicted as a new context: {names} missing or not seen in training.",)
    return (f"{int((~known).sum())} of {len(known)} rows have a context that was not in the training file.",)


def judge(saved: SavedTarget, estimate: npt.NDArray[np.float64], observed: pd.Series) -> Outcome | None:
    """Score the new rows; the promise is kept if the score reaches the study's lower bound and
    the interval covers its level less `SLACK`."""
    if saved.classes:
        number = {text: k for k, text in enumerate(saved.classes)}
        y = np.array([number.get(text, np.nan) for text in level_texts(observed)], float)
    else:
        y = parse_numbers(observed).values
    some = np.isfinite(y)
    if some.sum() < 2:
        return None
    measured = {key: f(y[some], estimate[some]) for key, f in metrics_of(estimate[some]).items()}
    scores = {key: value for key, value in measured.items() if value is not None}
    coverage = None
    if saved.intervals is not None:
        low, high = saved.intervals.band(estimate[some])
        coverage = float(((y[some] >= low) & (y[some] <= high)).mean())
    value = scores.get(saved.promise.metric)
    bound = saved.promise.low if saved.promise.low is not None else saved.promise.value
    kept = (value is None or bound is None or value >= bound) and (
        coverage is None or saved.intervals is None or coverage >= saved.intervals.level - SLACK
    )
    return Outcome(scores=scores, coverage=coverage, n=int(some.sum()), kept=kept)
