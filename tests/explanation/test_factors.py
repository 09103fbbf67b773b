"""Directions, agreement and separation from context, on cases with a known answer."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Score
from tabcouce.explanation.agreement import agreement, between_share, bound_to, judged, supported_direction
from tabcouce.explanation.factor import Effect, Factor, ranked
from tabcouce.explanation.factors import direction, within_share


def column(values):
    return pd.Series(np.asarray(values, float))


def test_a_rising_contribution_is_named_increases_and_a_falling_one_decreases():
    x = np.linspace(-2, 3, 60)
    assert direction(column(x), np.exp(x), 0.5) == ("increases", pytest.approx(1.0))
    assert direction(column(x), -(x**3), 0.5)[0] == "decreases"


def test_a_contribution_that_is_highest_in_the_middle_is_a_peak():
    x = np.linspace(-1, 1, 90)
    assert direction(column(x), -(x**2), 0.5)[0] == "peak"
    assert direction(column(x), x**2, 0.5)[0] == "mixed"


def test_a_negligible_share_has_no_direction():
    x = np.linspace(0, 1, 50)
    assert direction(column(x), x, 0.001) == ("none", None)


def test_a_category_has_no_direction_of_its_own():
    assert direction(pd.Series(pd.Categorical(["a", "b"] * 20)), np.arange(40.0), 0.5) == ("mixed", None)


def test_blank_cells_do_not_decide_the_direction():
    x = np.linspace(0, 1, 50)
    x[::5] = np.nan
    effect = np.nan_to_num(x, nan=-9.0)
    assert direction(column(x), effect, 0.5)[0] == "increases"


@pytest.mark.parametrize(
    ("expected", "found", "word"),
    [
        ("unknown", "increases", "not_reviewed"),
        ("increases", "increases", "agrees"),
        ("increases", "decreases", "opposite"),
        ("none", "increases", "opposite"),
        ("peak", "peak", "agrees"),
        ("peak", "increases", "unclear"),
        ("increases", "mixed", "unclear"),
        ("increases", "none", "unclear"),
        ("none", "mixed", "unclear"),
        ("none", "none", "agrees"),
    ],
)
def test_agreement_is_a_word(expected, found, word):
    assert agreement(expected, found) == word


def test_within_share_equals_the_written_sum_of_squares():
    rng = np.random.default_rng(0)
    unit = np.repeat([0, 1, 2], [20, 30, 25])
    x = rng.normal(size=75) + np.array([0.0, 5.0, -3.0])[unit]
    inside = sum(((x[unit == u] - x[unit == u].mean()) ** 2).sum() for u in range(3))
    assert within_share(pd.Series(x), unit) == pytest.approx(inside / ((x - x.mean()) ** 2).sum())


def test_a_column_constant_within_each_context_cannot_be_separated():
    unit = np.repeat([0, 1, 2], 10)
    assert within_share(pd.Series(unit * 2.5), unit) == pytest.approx(0.0, abs=1e-12)


def effect(slope, low, high, overlap=0.5):
    return Effect(slope, low, high, overlap, 8, 0.2)


def test_a_claimed_effect_decides_the_direction_and_a_peak_stays_a_peak():
    assert supported_direction("increases", effect(-1, -1.5, -0.5), None) == "decreases"
    assert supported_direction("mixed", effect(1, 0.5, 1.5), None) == "increases"
    assert supported_direction("peak", effect(1, 0.5, 1.5), None) == "peak"


def test_a_model_alone_supports_a_direction_only_where_it_loses_without_the_column():
    open_effect = effect(0.1, -0.2, 0.4)
    assert supported_direction("increases", open_effect, None) == "mixed"
    assert supported_direction("increases", open_effect, Score(0.02, -0.01, 0.05, 90, 9)) == "mixed"
    assert supported_direction("increases", open_effect, Score(0.02, 0.01, 0.05, 90, 9)) == "increases"


def test_a_factor_with_nothing_left_to_learn_from_is_inseparable_and_names_its_context():
    assert judged("increases", "increases", effect(1, None, None, overlap=0.01)) == "inseparable"
    assert judged("unknown", "increases", effect(1, None, None, overlap=0.01)) == "not_reviewed"
    rng = np.random.default_rng(1)
    machine, lot = np.repeat(np.arange(4), 15), rng.integers(0, 5, 60)
    contexts = pd.DataFrame({"lot": lot.astype(str), "machine": machine.astype(str)})
    assert bound_to(pd.Series(2.0 * machine + 0.1 * rng.normal(size=60)), contexts) == "machine"
    assert bound_to(pd.Series(rng.normal(size=60)), contexts) is None


def test_chance_is_taken_off_what_many_levels_tell():
    rng = np.random.default_rng(2)
    values, levels = pd.Series(rng.normal(size=300)), pd.Series((np.arange(300) // 2).astype(str))
    raw = (
        1
        - sum(((values[levels == k] - values[levels == k].mean()) ** 2).sum() for k in set(levels))
        / ((values - values.mean()) ** 2).sum()
    )
    assert raw > 0.4 and abs(between_share(values, levels)) < 0.2


def test_a_column_that_only_the_model_uses_does_not_lead_the_ranking():
    def factor(name, importance, strength):
        return Factor(name, "m", importance, 0.0, 0.1, "mixed", None, {}, None, strength=strength)

    leak, cause, weak = factor("leak", 9.0, 0.0), factor("cause", 2.0, 1.5), factor("weak", 1.0, 0.2)
    assert [f.name for f in ranked([leak, weak, cause])] == ["cause", "weak", "leak"]
    unsupported = [factor("b", 1.0, 0.0), factor("a", 3.0, 0.0)]
    assert [f.name for f in ranked(unsupported)] == ["a", "b"]
