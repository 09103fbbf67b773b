"""Rows against a golden lot: the block that was moved is named, and shares are those of plain loops."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.advice.golden import against_golden
from tabcouce.advice.past_rows import PastRows
from tabcouce.advice.similar import Search

BLOCKS = {"mixing": (0, 1), "heating": (2, 3), "pressing": (4,)}


@pytest.fixture(scope="module")
def search():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 5)), columns=list("abcde"))
    lots = np.repeat(["L1", "L2", "golden"], 40)
    X.loc[lots == "golden"] = X.loc[lots == "golden"] * 0.3 + [1, 0, 0.5, -0.5, 0]
    past = PastRows(X, rng.normal(size=120), np.arange(2, 122), pd.DataFrame({"lot": lots}, dtype=object))
    return Search.of(past, "scaled", blocks=BLOCKS)


def golden(search):
    return (search.past.contexts["lot"] == "golden").to_numpy()


def golden_mean(search):
    return search.past.X[golden(search)].mean()


def test_the_block_that_was_moved_falls_short_and_no_other(search):
    new = pd.DataFrame([golden_mean(search)] * 3).reset_index(drop=True)
    new.loc[1, ["c", "d"]] += [-3.0, 3.0]
    new.loc[2, "e"] += 4.0
    found = against_golden(search, golden(search), new, np.array([2, 3, 4]))
    assert [{b.block for b in one.blocks if b.falls_short} for one in found] == [
        set(),
        {"heating"},
        {"pressing"},
    ]
    assert [one.blocks[0].block for one in found[1:]] == ["heating", "pressing"]
    assert {d.column for d in found[1].except_} == {"c", "d"} and found[1].row == 3


def test_likeness_is_the_cosine_of_each_block_with_a_one_before_it_and_its_mean_the_whole(search):
    new = search.past.X.iloc[[0]].reset_index(drop=True)
    (found,) = against_golden(search, golden(search), new, np.array([2]))
    z = search.scaled(new)[0]
    g = search.scaled(search.past.X[search.past.contexts["lot"] == "golden"]).mean(axis=0)
    written = {}
    for name, place in BLOCKS.items():
        a, b = np.r_[1.0, z[list(place)]], np.r_[1.0, g[list(place)]]
        written[name] = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    assert {b.block: b.likeness for b in found.blocks} == pytest.approx(written)
    assert found.likeness == pytest.approx(np.mean(list(written.values())))


def test_of_its_own_rows_about_one_in_twenty_falls_below_what_is_usual(search):
    own = search.past.X[search.past.contexts["lot"] == "golden"].reset_index(drop=True)
    found = against_golden(search, golden(search), own, np.arange(40))
    assert np.mean([one.likeness < one.usual for one in found]) <= 0.1


def test_lots_are_compared_by_their_means_and_without_a_limit_made_for_rows(search):
    new = search.past.X.iloc[:80].reset_index(drop=True)
    labels = np.asarray(["L1"] * 40 + ["L2"] * 40, object)
    found = against_golden(search, golden(search), new, np.arange(80), labels)
    assert [one.label for one in found] == ["L1", "L2"] and [one.row for one in found] == [0, 40]
    assert all(one.usual is None and not any(b.falls_short for b in one.blocks) for one in found)


def test_without_declared_blocks_single_columns_are_compared(search):
    bare = Search.of(search.past, "scaled")
    (found,) = against_golden(bare, golden(bare), search.past.X.iloc[[0]], np.array([2]))
    assert {b.block for b in found.blocks} == set("abcde")


def test_contributions_sum_to_the_likeness_and_the_least_alike_come_first(search):
    found = against_golden(search, golden(search), search.past.X.iloc[:80], np.arange(80), most=5)
    everyone = against_golden(search, golden(search), search.past.X.iloc[:80], np.arange(80))
    assert [one.row for one in found] == [one.row for one in sorted(everyone, key=lambda one: one.likeness)][
        :5
    ]
    for one in found:
        assert sum(one.contributions.values()) == pytest.approx(one.likeness)
        assert all(share <= 1 / 3 + 1e-12 for share in one.contributions.values())


def test_one_golden_row_is_enough_and_says_nothing_of_what_is_usual(search):
    one_row = np.arange(120) == 100
    (found,) = against_golden(search, one_row, search.past.X.iloc[[100]], np.array([7]))
    assert found.likeness == pytest.approx(1.0)
    assert found.usual is None and found.except_ == ()
