"""Splits: what is held out, what stays together, and which one decides."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tabcouce.errors import SplitError
from tabcouce.read.table import Source
from tabcouce.roles import ColumnRole, Dataset, Roles
from tabcouce.splits import Fold, Split, describe, plan_splits
from tabcouce.splits.packing import pack, pack_stratified


def dataset(
    n: int = 120,
    *,
    contexts: dict[str, Sequence[object]] | None = None,
    group: npt.NDArray[np.int64] | None = None,
    order: npt.NDArray[np.float64] | None = None,
    y: npt.NDArray[np.float64] | None = None,
    classes: tuple[str, ...] = (),
    split_context: str | None = None,
    test_contexts: tuple[str, ...] = (),
) -> Dataset:
    levels = {name: [str(value) for value in values] for name, values in (contexts or {}).items()}
    columns = [ColumnRole("x", "sensor"), ColumnRole("y", "target")]
    columns += [ColumnRole(name, "context") for name in levels]
    return Dataset(
        name="d",
        source=Source("a.csv", ""),
        task="binary" if classes else "regression",
        target="y",
        X=pd.DataFrame({"x": np.arange(n, dtype=float)}),
        y=np.arange(n, dtype=float) if y is None else y,
        classes=classes,
        contexts=pd.DataFrame(levels, index=range(n), dtype=object),
        group=group,
        order=order,
        rows=np.arange(n) + 2,
        roles=Roles(tuple(columns), ("y",), split_context=split_context, test_contexts=test_contexts),
    )


def covers_once(split: Split, n: int) -> bool:
    return sorted(np.concatenate([fold.test for fold in split.folds]).tolist()) == list(range(n))


def straddling(label: npt.NDArray[np.int64], fold: Fold) -> set[int]:
    return set(label[fold.train].tolist()) & set(label[fold.test].tolist())


MACHINE = np.repeat(np.arange(12), 10)
BATCH = np.repeat([0, 1], 60)


def test_shuffled_tests_each_row_once_and_trains_on_all_others() -> None:
    plan = plan_splits(dataset(), folds=5, seed=0)
    split = plan.of("shuffled")
    assert plan.headline == "shuffled"
    assert covers_once(split, 120)
    assert all(len(fold.train) + len(fold.test) == 120 for fold in split.folds)
    assert len(split.units) == 50
    assert describe(split) == "shuffled: 120 rows in 5 folds, 0 shared between train and test"


def test_a_seed_repeats_and_another_seed_differs() -> None:
    first, again, other = (
        np.concatenate([f.test for f in plan_splits(dataset(), folds=5, seed=seed).of("shuffled").folds])
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_an_unseen_machine_is_in_no_training_row_and_levels_are_packed() -> None:
    plan = plan_splits(dataset(contexts={"machine": MACHINE}), folds=5, seed=0)
    split = plan.of("unseen:machine")
    assert plan.headline == "unseen:machine"
    assert len(split.folds) == 5
    assert covers_once(split, 120)
    assert not any(straddling(MACHINE, fold) for fold in split.folds)
    assert {len(fold.test) for fold in split.folds} == {20, 30}
    assert sorted(level for fold in split.folds for level in fold.held_out) == sorted(map(str, range(12)))
    assert (
        describe(split)
        == "unseen:machine: 12 levels of 'machine' in 5 folds, 0 shared between train and test"
    )
    assert [split.units[k] for k in split.unit] == MACHINE.astype(str).tolist()


def test_two_levels_are_held_out_only_where_named() -> None:
    contexts = {"batch": BATCH, "machine": MACHINE}
    plan = plan_splits(dataset(contexts=contexts), folds=10, seed=0)
    assert [s.key for s in plan.splits] == ["shuffled", "unseen:machine"]
    plan = plan_splits(dataset(contexts=contexts, split_context="batch"), folds=10, seed=0)
    assert plan.headline == "unseen:batch"
    assert len(plan.of("unseen:batch").folds) == 2


@pytest.mark.parametrize("context", [{}, {"machine": MACHINE}])
def test_a_group_never_straddles_any_split(context: dict[str, Sequence[object]]) -> None:
    group = np.random.default_rng(0).integers(0, 40, 120)
    group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    plan = plan_splits(dataset(contexts=context, group=group, order=np.arange(120.0)), folds=5, seed=0)
    assert plan.headline == ("unseen:machine" if context else "group")
    assert {"shuffled", "group", "forward"} <= {split.key for split in plan.splits}
    for split in plan.splits:
        assert not any(straddling(group, fold) for fold in split.folds)


def test_samples_measured_on_every_instrument_are_crossed_with_the_instruments() -> None:
    instrument, sample = np.repeat([0, 1, 2], 40), np.tile(np.arange(40), 3)
    data = dataset(
        contexts={"instrument": instrument},
        group=sample,
        split_context="instrument",
        test_contexts=("1", "2"),
    )
    plan = plan_splits(data, folds=10, seed=0)
    split = plan.of("unseen:instrument")
    assert len(split.folds) == 9
    assert covers_once(split, 120)
    for fold in (*split.folds, *plan.of("fixed").folds):
        assert not straddling(instrument, fold)
        assert not straddling(sample, fold)
    assert {len(f.train) for f in plan.of("fixed").folds} == {36}


def test_a_few_groups_across_contexts_only_lose_their_training_rows() -> None:
    group = np.arange(120)
    group[10] = group[0]  # row 10 is machine 1, row 0 machine 0
    group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    split = plan_splits(dataset(contexts={"machine": MACHINE}, group=group), folds=12, seed=0).of(
        "unseen:machine"
    )
    assert covers_once(split, 120)
    for fold in split.folds:
        expected = set(np.flatnonzero(MACHINE[fold.test[0]] != MACHINE).tolist())
        if 0 in fold.test:
            expected -= {10}
        if 10 in fold.test:
            expected -= {0}
        assert set(fold.train.tolist()) == expected


def test_forward_trains_on_earlier_rows_only_and_ties_stay_together() -> None:
    rng = np.random.default_rng(0)
    order = rng.integers(0, 9, 120).astype(float)
    order[5] = np.nan
    split = plan_splits(dataset(order=order), folds=10, seed=0).of("forward")
    assert len(split.folds) == 5
    for fold in split.folds:
        assert order[fold.train].max() < order[fold.test].min()
        assert 5 not in fold.train
        assert 5 not in fold.test
    assert all(len(a.train) < len(b.train) for a, b in zip(split.folds, split.folds[1:], strict=False))


def test_the_fixed_split_tests_the_named_levels() -> None:
    data = dataset(contexts={"machine": MACHINE}, split_context="machine", test_contexts=("10", "11"))
    (fold,) = plan_splits(data, folds=10, seed=0).of("fixed").folds
    assert set(MACHINE[fold.test].tolist()) == {10, 11}
    assert fold.held_out == ("10", "11")


def test_classes_are_spread_over_shuffled_folds() -> None:
    y = (np.arange(120) < 12).astype(float)
    split = plan_splits(dataset(y=y, classes=("a", "b")), folds=6, seed=0).of("shuffled")
    assert [int(y[fold.test].sum()) for fold in split.folds] == [2] * 6


def test_folds_that_train_on_one_class_are_left_out() -> None:
    y = (MACHINE == 3).astype(float)
    plan = plan_splits(dataset(y=y, classes=("a", "b"), contexts={"machine": MACHINE}), folds=12, seed=0)
    held = [fold.held_out for fold in plan.of("unseen:machine").folds]
    assert ("3",) not in held
    assert len(held) == 11


@pytest.mark.parametrize(
    ("data", "folds", "said"),
    [
        (dataset(3), 5, "3 rows"),
        (dataset(), 1, "1 folds"),
        (dataset(contexts={"m": [0] * 120}, split_context="m"), 5, "one level only"),
        (
            dataset(contexts={"m": MACHINE}, split_context="m", test_contexts=("99",)),
            5,
            "leaves no test rows",
        ),
        (
            dataset(contexts={"m": MACHINE}, split_context="m", group=np.zeros(120, np.int64)),
            5,
            "leaves rows",
        ),
        (
            dataset(contexts={"m": BATCH}, y=BATCH.astype(float), classes=("a", "b"), split_context="m"),
            5,
            "one class only",
        ),
    ],
)
def test_what_cannot_be_split_says_why(data: Dataset, folds: int, said: str) -> None:
    with pytest.raises(SplitError, match=said) as caught:
        plan_splits(data, folds=folds, seed=0)
    assert caught.value.remedy


def test_a_split_that_leaks_cannot_be_constructed() -> None:
    rows = np.arange(4)
    with pytest.raises(SplitError, match="row is on both sides"):
        Fold(rows, rows)
    fold = Fold(rows[:2], rows[2:])
    with pytest.raises(SplitError, match="1 groups or contexts"):
        Split("x", (fold,), np.array([0, 1, 1, 2]), rows, ("a",) * 4)
    with pytest.raises(SplitError, match="1 groups or contexts"):
        Split("x", (fold,), rows, rows, ("a",) * 4, group=np.array([0, 1, 1, 2]))


def test_packing_balances_rows_and_keeps_labels_whole() -> None:
    label = np.repeat(np.arange(20), np.arange(1, 21))
    fold = pack(label, folds=4, seed=3)
    assert all(len(np.unique(fold[label == one])) == 1 for one in range(20))
    assert np.ptp(np.bincount(fold)) <= 3
    y = (np.arange(len(label)) % 7 == 0).astype(float)
    stratified = pack_stratified(label, y, folds=4, seed=3)
    assert all(len(np.unique(stratified[label == one])) == 1 for one in range(20))
    assert np.ptp([y[stratified == k].sum() for k in range(4)]) <= 4
