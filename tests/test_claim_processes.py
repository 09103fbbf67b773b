"""The processes made for one claim each hold what their docstrings promise."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.simulation import LABEL_MODE, NUISANCE_MODE, drifting_sensors, sparse_lots, waveform


def test_the_waveforms_label_is_in_the_middle_band_and_its_machine_in_the_low_one():
    for draw, sign in (("train", 1), ("unseen", 0), ("reversed", -1)):
        process = waveform(seed=0, rows=3000, draw=draw)
        size = np.abs(np.fft.rfft(process.X.to_numpy(), axis=1))
        assert np.corrcoef(size[:, LABEL_MODE], process.y)[0, 1] > 0.9
        assert np.sign(round(np.corrcoef(size[:, NUISANCE_MODE], process.y)[0, 1], 1)) == sign


def test_half_of_the_sparse_lots_have_three_rows_and_all_are_routed_by_quality():
    process = sparse_lots(seed=1)
    counts = process.context["machine"].value_counts().to_numpy()
    assert (counts == 3).sum() == 6 and (counts > 50).sum() == 6
    tied = np.corrcoef(process.X[process.proxies[0]], process.y)[0, 1]
    assert tied > 0.3
    unseen = sparse_lots(seed=1, draw="unseen")
    assert abs(np.corrcoef(unseen.X[process.proxies[0]], unseen.y)[0, 1]) < 0.1


def test_precise_sensors_drift_five_times_further_on_drifted_machines():
    spread = []
    for draw in ("train", "drifted"):
        process = drifting_sensors(seed=0, rows=24_000, contexts=1200, draw=draw)
        means = process.X.groupby(process.context["machine"]).mean()
        # Twenty rows a machine: their mean varies by 1 / sqrt(20) besides the offset.
        columns = list(process.tolerances)
        unit = np.array([6.0, 8.0, 1.5, 10.0])
        spread.append(np.sqrt((means[columns] / unit).var() - 1 / 20))
        stable = (means.drop(columns=columns) / unit).var()
        assert stable.max() < 0.1
    ratio = spread[1].to_numpy() / spread[0].to_numpy()
    assert ratio == pytest.approx(np.full(4, 5.0), rel=0.2)
    assert isinstance(process.X, pd.DataFrame)
