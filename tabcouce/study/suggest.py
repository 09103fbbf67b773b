"""A saved study -> the next runs: its past rows, its conditions, its targets' goals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabcouce.advice.constraint import parse_constraint
from tabcouce.advice.goal import Goal, declared_goal
from tabcouce.advice.library_search import library_acquisition
from tabcouce.advice.separate import separate
from tabcouce.advice.space import Setting, Space, check_constraints
from tabcouce.advice.suggest import KrigingBeliever, Objective, Past, Run, suggest
from tabcouce.errors import BundleError, Place, RoleError
from tabcouce.roles.column_name import find_column
from tabcouce.roles.role import ColumnRole
from tabcouce.study.run_history import RunHistory
from tabcouce.study.saved import SavedStudy

ALL = "all"


@dataclass(frozen=True)
class Suggestion:
    """Runs for one study.

    settings   what can be set, in table order
    goal       of the first target; None where runs separate a factor from a context
    unused     targets that have no limits and take no part
    left_out   past rows with a blank setting
    error_left, factor  see `Separation`; None for a goal
    search     who built the batch: own or botorch
    """

    runs: tuple[Run, ...]
    settings: tuple[Setting, ...]
    target: str
    goal: Goal | None
    unused: tuple[str, ...]
    left_out: int
    error_left: float | None = None
    factor: str | None = None
    search: str = "own"


def next_runs(
    saved: SavedStudy,
    *,
    goal: str | None,
    target: str | None,
    constraints: Sequence[str],
    separated: tuple[str, str] | None,
    n: int,
    seed: int,
    settable: Sequence[str] = (),
    search: str = "own",
) -> Suggestion:
    """The next n runs of a saved study.

    settable  columns to set instead of those declared as conditions; 'all' for every input
    search    'own': expected improvement by the kriging believer; 'botorch': the library's batch
    Raises  RoleError without conditions, direction or a numeric target; see `suggest`, `separate`
    """
    past = saved.past
    if past is None:
        raise BundleError("The study keeps no past rows.", remedy="Run 'tabcouce fit' again.")
    main = chosen_target(saved, past, target)
    space = space_of(past, constraints, settable)
    frame = pd.DataFrame({s.name: past.values(s.name) for s in space.settings})
    whole = frame.notna().all(axis=1).to_numpy()
    contexts = [role.name for role in past.of_kind("context")]
    codes = [pd.factorize(past.levels(name))[0] for name in contexts]
    code = np.column_stack(codes) if codes else np.zeros((len(frame), 0))
    rows = Past(frame.loc[whole].reset_index(drop=True), code[whole].astype(np.int64), past.rows[whole])
    left_out = int((~whole).sum())
    if separated is not None:
        factor = find_column(separated[0], [s.name for s in space.settings], key="--separate", place=Place())
        context, level = named_level(separated[1], contexts)
        labels = past.levels(context)[whole]
        found = separate(rows, labels, space, factor=factor, context=context, n=n, seed=seed, level=level)
        return Suggestion(found.runs, space.settings, main.name, None, (), left_out, found.error_left, factor)
    wanted = stated_goal(goal, main)
    objectives = [Objective(main.name, wanted, past.values(main.name).to_numpy(float)[whole])]
    unused = []
    for role in past.of_kind("target"):
        if role.name == main.name:
            continue
        if (role.lower is None and role.upper is None) or not is_number(past, role):
            unused.append(role.name)
            continue
        limits = Goal(
            "within",
            -np.inf if role.lower is None else role.lower,
            np.inf if role.upper is None else role.upper,
        )
        objectives.append(Objective(role.name, limits, past.values(role.name).to_numpy(float)[whole]))
    make = library_acquisition(seed) if search == "botorch" else KrigingBeliever
    runs = suggest(rows, objectives, space, n=n, seed=seed, make=make)
    return Suggestion(runs, space.settings, main.name, wanted, tuple(unused), left_out, search=search)


def named_level(text: str, contexts: Sequence[str]) -> tuple[str, str | None]:
    """'machine' or 'machine=3': a context column and, where given, one of its levels."""
    name, sign, level = text.partition("=")
    if text in contexts or not sign:
        return find_column(text, contexts, key="--separate", place=Place()), None
    return find_column(name.strip(), contexts, key="--separate", place=Place()), level.strip()


def chosen_target(saved: SavedStudy, past: RunHistory, target: str | None) -> ColumnRole:
    names = [one.target for one in saved.targets]
    name = names[0] if target is None else find_column(target, names, key="--target", place=Place())
    role = next(role for role in past.columns if role.name == name)
    if not is_number(past, role):
        raise RoleError(
            f"'{name}' is a class, not a number; runs are suggested for a numeric target.",
            remedy="Name a numeric target with --target.",
        )
    return role


def is_number(past: RunHistory, role: ColumnRole) -> bool:
    return pd.api.types.is_numeric_dtype(past.values(role.name).dtype)


def space_of(past: RunHistory, constraints: Sequence[str], settable: Sequence[str] = ()) -> Space:
    """All conditions, or the inputs named `settable`, under the constraints."""
    settings = tuple(
        Setting.of(role, past.values(role.name))
        for role in set_columns(past, settable)
        if (past.cells[role.name] != "").any()
    )
    if not settings:
        names = ", ".join(f"'{role.name}'" for role in past.of_kind("sensor")[:5]) or "none"
        raise RoleError(
            "No column is declared as a condition, so nothing can be set for a next run.",
            remedy="Name what can be set with --set COLUMN, once per column (--set all for every input); or "
            f'give it kind = "condition" in the role file and fit again. Inputs: {names}.',
        )
    numbers = [s.name for s in settings if s.is_number]
    found = tuple(parse_constraint(text, numbers) for text in constraints)
    check_constraints(found, settings)
    return Space(settings, found)


def set_columns(past: RunHistory, settable: Sequence[str]) -> tuple[ColumnRole, ...]:
    """The declared conditions, or the inputs that the caller says can be set."""
    if not settable:
        return past.of_kind("condition")
    inputs = past.of_kind("condition", "sensor", "proxy")
    if list(settable) == [ALL]:
        return inputs
    names = [role.name for role in inputs]
    chosen = {find_column(name, names, key="--set", place=Place()) for name in settable}
    return tuple(role for role in inputs if role.name in chosen)


def stated_goal(goal: str | None, role: ColumnRole) -> Goal:
    """The goal of the command line, else that of the role file.

    Raises  RoleError where neither says which way is better, or limits are missing
    """
    if goal is None:
        declared = declared_goal(role)
        if declared is None:
            raise RoleError(
                f"Nobody has said which way is better for '{role.name}'.",
                remedy="Give --goal maximise, minimise, target=12.5 or within-spec; or declare a goal.",
            )
        return declared
    word, _, value = goal.partition("=")
    if word == "maximise" or word == "minimise":
        return Goal("maximise" if word == "maximise" else "minimise")
    if word == "within-spec":
        lower = -np.inf if role.lower is None else role.lower
        return Goal("within", lower, np.inf if role.upper is None else role.upper)
    try:
        number = float(value) if value or role.target_value is None else role.target_value
    except ValueError:
        number = float("nan")
    if word != "target" or not np.isfinite(number):
        raise RoleError(
            f"'{goal}' is not a goal.", remedy="Give --goal maximise, minimise, target=12.5 or within-spec."
        )
    return Goal("target", number, number)
