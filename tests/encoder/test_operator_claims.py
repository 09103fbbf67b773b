"""Operators help where the declared nuisance is real and harm where it is process change (C8 to C10)."""

import numpy as np
import pytest

from tabcouce.encoder import CouceRegressor, Nuisance
from tabcouce.encoder.fourier_bands import chosen_bands
from tabcouce.simulation import drifting_sensors, operating_point, waveform

SMALL = {"members": 2, "epochs": 16, "width": 32, "threads": 1, "view": "pooled", "interventions": "on"}


def rmse(prediction, truth):
    return float(np.sqrt(np.mean((prediction - truth) ** 2)))


@pytest.mark.parametrize("seed", [0, 1])
def test_c8_declared_recalibration_beats_noise_on_all_columns_when_sensors_drift(seed):
    seen, drifted = drifting_sensors(seed=seed), drifting_sensors(seed=seed, draw="drifted")
    everywhere = Nuisance(repeatability={name: 0.8 * float(seen.X[name].std()) for name in seen.X})
    placebo = CouceRegressor(**SMALL, nuisance=everywhere).fit(seen.X, seen.y, seen.context)
    declared = CouceRegressor(**SMALL, tolerances=dict(seen.tolerances)).fit(seen.X, seen.y, seen.context)
    errors = [rmse(model.predict(drifted.X), drifted.y) for model in (placebo, declared)]
    assert errors[1] < 0.9 * errors[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_c9_the_same_operators_do_harm_where_machines_really_run_at_different_points(seed):
    seen, new = operating_point(seed=seed), operating_point(seed=seed, draw="unseen")
    names = list(seen.X.columns)
    wrong = {name: (0.9 * float(seen.X[name].std()), 0.0) for name in names}
    settings = ({}, {"tolerances": wrong}, {"nuisance": Nuisance(mixed=names)})
    clean, recalibrated, mixed = (
        rmse(CouceRegressor(**SMALL, **one).fit(seen.X, seen.y, seen.context).predict(new.X), new.y)
        for one in settings
    )
    assert recalibrated > 1.1 * clean and mixed > 1.1 * clean


@pytest.mark.parametrize("seed", range(5))
def test_c10_the_band_rule_takes_the_machines_band_of_a_routed_waveform_and_no_other(seed):
    process = waveform(seed=seed)
    machine = process.context["machine"].astype("category").cat.codes.to_numpy().astype(np.int64)
    target_bin = np.searchsorted(np.quantile(process.y, np.linspace(0, 1, 11)[1:-1]), process.y)
    assert chosen_bands(process.X.to_numpy(), target_bin, process.y, machine) == (0,)
