"""The parts do what they are for, on processes whose truth is known (three seeds each)."""

import numpy as np
import pytest

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.simulation import assignment, common_cause, none, target_offset

SEEDS = (0, 1, 2)
QUICK = {"head": "off", "epochs": 24, "width": 64, "threads": 1}


def rmse(prediction, truth):
    return float(np.sqrt(np.mean((prediction - truth) ** 2)))


@pytest.mark.parametrize("seed", SEEDS)
def test_c1_the_backdoor_sum_recovers_the_causal_surface_under_a_common_cause(seed):
    """Inputs set by hand on other machines: at least 25 % less error than without the sum."""
    seen = common_cause(seed=seed, rows=800)
    hand_set = common_cause(seed=seed, rows=800, draw="interventional")
    off = CouceRegressor(**QUICK, view="pooled").fit(seen.X, seen.y, seen.context)
    on = CouceRegressor(**QUICK, view="do").fit(seen.X, seen.y, seen.context)
    without = rmse(off.predict(hand_set.X), hand_set.surface)
    with_sum = rmse(on.predict_do(hand_set.X), hand_set.surface)
    assert with_sum < 0.75 * without
    # Known machines: their own effect beats no context by far.
    assert rmse(on.predict(seen.X, seen.context), seen.y) < rmse(off.predict(seen.X), seen.y)


@pytest.mark.parametrize("seed", SEEDS)
def test_c6_swapping_declared_proxies_recovers_the_model_that_never_saw_them(seed):
    """Other machines, routing gone: within 3 % of the oracle that drops the proxies."""
    seen = assignment(seed=seed, rows=800)
    unseen = assignment(seed=seed, rows=800, draw="unseen")
    common = {**QUICK, "view": "pooled"}
    off = CouceRegressor(**common, interventions="off").fit(seen.X, seen.y, seen.context)
    on = CouceRegressor(**common, interventions="on", proxy_columns=seen.proxies)
    on.fit(seen.X, seen.y, seen.context)
    kept = [name for name in seen.X if name not in seen.proxies]
    oracle = CouceRegressor(**common).fit(seen.X[kept], seen.y, seen.context)
    without, swapped = (rmse(model.predict(unseen.X), unseen.y) for model in (off, on))
    best = rmse(oracle.predict(unseen.X[kept]), unseen.y)
    assert swapped < 1.03 * best or without - swapped > 0.5 * (without - best)
    assert without > 1.05 * best, "the process must hurt a model without intervention"
    assert on.intervention_ and not off.intervention_


def test_the_proxy_head_costs_at_most_five_per_cent_against_an_equal_network_without_it():
    """Without context effects, mean of three seeds; the rival has the same body and a plain head."""
    ratios = []
    for seed in SEEDS:
        seen, new = (none(seed=seed, rows=800, draw=draw) for draw in ("train", "unseen"))
        errors = [
            rmse(
                CouceRegressor(**QUICK, view="pooled", proxy_weight=weight)
                .fit(seen.X, seen.y, seen.context)
                .predict(new.X),
                new.y,
            )
            for weight in (0.1, 0.0)
        ]
        ratios.append(errors[0] / errors[1])
    assert np.mean(ratios) < 1.05


def test_a_classifier_that_knows_the_machine_uses_its_own_odds():
    """The machines add constants to the quality that decides the class."""
    process = target_offset(seed=3, rows=900)
    label = np.digitize(process.y, np.quantile(process.y, [0.33, 0.66])).astype(float)
    rows = np.arange(900) // 12 % 3 > 0  # machines take turns row by row: both sides know all twelve
    model = CouceClassifier(threads=1, width=64).fit(process.X[rows], label[rows], process.context[rows])
    new = process.X[~rows], label[~rows].astype(int)

    def log_loss(chance):
        return -np.log(chance[np.arange(len(new[1])), new[1]]).mean()

    known = log_loss(model.predict_proba(new[0], process.context[~rows]))
    assert known < 0.7 * log_loss(model.predict_proba(new[0]))
