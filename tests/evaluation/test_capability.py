"""Cp, Cpk, Pp, Ppk against their definitions, their intervals against simulation."""

import numpy as np
import pytest

from tabcouce.evaluation.capability import capability


def machines(rng, groups=6, rows=40, shift=2.0):
    subgroup = np.repeat([f"M{k}" for k in range(groups)], rows)
    mean = 10 + shift * np.arange(groups)
    return mean.repeat(rows) + rng.normal(0, 1.5, groups * rows), subgroup


def test_indices_equal_their_definitions_by_plain_loops():
    y, subgroup = machines(np.random.default_rng(1))
    squares, freedom = 0.0, 0
    for name in sorted(set(subgroup)):
        mine = [v for v, g in zip(y, subgroup, strict=True) if g == name]
        squares += sum((v - sum(mine) / len(mine)) ** 2 for v in mine)
        freedom += len(mine) - 1
    within = (squares / freedom) ** 0.5
    mean = sum(y) / len(y)
    overall = (sum((v - mean) ** 2 for v in y) / (len(y) - 1)) ** 0.5

    found = capability(y, 4.0, 30.0, subgroup=subgroup, name="machine")

    assert found.within == pytest.approx(within)
    assert found.cp.value == pytest.approx(26 / (6 * within))
    assert found.cpk.value == pytest.approx(min(30 - mean, mean - 4) / (3 * within))
    assert found.pp.value == pytest.approx(26 / (6 * overall))
    assert found.ppk.value == pytest.approx(min(30 - mean, mean - 4) / (3 * overall))


def test_machines_that_differ_are_named_as_unstable_and_like_ones_are_not():
    rng = np.random.default_rng(2)
    y, subgroup = machines(rng, shift=2.0)
    same, _ = machines(rng, shift=0.0)

    apart = capability(y, 0.0, 40.0, subgroup=subgroup, name="machine")
    alike = capability(same, 0.0, 40.0, subgroup=subgroup, name="machine")

    assert not apart.is_stable and {"M0", "M5"} <= set(apart.unstable)
    assert apart.cpk.value > 1.5 * apart.ppk.value
    assert alike.is_stable and alike.cpk.value == pytest.approx(alike.ppk.value, rel=0.1)


def test_without_subgroups_neighbours_in_time_make_the_short_term_spread():
    rng = np.random.default_rng(3)
    drift = np.linspace(0, 12, 200)
    y = 50 + drift + rng.normal(0, 1, 200)
    shuffled = rng.permutation(200)

    found = capability(y[shuffled], 40, 75, order=shuffled.astype(float))

    assert found.within == pytest.approx(1.0, rel=0.15)
    assert found.overall > 3 and not found.is_stable
    assert found.subgroup is None


def test_one_limit_gives_no_cp_and_a_one_sided_cpk():
    y = np.random.default_rng(4).normal(10, 1, 100)

    found = capability(y, None, 13.0)

    assert found.cp.value is None and found.pp.value is None
    assert found.ppk.value == pytest.approx((13 - y.mean()) / (3 * y.std(ddof=1)))
    assert found.beyond == np.mean(y > 13)


def test_intervals_cover_the_true_index_as_stated():
    rng = np.random.default_rng(5)
    hits = {"pp": 0, "ppk": 0, "cpk": 0}
    runs = 400
    for _ in range(runs):
        y = rng.normal(10.5, 1, 60)
        found = capability(y, 7.0, 13.0, subgroup=np.repeat(list("abcdef"), 10), name="lot")
        hits["pp"] += found.pp.low <= 1.0 <= found.pp.high
        hits["ppk"] += found.ppk.low <= 2.5 / 3 <= found.ppk.high
        hits["cpk"] += found.cpk.low <= 2.5 / 3 <= found.cpk.high
    for count in hits.values():
        assert 0.92 <= count / runs <= 0.98, hits


@pytest.mark.parametrize(
    ("y", "lower", "upper"),
    [(np.arange(50.0), None, None), (np.full(50, 3.0), 0, 1), (np.arange(5.0), 0, 1)],
)
def test_there_is_no_index_without_limits_spread_or_values(y, lower, upper):
    assert capability(y, lower, upper) is None
