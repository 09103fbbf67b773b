"""A saved study meets a new file: predictions, intervals, range, and whether the promise held."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.advice.row_space import Embeds
from tabcouce.errors import RoleError
from tabcouce.read.table import Table
from tabcouce.roles.cells import not_a_number, parse_numbers
from tabcouce.roles.column_name import closest, name_key
from tabcouce.roles.declaration import Derived
from tabcouce.roles.derive import with_derived
from tabcouce.roles.level import BLANK, level_texts
from tabcouce.study.alarm_columns import alarm_columns, alarm_notes, started_alarm
from tabcouce.study.promise import Outcome, judge
from tabcouce.study.saved import SavedStudy, SavedTarget


@dataclass(frozen=True)
class Prediction:
    """Predictions for every row of a new file, for one target.

    rows      (n,) 1-based rows of the file
    frame     columns: 'prediction' (for a new context), 'low', 'high', or one 'P(class)' per
              class; 'P(out of spec)' where limits are declared; 'prediction_known' (blank where
              the context is not known); 'outside' (columns out of the training range, joined);
              'unlike all past rows' (in the encoder's space, where one was trained); 'observed' where the
              file has it; for the task 'anomaly' the columns of `alarm_columns`
    notes     what the reader should know, e.g. contexts that were not in the training file
    """

    target: str
    rows: npt.NDArray[np.int64]
    frame: pd.DataFrame
    outside_share: float
    known_rows: int
    outcome: Outcome | None
    notes: tuple[str, ...] = field(default=())


def predict_study(saved: SavedStudy, table: Table, approved: Table | None = None) -> tuple[Prediction, ...]:
    """Predict every target of the study for each row of a new file; see `predict`.

    approved  rows known to be normal, which give their machines an alarm scale of their own

    Raises  RoleError where approved rows are given to a study without alarms
    """
    known = table.source.sha256 == saved.source_sha256
    note = "This is the file the study was fitted on: the models have seen its rows."
    table = derived_again(saved, table)
    targets, notes = list(saved.targets), dict[str, tuple[str, ...]]()
    if approved is not None:
        if all(target.alarm is None for target in targets):
            raise RoleError(
                "The study has no alarms that approved rows could set.",
                place=approved.place(),
                remedy="Leave --approved out, or fit with --task anomaly.",
            )
        approved = derived_again(saved, approved)
        for k, target in enumerate(targets):
            if target.alarm is not None:
                X, context = matched_inputs(target, approved), known_contexts(target, approved)[0]
                begun = started_alarm(target.alarm, X, context, approved)
                targets[k] = replace(target, alarm=begun.alarm)
                notes[target.target] = begun.notes
    found = [predict(target, table) for target in targets]
    found = [replace(one, notes=(*notes.get(one.target, ()), *one.notes)) for one in found]
    return tuple(
        replace(one, notes=(note, *one.notes)) if known and one.outcome is not None else one for one in found
    )


def predict(saved: SavedTarget, table: Table) -> Prediction:
    """Predict the target for each row of `table`.

    The prediction for a new context never looks at the context columns; where they are there
    and their levels were in the training file, the model for known contexts answers beside it.

    Raises  RoleError for missing or renamed columns, CellError for text among numbers
    """
    X = matched_inputs(saved, table)
    context, known = known_contexts(saved, table)
    if not saved.target:
        return _alarms_alone(saved, table, X, context, known)
    estimate = saved.models[saved.recommended].estimate(X)
    frame = pd.DataFrame(described(saved, estimate), index=range(len(X)))
    if context is not None and known.any():
        beside = saved.models[saved.known_context].estimate(X[known], context[known])
        values = np.full(len(X), None, object)
        values[known] = answer(saved, beside)
        frame["prediction_known"] = values
    frame["outside"] = saved.inside.reasons(X)
    far = far_from_all(saved, X)
    if far is not None:
        frame["unlike all past rows"] = far
    if saved.alarm is not None:
        frame = pd.concat([frame, alarm_columns(saved.alarm, X, context)], axis=1)
    outcome = None
    held = spellings(table).get(name_key(saved.target))
    if held is not None:
        observed = table.frame[held]
        frame["observed"] = observed.to_numpy()
        outcome = judge(saved, estimate, observed, X)
    return Prediction(
        target=saved.target,
        rows=table.rows,
        frame=frame,
        outside_share=float((frame["outside"] != "").mean()),
        known_rows=int(known.sum()),
        outcome=outcome,
        notes=(
            *verdict_notes(saved),
            *context_notes(saved, known),
            *alarm_notes(saved.alarm, context),
            *target_notes(saved, table, outcome),
            *trained_notes(outcome),
        ),
    )


def _alarms_alone(
    saved: SavedTarget,
    table: Table,
    X: pd.DataFrame,
    context: pd.DataFrame | None,
    known: npt.NDArray[np.bool_],
) -> Prediction:
    """Of a study without labels: the alarm columns, and which inputs are out of range."""
    frame = pd.DataFrame({"outside": saved.inside.reasons(X)})
    if saved.alarm is not None:
        frame = pd.concat([alarm_columns(saved.alarm, X, context), frame], axis=1)
    return Prediction(
        target="",
        rows=table.rows,
        frame=frame,
        outside_share=float((frame["outside"] != "").mean()),
        known_rows=int(known.sum()),
        outcome=None,
        notes=alarm_notes(saved.alarm, context),
    )


def derived_again(saved: SavedStudy, table: Table) -> Table:
    """The new file with the columns that the study derived, where what they come from is there.

    Raises  RoleError if an input is derived from a column that the file lacks
    """
    present = spellings(table)
    inputs = {column.name for target in saved.targets for column in target.inputs}
    wanted: list[Derived] = []
    for made in saved.derive:
        if name_key(made.name) in present:
            continue
        if name_key(made.source) in present or made.source in {other.name for other in wanted}:
            wanted.append(made)
        elif made.name in inputs:
            raise RoleError(
                f"The column '{made.source}' is missing; the study makes its input '{made.name}' from it.",
                place=table.place(),
                remedy=f"Add '{made.source}', or a column '{made.name}' with the finished values.",
            )
    return with_derived(table, tuple(wanted), table.place())


def spellings(table: Table) -> dict[str, str]:
    """Form in which names are compared -> the column's name in this table."""
    return {name_key(str(name)): str(name) for name in table.frame.columns}


def matched_inputs(saved: SavedTarget, table: Table) -> pd.DataFrame:
    """The inputs under the training file's names, as numbers and categories."""
    spelled = spellings(table)
    lacking = [column.name for column in saved.inputs if name_key(column.name) not in spelled]
    if lacking:
        # A column that the study reads under its own name was not renamed.
        wanted = {name_key(name) for name in (*(c.name for c in saved.inputs), saved.target, *saved.levels)}
        spare = [name for key, name in spelled.items() if key not in wanted]
        near = closest(lacking[0], spare)
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


def far_from_all(saved: SavedTarget, X: pd.DataFrame) -> npt.NDArray[np.object_] | None:
    """(n,) 'yes' where a row is farther from every past row than nearly all of these are from each other.

    In the encoder's space, so that what the target does not depend on weighs little: readings that
    are each within range can still be a combination that was never made. None without an encoder.
    """
    memory = saved.memory
    if memory is None or memory.far is None or memory.past.embedding is None:
        return None
    encoder: object = memory.encoder
    if not isinstance(encoder, Embeds):
        return None
    flagged = memory.far(encoder.embed(X), memory.past.embedding)
    return np.where(flagged, "yes", "").astype(object)


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
    if saved.spec_risk is not None:
        columns["P(out of spec)"] = saved.spec_risk(estimate)
    for k, name in enumerate(saved.classes):
        columns[f"P({name})"] = estimate[:, k]
    return columns


def known_contexts(saved: SavedTarget, table: Table) -> tuple[pd.DataFrame | None, npt.NDArray[np.bool_]]:
    """Contexts of the rows, and which rows have all their levels in the training file."""
    spelled = spellings(table)
    if not saved.levels or any(name_key(name) not in spelled for name in saved.levels):
        return None, np.zeros(len(table.rows), bool)
    context = pd.DataFrame(
        {name: level_texts(table.frame[spelled[name_key(name)]]) for name in saved.levels},
        index=range(len(table.rows)),
        dtype=object,
    )
    known = np.all([context[name].isin(levels) for name, levels in saved.levels.items()], axis=0)
    return context, known


def verdict_notes(saved: SavedTarget) -> tuple[str, ...]:
    if saved.outcome != "do_not_predict":
        return ()
    what = "the class shares" if saved.classes else "the mean"
    return (f"The study's verdict was 'do not predict': every row is given {what} of the training rows.",)


def target_notes(saved: SavedTarget, table: Table, outcome: Outcome | None) -> tuple[str, ...]:
    """Cells of the target that could not be scored; nothing is left out in silence."""
    if outcome is None or not outcome.unread.any():
        return ()
    first = int(np.argmax(outcome.unread))
    cell = table.frame[spellings(table)[name_key(saved.target)]].iloc[first]
    kind = "no class of the study" if saved.classes else "not a number"
    count = int(outcome.unread.sum())
    cells = "1 cell" if count == 1 else f"{count} cells"
    were = "was" if count == 1 else "were"
    return (f"{cells} of '{saved.target}' {were} not scored: {cell!r} in row {table.rows[first]} is {kind}.",)


def trained_notes(outcome: Outcome | None) -> tuple[str, ...]:
    if outcome is None or outcome.trained == 0:
        return ()
    which = "All" if outcome.trained == outcome.n else f"{outcome.trained} of the"
    rest = "" if outcome.trained == outcome.n else " The promise is judged by the others."
    return (
        f"{which} {outcome.n} scored rows are rows the models were trained on: "
        f"their score says nothing of new rows.{rest}",
    )


def context_notes(saved: SavedTarget, known: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    if not saved.levels:
        return ()
    if known.all():
        return ()
    if not known.any():
        names = ", ".join(f"'{name}'" for name in saved.levels)
        return (f"Every row is predicted as a new context: {names} missing or not seen in training.",)
    return (f"{int((~known).sum())} of {len(known)} rows have a context that was not in the training file.",)
