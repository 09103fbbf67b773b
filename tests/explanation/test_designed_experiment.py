"""Known effects of a designed experiment (NIST ceramic strength), beside the data only."""

from pathlib import Path

import numpy as np
import pytest
from designed_experiment import FACTORS, PLAN, TURNED, confounded, contrast, headline, planned

from tabcouce.explanation.context_shift import context_shifts
from tabcouce.explanation.effects import slopes

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "nist_ceramic"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the shared data is not beside the repository")


@pytest.fixture(scope="module")
def plan():
    return planned(FOLDER, PLAN)


def test_effects_within_each_batch_are_those_of_the_balanced_plan_and_of_the_handbook(plan):
    found = slopes(plan, FACTORS, headline(plan), seed=0)
    batch = plan.contexts["batch"].astype(str).to_numpy()
    effects = {}
    for factor in FACTORS:
        adjusted = found[factor].adjusted
        (by,) = adjusted.modifiers
        for one in by.slopes:
            effects[factor, one.context] = [v * adjusted.step for v in (one.slope, one.low, one.high)]
            assert effects[factor, one.context][0] == pytest.approx(
                contrast(plan, factor, batch == one.context)
            )
    assert effects["table_speed", "1"][0] == pytest.approx(-30.77, abs=0.01)
    assert effects["down_feed", "2"][0] == pytest.approx(18.22, abs=0.01)
    clear = {key for key, (_, low, high) in effects.items() if low > 0 or high < 0}
    assert clear == {("table_speed", "1"), ("down_feed", "2")}  # the leading factor of each batch


def test_the_batch_shift_is_told_apart_from_the_factors(plan):
    (shift,) = context_shifts(plan)
    assert (shift.lowest, shift.highest) == ("2", "1")
    assert shift.high - shift.low == pytest.approx(688.99 - 611.16, abs=0.1)


def test_where_the_batch_was_run_with_one_wheel_only_the_adjusted_effect_keeps_its_sign(plan):
    truth = contrast(plan, TURNED, np.ones(len(plan.y), bool))
    less = confounded(plan, seed=0)
    found = slopes(less, [TURNED], headline(less), seed=0)[TURNED]
    naive, adjusted = ([v * e.step for v in (e.slope, e.low, e.high)] for e in (found.naive, found.adjusted))
    assert truth < 0 < naive[1] and adjusted[1] < truth < adjusted[2]
