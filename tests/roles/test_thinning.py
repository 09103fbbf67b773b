"""A large table is compared on fewer rows: every context keeps its share, and rows stay rows."""

import numpy as np
import pandas as pd

from tabcouce.read.table import Source
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.roles.thinning import thinned_dataset


def large(n: int = 3000) -> Dataset:
    number = np.arange(n)
    machine = np.where(number < 300, "rare", np.where(number % 2 == 0, "A", "B"))
    return Dataset(
        name="made",
        source=Source("made.csv", ""),
        task="regression",
        target="y",
        X=pd.DataFrame({"x": number * 2.0, "kind": pd.Categorical(np.where(number % 3, "p", "q"))}),
        y=number * 3.0,
        classes=(),
        contexts=pd.DataFrame({"machine": machine}),
        group=number // 7,
        order=number.astype(float),
        rows=number + 2,
        roles=Roles((ColumnRole("x", "sensor"), ColumnRole("y", "target")), ("y",)),
        censored=(number % 5 == 0).astype(np.int8),
    )


def test_every_context_keeps_its_share_of_the_rows():
    whole = large()
    part = thinned_dataset(whole, 600, seed=0)
    assert len(part.y) == 600
    share = part.contexts["machine"].value_counts() / whole.contexts["machine"].value_counts()
    np.testing.assert_allclose(share, 0.2, atol=0.01)


def test_what_stands_in_a_row_stays_together_and_in_order():
    whole, part = large(), thinned_dataset(large(), 600, seed=0)
    number = part.rows - 2
    assert (np.diff(number) > 0).all() and list(part.X.index) == list(range(600))
    np.testing.assert_array_equal(part.X["x"], number * 2.0)
    np.testing.assert_array_equal(part.y, number * 3.0)
    np.testing.assert_array_equal(part.order, number)
    np.testing.assert_array_equal(part.censored, number % 5 == 0)
    assert list(part.contexts["machine"]) == list(whole.contexts["machine"].iloc[number])
    same = (number // 7)[:, None] == (number // 7)[None, :]
    np.testing.assert_array_equal(part.group[:, None] == part.group[None, :], same)


def test_a_small_table_is_left_alone():
    whole = large(500)
    assert thinned_dataset(whole, 600, seed=0) is whole
