"""One limit for every machine: known ones, new ones, and new ones that gave normal rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import FitError
from tabcouce.models.control_chart import ControlChart
from tabcouce.system.alarm import LIMIT, Alarm, Gauge, OwnScale, Scale
from tabcouce.system.context_correction import ContextCorrection, Shrinkage
from tabcouce.system.jury import Jury
from tabcouce.system.start_offsets import StartOffsets

NOISE = {"M1": 0.5, "M2": 1.0, "M3": 2.0, "M4": 1.0, "M5": 1.5}
NEW = {"M6": 2.5}


def normal(n: int, noise: dict[str, float], seed: int):
    rng = np.random.default_rng(seed)
    names = np.repeat(list(noise), n).astype(object)
    X = rng.normal(size=(len(names), 3)) * np.repeat(list(noise.values()), n)[:, None]
    return pd.DataFrame(X, columns=["a", "b", "c"]), names


@pytest.fixture(scope="module")
def alarm() -> Alarm:
    """Two detectors that each knew half of the rows; scales from rows neither knew."""
    jury = Jury(tuple(ControlChart("t2").fit(normal(300, NOISE, seed)[0]) for seed in (0, 1)))
    X, names = normal(2000, NOISE, 2)
    raw = jury.abnormality(X)
    known = ContextCorrection.of(raw, names, Shrinkage(5.0, 5.0))
    new = ContextCorrection(known.pooled, {}, Shrinkage(5.0, 5.0))
    gauge = Gauge.of(known(raw, names), 0.05)
    offsets = StartOffsets(("a", "b", "c"), (0.0,) * 3, (0.0,) * 3, 30.0)
    own = OwnScale(offsets, Scale(jury, known, gauge), Scale(jury, new, gauge))
    pooled = Scale(jury, ContextCorrection(known.pooled), Gauge.of(raw, 0.05))
    return Alarm("t2", pooled, own, "machine")


def test_a_jury_is_the_mean_of_its_members_and_needs_one(alarm):
    X, _ = normal(20, NOISE, 3)
    members = alarm.pooled.jury.members
    mean = sum(one.abnormality(X) for one in members) / 2
    np.testing.assert_allclose(alarm.pooled.jury.abnormality(X), mean)
    with pytest.raises(FitError, match="enough normal rows"):
        Jury(())


def test_known_machines_of_every_noise_ring_equally_often(alarm):
    X, names = normal(4000, NOISE, 4)
    judged = alarm.judge(X, pd.Series(names))
    rates = pd.Series(judged.alarm).groupby(names).mean()
    assert judged.corrected.all()
    assert rates.between(0.035, 0.065).all(), rates
    pooled = pd.Series(alarm.judge(X).alarm).groupby(names).mean()
    assert pooled.max() - pooled.min() > 0.15  # what the correction is for


def test_a_new_machine_starts_from_the_pooled_limit_and_is_moved_by_its_own_rows(alarm):
    X, names = normal(4000, NEW, 5)
    before = alarm.judge(X, pd.Series(names))
    assert not before.corrected.any() and before.alarm.mean() > 0.15
    after = alarm.started("M6", X.iloc[:200]).judge(X.iloc[200:], pd.Series(names[200:]))
    assert after.corrected.all() and 0.03 < after.alarm.mean() < 0.08
    later = X.iloc[2000:], pd.Series(names[2000:])
    rates = {
        n: np.mean(
            [alarm.started("M6", X.iloc[k : k + n]).judge(*later).alarm.mean() for k in range(0, 1000, 50)]
        )
        for n in (15, 200)
    }
    # Shrunk by the count: few rows move it part of the way.
    assert abs(rates[200] - 0.05) < abs(rates[15] - 0.05) < abs(before.alarm.mean() - 0.05)
    assert alarm.started("M6", X.iloc[:9]) is alarm
    assert alarm.rows_for_new == 10


def test_contributions_stand_beside_alarms_only_in_units_of_the_score(alarm):
    X, names = normal(50, NOISE, 6)
    X.loc[7, "b"] += 30.0
    judged = alarm.judge(X, pd.Series(names))
    assert judged.alarm[7] and np.nanargmax(judged.contributions[7]) == 1
    assert np.isnan(judged.contributions[~judged.alarm]).all()
    assert (judged.score > LIMIT).sum() == judged.alarm.sum()


def test_an_alarm_is_the_same_after_its_json_form(alarm):
    X, names = normal(30, {**NOISE, **NEW}, 7)
    begun = alarm.started("M6", X[names == "M6"].iloc[:20])
    again = Alarm.from_settings(begun.settings(), begun.juries)
    np.testing.assert_array_equal(
        again.judge(X, pd.Series(names)).score, begun.judge(X, pd.Series(names)).score
    )
