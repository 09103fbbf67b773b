"""Trees beside their context's own level: the view by its formula, kept where it pays, unused where blind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation.metrics import r2
from tabcouce.models import ContextBoostingModel
from tabcouce.models.contract import State
from tabcouce.models.within_trees import WithinCode, pays


def shifted(
    seed: int, shift: float, machines: int = 8, rows: int = 30
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Each machine's sensor reads off by an amount of its own; the target follows the true value."""
    rng = np.random.default_rng(seed)
    machine = np.repeat(np.arange(machines), rows)
    true = rng.normal(size=len(machine))
    X = pd.DataFrame(
        {
            "温度[℃]": true + shift * rng.normal(size=machines)[machine],
            "b": rng.normal(size=len(machine)),
            "材料": pd.Categorical(rng.choice(["A", "B"], len(machine))),
        }
    )
    y = 3 * true + X["b"].to_numpy() + 0.2 * rng.normal(size=len(machine))
    return X, y, pd.DataFrame({"機番": [f"M{seed}-{k}" for k in machine]})


@pytest.fixture(scope="module")
def fitted() -> ContextBoostingModel:
    return ContextBoostingModel(pace=3.0, within=True).fit(*shifted(0, 3.0))


def test_the_view_is_the_reading_less_the_shrunken_mean_in_loops() -> None:
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.normal(5, 2, 12), rng.integers(0, 3, 12), rng.normal(size=12)])
    codes[4, 0] = np.nan
    code = WithinCode.of(codes, (1,))
    mine = codes[:7]
    found = code(mine, code.place(mine))
    assert found.shape == (7, 5)
    assert np.isnan(found[4, 3])
    for column, at in ((0, 3), (2, 4)):
        known = codes[np.isfinite(codes[:, column]), column]
        low, middle, high = np.percentile(known, [25, 50, 75])
        z = [(v - middle) / (high - low) if np.isfinite(v) else 0.0 for v in mine[:, column]]
        for i in range(7):
            if np.isfinite(mine[i, column]):
                assert found[i, at] == pytest.approx(z[i] - sum(z) / (7 + 5.0))


def test_unlabelled_rows_of_a_new_machine_undo_its_shift(fitted) -> None:
    X, y, _ = shifted(1, 3.0, machines=1, rows=60)
    assert fitted.within_ is not None
    blind, batch = fitted.predict(X), fitted.adapt(X).predict(X)
    assert r2(y, batch) > 0.6
    assert r2(y, batch) > r2(y, blind) + 0.3
    assert (fitted.adapt(X.head(5)).predict(X) == blind).all()  # five rows say too little


def test_blind_predictions_are_those_of_the_plain_trees(fitted) -> None:
    X, _, _ = shifted(2, 3.0)
    plain = ContextBoostingModel(pace=3.0).fit(*shifted(0, 3.0))
    assert (fitted.predict(X) == plain.predict(X)).all()


def test_a_known_machine_is_read_beside_its_own_level_and_a_new_one_is_not(fitted) -> None:
    X, y, context = shifted(0, 3.0)
    plain = ContextBoostingModel(pace=3.0).fit(X, y, context)
    assert r2(y, fitted.predict(X, context)) > r2(y, plain.predict(X, context))
    new = pd.DataFrame({"機番": ["never seen"] * len(X)})
    assert fitted.predict(X, new) == pytest.approx(fitted.predict(X))


def test_it_comes_back_from_its_state_exactly(fitted) -> None:
    X, _, context = shifted(0, 3.0)
    state = fitted.state()
    again = ContextBoostingModel.from_state(State(state.settings, dict(state.arrays), dict(state.texts)))
    assert (again.predict(X, context) == fitted.predict(X, context)).all()
    assert (again.adapt(X.head(30)).predict(X) == fitted.adapt(X.head(30)).predict(X)).all()


def test_what_pays_is_a_gain_of_a_standard_error_over_contexts_by_their_rows() -> None:
    unit = np.repeat([0, 1, 2], [10, 10, 2])
    worse = np.ones(22)
    assert pays(worse - np.repeat([0.5, 0.4, 0.5], [10, 10, 2]), worse, unit)
    assert not pays(worse - np.repeat([0.9, -0.8, 0.0], [10, 10, 2]), worse, unit)
    # A gain in the context of two rows alone is none.
    assert not pays(worse - np.repeat([-0.1, -0.1, 0.9], [10, 10, 2]), worse, unit)
    assert not pays(worse - 1.0, worse, np.zeros(22, np.int64))
