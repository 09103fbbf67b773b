"""Offsets of contexts' columns: what lasts is taken off, what wanders is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.system.start_offsets import StartOffsets

NAMES = ["温度[℃]", "flow, L/min", "level"]


def rows(contexts: int = 40, n: int = 60, seed: int = 0):
    """温度 keeps a machine's offset, flow has a new one in the later half, level has none; a category."""
    rng = np.random.default_rng(seed)
    context = np.repeat([f"M{k:02d}" for k in range(contexts)], n).astype(object)
    machine, late = np.repeat(np.arange(contexts), n), np.tile(np.arange(n) >= n // 2, contexts)
    kept, first, later = (5.0 * rng.normal(size=contexts) for _ in range(3))
    X = rng.normal(size=(len(context), 3))
    X[:, 0] += kept[machine]
    X[:, 1] += np.where(late, later[machine], first[machine])
    frame = pd.DataFrame(X, columns=NAMES)
    frame["材料"] = pd.Categorical(np.where(machine % 2, "A", "B"))
    return frame, context, late


def test_the_lasting_share_is_the_slope_of_later_levels_on_first_ones():
    X, context, late = rows()
    found = StartOffsets.learnt(X, context, ~late, late)
    assert found.columns == tuple(NAMES)
    for j, name in enumerate(NAMES):
        values = X[name].to_numpy()
        width = np.subtract(*np.quantile(values, [0.75, 0.25]))
        a, b = (
            np.array([np.median(values[(context == c) & part]) for c in np.unique(context)])
            for part in (~late, late)
        )
        a, b = np.clip((a - np.median(a)) / width, -5, 5), np.clip((b - np.median(b)) / width, -5, 5)
        assert found.lasting[j] == pytest.approx(np.clip((a * b).sum() / (a * a).sum(), 0, 1))
    assert found.lasting[0] > 0.9
    assert found.lasting[1] < 0.4
    assert found.rows == 30


def test_a_known_context_is_moved_by_the_share_that_its_rows_warrant():
    X, context, late = rows()
    learnt = StartOffsets.learnt(X, context, ~late, late)
    few, many = (learnt.knowing(X, context, ~late & (np.arange(len(X)) % 60 < n)) for n in (10, 30))
    own = context == "M03"
    for known, n in ((few, 10), (many, 30)):
        level = X.loc[own, NAMES[0]].iloc[:n].median()
        w = learnt.lasting[0]
        share = n * w / (n * w + 30 * (1 - w))
        moved = known(X, context).loc[own, NAMES[0]]
        expected = X.loc[own, NAMES[0]] - share * (level - learnt.middle[0])
        np.testing.assert_allclose(moved, expected)
    out = many(X, np.full(len(X), "never seen", object))
    pd.testing.assert_frame_equal(out, X)
    assert (many(X, context)["材料"] == X["材料"]).all()


def test_few_contexts_teach_nothing_and_few_rows_give_no_offset():
    X, context, late = rows(contexts=3)
    learnt = StartOffsets.learnt(X, context, ~late, late)
    assert learnt.lasting == (0.0, 0.0, 0.0)
    assert (
        StartOffsets.learnt(X, context, ~late, late).knowing(X.iloc[:9], context[:9], late[:9] | True).own
        == {}
    )


def test_offsets_survive_their_json_form_with_blank_columns():
    X, context, late = rows()
    X.loc[context == "M01", NAMES[2]] = np.nan
    found = StartOffsets.learnt(X, context, ~late, late).knowing(X, context, ~late)
    again = StartOffsets.from_settings(found.settings())
    pd.testing.assert_frame_equal(again(X, context), found(X, context))
