"""All splits of a dataset, and the one that decides the verdict."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.errors import Place, SplitError
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.forward import forward_folds, time_blocks
from tabcouce.splits.hold_out import hold_out
from tabcouce.splits.packing import pack, pack_stratified
from tabcouce.splits.split import Fold, Split, SplitPlan
from tabcouce.splits.unit import Unit, block_units, context_units, group_units

FORWARD_BLOCKS = 5
LEVELS_TO_HOLD_OUT = 3
FEWEST_ROWS = 6
FEWEST_SHARE = 0.1
"""A context split that tests a smaller share of the rows is left out unless it was asked for."""


def plan_splits(dataset: Dataset, *, folds: int, seed: int) -> SplitPlan:
    """Every split the data allow: shuffled, group, unseen:<column>, fixed, forward.

    A declared group stays on one side in all of them. Folds of a classification task whose
    training rows have a single class are left out.

    folds   at most so many folds a split (forward: at most five)
    Raises  SplitError if the rows are too few, or a split named in the roles is impossible
    """
    if folds < 2:
        raise SplitError(f"{folds} folds were asked for.", remedy="Ask for at least two folds.")
    if len(dataset.y) < FEWEST_ROWS:
        raise SplitError(
            f"{len(dataset.y)} rows cannot be split into training and test rows.",
            place=_place(dataset),
            remedy="Add rows: at least ten are needed, and more than a hundred make a usable answer.",
        )
    _refuse_one_level(dataset)
    headline = _headline_context(dataset)
    splits = [_shuffled(dataset, headline, folds=folds, seed=seed)]
    if dataset.group is not None and dataset.group.max() > 0:
        splits.append(_by_group(dataset, folds=folds, seed=seed))
    for column in dataset.contexts.columns:
        if dataset.contexts[column].nunique() >= LEVELS_TO_HOLD_OUT or column == dataset.roles.split_context:
            splits.append(_unseen(dataset, column, folds=folds, seed=seed))
    if dataset.roles.test_contexts:
        splits.append(_fixed(dataset, folds=folds, seed=seed))
    if dataset.order is not None:
        splits.append(_forward(dataset, headline, folds=folds))
    made = [_without_single_class(split, dataset) for split in splits]
    made = [split for split in made if split.folds and (_asked_for(split, dataset) or _tests_enough(split))]
    keys = [split.key for split in made]
    if not made:
        raise SplitError(
            "No split leaves rows, and at least two classes, to train on.",
            place=_place(dataset),
            remedy="Check the column under 'group' (all rows are one group?) or add rows of the rare class.",
        )
    return SplitPlan(splits=tuple(made), headline=_headline(keys, dataset, headline))


def _refuse_one_level(dataset: Dataset) -> None:
    """Contexts were declared, but the rows come from one of them: nothing can be held out."""
    levels = {str(column): dataset.contexts[column].unique() for column in dataset.contexts.columns}
    if levels and all(len(found) == 1 for found in levels.values()):
        column, found = next(iter(levels.items()))
        raise SplitError(
            f"The context column has one level only, '{found[0]}': no context can be held out.",
            place=Place(file=dataset.source.file, sheet=dataset.source.sheet, column=column),
            remedy="Add rows of other levels, or take the column out of the context columns.",
        )


def describe(split: Split) -> str:
    """One line that proves the split: what is held out, in how many folds, and what is shared."""
    tested = np.unique(np.concatenate([fold.test for fold in split.folds]))
    kinds = len(np.unique(split.apart[tested]))
    if split.column is not None:
        what = f"{kinds} {'level' if kinds == 1 else 'levels'} of '{split.column}'"
    elif split.key == "forward":
        what = f"{len(tested)} rows, trained on earlier rows only"
    elif split.group is not None:
        what = f"{kinds} groups"
    else:
        what = f"{kinds} rows"
    both = 0
    for fold in split.folds:
        both += int(np.intersect1d(split.apart[fold.train], split.apart[fold.test]).size)
        if split.group is not None:
            both += int(np.intersect1d(split.group[fold.train], split.group[fold.test]).size)
    fold_word = "fold" if len(split.folds) == 1 else "folds"
    return f"{split.key}: {what} in {len(split.folds)} {fold_word}, {both} shared between train and test"


def _asked_for(split: Split, dataset: Dataset) -> bool:
    return split.column is None or split.column == dataset.roles.split_context


def _tests_enough(split: Split) -> bool:
    """Where single-class folds had to go, a handful of tested rows may remain: that says nothing."""
    return sum(len(fold.test) for fold in split.folds) >= FEWEST_SHARE * len(split.apart)


def _place(dataset: Dataset, column: str | None = None) -> Place:
    return Place(file=dataset.source.file, sheet=dataset.source.sheet, column=column)


def _headline_context(dataset: Dataset) -> str | None:
    named = dataset.roles.split_context
    if named is not None:
        if dataset.contexts[named].nunique() < 2:
            raise SplitError(
                f"'{named}' is the context to hold out, but it has one level only, "
                f"'{dataset.contexts[named].iloc[0]}'.",
                place=_place(dataset, named),
                remedy="Add rows from a second one, or take 'split_context' out of the role file.",
            )
        return named
    for column in dataset.contexts.columns:
        if dataset.contexts[column].nunique() >= LEVELS_TO_HOLD_OUT:
            return str(column)
    return None


def _headline(keys: list[str], dataset: Dataset, context: str | None) -> str:
    wanted = [f"unseen:{context}"] if context is not None else []
    if dataset.roles.split_context is not None and wanted[0] not in keys:
        raise SplitError(
            f"Holding out '{context}' leaves no rows, or one class only, to train on.",
            place=_place(dataset, context),
            remedy="Name another 'split_context', or check the column under 'group'.",
        )
    others = [f"unseen:{column}" for column in dataset.contexts.columns]
    return next(key for key in (*wanted, *others, "group", "forward", "shuffled", keys[0]) if key in keys)


def _codes(texts: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    found, codes = np.unique(texts.astype(str), return_inverse=True)
    return codes.astype(np.int64), tuple(found.tolist())


def _shuffled(dataset: Dataset, context: str | None, *, folds: int, seed: int) -> Split:
    label = np.arange(len(dataset.y)) if dataset.group is None else dataset.group
    classes = None if dataset.is_regression else dataset.y
    fold_of = pack_stratified(label, classes, folds=folds, seed=seed)
    unit = _unit(dataset, context)
    return Split("shuffled", _kfold(fold_of), label, unit.unit, unit.units, group=dataset.group)


def _by_group(dataset: Dataset, *, folds: int, seed: int) -> Split:
    assert dataset.group is not None
    unit = group_units(dataset)
    # GroupKFold proper: balanced by rows, blind to the classes.
    fold_of = pack(dataset.group, folds=folds, seed=seed)
    return Split("group", _kfold(fold_of), dataset.group, unit.unit, unit.units, group=dataset.group)


def _kfold(fold_of: npt.NDArray[np.int64]) -> tuple[Fold, ...]:
    numbers = np.unique(fold_of)
    if len(numbers) < 2:
        return ()
    return tuple(Fold(np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)) for k in numbers)


def _unseen(dataset: Dataset, column: str, *, folds: int, seed: int) -> Split:
    level, texts = _codes(dataset.contexts[column].to_numpy())
    made = hold_out(level, pack(level, folds=folds, seed=seed), texts, dataset.group, folds=folds, seed=seed)
    return Split(f"unseen:{column}", made, level, level, texts, column=column, group=dataset.group)


def _fixed(dataset: Dataset, *, folds: int, seed: int) -> Split:
    column = dataset.roles.split_context
    assert column is not None
    level, texts = _codes(dataset.contexts[column].to_numpy())
    held = np.isin(level, [k for k, text in enumerate(texts) if text in dataset.roles.test_contexts])
    if held.all() or not held.any():
        side = "training" if held.all() else "test"
        raise SplitError(
            f"'test_contexts' leaves no {side} rows with a value of '{dataset.target}'.",
            place=_place(dataset, column),
            remedy="Name other levels under 'test_contexts', or take it out of the role file.",
        )
    pack_of = np.where(held, 0, -1)
    made = hold_out(level, pack_of, texts, dataset.group, folds=folds, seed=seed)
    return Split("fixed", made, level, level, texts, column=column, group=dataset.group)


def _forward(dataset: Dataset, context: str | None, *, folds: int) -> Split:
    assert dataset.order is not None
    blocks = time_blocks(dataset.order, tests=min(folds, FORWARD_BLOCKS))
    texts = tuple(f"time block {k}" for k in range(blocks.count + 1))
    made = forward_folds(blocks, dataset.group, texts=texts)
    # Rows without a time are in no fold; each is an instant of its own.
    instant = np.where(np.isfinite(dataset.order), dataset.order, -1).astype(np.int64)
    if context is not None:
        unit = context_units(dataset, context)
    else:
        unit = Unit(np.where(blocks.block < 0, blocks.count, blocks.block), texts)
    return Split("forward", made, instant, unit.unit, unit.units, group=dataset.group)


def _unit(dataset: Dataset, context: str | None) -> Unit:
    if context is not None:
        return context_units(dataset, context)
    return group_units(dataset) if dataset.group is not None else block_units(dataset)


def _without_single_class(split: Split, dataset: Dataset) -> Split:
    if dataset.is_regression or not dataset.labelled:
        return split
    kept = tuple(fold for fold in split.folds if len(np.unique(dataset.y[fold.train])) > 1)
    if len(kept) == len(split.folds):
        return split
    return Split(
        split.key, kept, split.apart, split.unit, split.units, column=split.column, group=split.group
    )
