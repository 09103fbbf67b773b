"""The operators O1 to O8, each restated cell by cell in plain loops."""

import numpy as np
import pandas as pd
import pytest
import torch

from tabcouce.encoder import CouceRegressor, Nuisance
from tabcouce.encoder.batches import IntervenedView, PackedRows, Sampler
from tabcouce.encoder.cell_moves import CellMoves
from tabcouce.encoder.fourier_bands import BANDS, amplitude_mixed, band_of, chosen_bands, partial_r2
from tabcouce.encoder.group_mixing import GroupStatistics, group_mixing, mixed_partners
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FoldRows, Variant, member_tasks
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.recalibration import (
    noise_floor,
    recalibrated,
    row_factor,
    shared_recalibration,
    virtual_recalibration,
)
from tabcouce.encoder.time_drift import MODES, WINDOWS, drift_curve, ranks, time_drift
from tabcouce.errors import FitError


def moved(u, deviation, origin):
    parts = (torch.as_tensor(part) for part in (u, deviation.gain, deviation.offset, origin))
    return recalibrated(*parts).numpy()


def test_o1_gives_every_cell_its_own_gain_and_offset_within_the_tolerance():
    gain, offset = np.array([0.1, 0.0, 0.02]), np.array([0.0, 0.0, 0.5])
    drawn = virtual_recalibration(gain, offset, 4000, np.random.default_rng(0))
    noise = np.random.default_rng(0).standard_normal((2, 4000, 3))
    for i in (0, 17, 3999):
        for j in range(3):
            assert drawn.gain[i, j] == noise[0, i, j] * gain[j]
            assert drawn.offset[i, j] == noise[1, i, j] * offset[j]
    np.testing.assert_allclose(drawn.gain.std(0), gain, rtol=0.05)
    u, origin = np.array([[1.0, 2.0, 3.0]]), np.array([-10.0, 0.0, 4.0])
    got = moved(np.repeat(u, 4000, 0), drawn, origin)
    for j in range(3):
        a, o = 1 + drawn.gain[5, j], drawn.offset[5, j]
        assert got[5, j] == pytest.approx(a * (u[0, j] - origin[j]) + origin[j] + o)


def test_o2_moves_a_block_together_and_leaves_columns_of_no_block():
    block = np.array([0, 1, 0, -1])
    gain, offset = np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.0, 0.0, 2.0, 1.0])
    drawn = shared_recalibration(gain, offset, block, 50, np.random.default_rng(1))
    for i in range(50):
        # One pair of standard numbers a block, in each column's own tolerance.
        assert drawn.gain[i, 0] / 0.1 == pytest.approx(drawn.gain[i, 2] / 0.3)
        assert drawn.offset[i, 0] / 1.0 == pytest.approx(drawn.offset[i, 2] / 2.0)
        assert drawn.gain[i, 1] / 0.2 != pytest.approx(drawn.gain[i, 0] / 0.1)
        assert drawn.gain[i, 3] == drawn.offset[i, 3] == 0.0
    none = shared_recalibration(gain, offset, np.full(4, -1), 5, np.random.default_rng(1))
    assert not none.gain.any() and not none.offset.any()


def test_o3_adds_one_factor_a_row_along_the_declared_loading():
    loading = np.array([0.5, -1.0, 0.0])
    drawn = row_factor(loading, 6, np.random.default_rng(2))
    factor = np.random.default_rng(2).standard_normal(6)
    for i in range(6):
        for j in range(3):
            assert drawn.offset[i, j] == pytest.approx(factor[i] * loading[j])
    assert not drawn.gain.any()


def test_o5_equals_standardising_by_the_own_group_and_restoring_with_mixed_statistics():
    rng = np.random.default_rng(3)
    group = np.repeat([0, 1, 2], [5, 6, 4])
    u = rng.standard_normal((15, 2)) * (1 + group[:, None]) + 10 * group[:, None]
    seen = rng.random((15, 2)) > 0.2
    statistics = GroupStatistics.of(u, group, seen)
    for g in range(3):
        for j in range(2):
            cells = [u[i, j] for i in range(15) if group[i] == g and seen[i, j]]
            assert statistics.mean[g, j] == pytest.approx(np.mean(cells))
            assert statistics.spread[g, j] == pytest.approx(np.std(cells))
    other, share, origin = rng.integers(3, size=(15, 2)), rng.random((15, 2)), np.array([4.0, -2.0])
    got = moved(u, group_mixing(statistics, group, other, share, origin), origin)
    for i in range(15):
        for j in range(2):
            g, h, part = group[i], other[i, j], share[i, j]
            mean = part * statistics.mean[g, j] + (1 - part) * statistics.mean[h, j]
            spread = part * statistics.spread[g, j] + (1 - part) * statistics.spread[h, j]
            z = (u[i, j] - statistics.mean[g, j]) / statistics.spread[g, j]
            assert got[i, j] == pytest.approx(z * spread + mean)


def test_o5_partners_are_other_groups_drawn_at_the_scale_asked_for():
    own, block = np.arange(300) % 3, np.array([0, 0, -1, 1])
    rng = np.random.default_rng(4)
    column, row = (mixed_partners(own, 3, block, scale, rng) for scale in ("column", "row"))
    blocks = mixed_partners(own, 3, block, "block", rng)
    for other, share in (column, row, blocks):
        assert ((other != own[:, None]) | (share == 1)).all()
    assert (row[0] == row[0][:, :1]).all() and (row[1] == row[1][:, :1]).all()
    assert (blocks[1][:, 0] == blocks[1][:, 1]).all() and (blocks[1][:, 2] == 1).all()
    assert (column[1][:, 0] != column[1][:, 1]).any()


def test_o6_changes_one_band_of_amplitudes_and_no_phase():
    rng = np.random.default_rng(5)
    x, donor, share = rng.standard_normal((4, 16)), rng.standard_normal((4, 16)), rng.random(4)
    for band in range(3):
        got = amplitude_mixed(x, donor, band, share)
        for i in range(4):
            own, other = np.fft.rfft(x[i]), np.fft.rfft(donor[i])
            for k in range(9):
                f = k / 8
                inside = k > 0 and band == (0 if f < 1 / 3 else 1 if f < 2 / 3 else 2)
                size = abs(own[k])
                if inside:
                    size = (1 - share[i]) * size + share[i] * abs(other[k])
                written = size * own[k] / abs(own[k])
                assert np.fft.rfft(got[i])[k] == pytest.approx(written, abs=1e-12)


def test_bands_of_a_waveform_of_64_points_are_bins_1_to_10_11_to_21_and_22_to_32():
    expected = [-1] + [0] * 10 + [1] * 11 + [2] * 11
    assert band_of(64).tolist() == expected


def test_o7_is_a_sum_of_the_lowest_modes_within_the_tolerance_and_the_same_for_one_machine():
    rank, amplitude, phase = np.arange(10), np.array([0.3, -0.2]), np.array([0.1, 2.0])
    got = drift_curve(rank, 40, amplitude, phase)
    for t in range(10):
        written = sum(amplitude[k - 1] * np.cos(2 * np.pi * k * t / 40 + phase[k - 1]) for k in (1, 2))
        assert got[t] == pytest.approx(written)
    context = np.array([1, 0, 1, 1, 0, 2])
    np.testing.assert_array_equal(ranks(context), [0, 0, 1, 2, 1, 0])
    rank, context = np.tile(np.arange(300), 2), np.repeat([0, 1], 300)
    drawn = time_drift(np.array([0.5, 0.0]), rank, context, np.random.default_rng(6))
    assert np.abs(drawn.offset[:, 0]).max() <= 0.5 and not drawn.offset[:, 1].any()
    # Slow: neighbours differ by at most the steepest mode's slope.
    steps = np.abs(np.diff(drawn.offset[:300, 0]))
    assert 0 < steps.max() <= 0.5 * 2 * np.pi * MODES[1] / WINDOWS[0]
    assert not np.allclose(drawn.offset[:300, 0], drawn.offset[300:, 0])


def test_o8_adds_noise_of_the_declared_repeatability():
    drawn = noise_floor(np.array([0.0, 0.2]), 5000, np.random.default_rng(7))
    assert not drawn.gain.any() and not drawn.offset[:, 0].any()
    assert drawn.offset[:, 1].std() == pytest.approx(0.2, rel=0.05)


def test_partial_r2_is_the_explained_share_inside_groups():
    rng = np.random.default_rng(8)
    group, x = np.repeat([0, 1], 400), rng.standard_normal(800)
    y = 100 * group + x + rng.standard_normal(800)
    assert partial_r2(y, group, x[:, None]) == pytest.approx(0.5, abs=0.06)
    assert partial_r2(y, group, rng.standard_normal((800, 30))) == pytest.approx(0.0, abs=0.03)


def waveforms(rng, rows, context_band, target_band):
    """Context scales one band, the target another; frequencies 2, 8 and 14 of 32 points."""
    context, y = rng.integers(4, size=rows), rng.standard_normal(rows)
    t, size = np.arange(32) / 32, [np.ones(rows) for _ in range(3)]
    size[context_band] = size[context_band] * (0.5 + 0.5 * context)
    size[target_band] = size[target_band] * np.exp(0.5 * y)
    waves = [np.sin(2 * np.pi * k * t) for k in (2, 8, 14)]
    x = sum(s[:, None] * w for s, w in zip(size, waves, strict=True))
    return x + 0.1 * rng.standard_normal((rows, 32)), y, context


def test_the_band_rule_takes_the_band_of_the_context_and_never_the_one_of_the_target():
    for context_band, target_band in ((0, 1), (2, 0), (1, 2)):
        x, y, context = waveforms(np.random.default_rng(9), 600, context_band, target_band)
        target_bin = np.searchsorted(np.quantile(y, [0.25, 0.5, 0.75]), y)
        assert chosen_bands(x, target_bin, y, context) == (context_band,)
    x, y, context = waveforms(np.random.default_rng(9), 600, 1, 1)
    assert chosen_bands(x, np.searchsorted(np.quantile(y, [0.5]), y), y, context) == ()


# In training -------------------------------------------------------------------------------


def blank_process():
    """Two machines of different mean, twelve columns, blanks in every third row of column 1."""
    rng = np.random.default_rng(10)
    machine = np.arange(90) % 3
    X = pd.DataFrame(
        rng.standard_normal((90, 12)) + machine[:, None], columns=[f"温度[{j}]" for j in range(12)]
    )
    X.iloc[::4, 1] = np.nan
    y = X.iloc[:, 0].to_numpy() + 0.1 * rng.standard_normal(90)
    return X, y, pd.DataFrame({"machine": machine.astype(str)})


def everything(X):
    names = list(X.columns)
    return {
        "tolerances": {name: (0.5, 0.1) for name in names[:4]},
        "nuisance": Nuisance(
            blocks={"card": names[:3], "wave": names[4:12]},
            ordered=("wave",),
            bands={"wave": ("low", "high")},
            repeatability={names[1]: 0.2},
            loading={names[2]: 0.3},
            mixed=(names[1], names[3]),
            drift={names[0]: 0.4},
            in_time_order=True,
        ),
    }


def test_missing_cells_and_undeclared_columns_are_never_moved_whatever_the_scale():
    X, y, context = blank_process()
    declared = everything(X)
    fold = FoldRows.of(X, y, context, classes=0, held_out=None, seed=0)
    budget = Budget.of(fold.code, (), declared["tolerances"], declared["nuisance"])
    assert [name for name, _ in budget.scales] == ["column", "block", "row"]
    assert [share for _, share in budget.scales] == pytest.approx([0.5, 0.3, 0.2])
    task = member_tasks(fold, Variant(False, True), members=1, bins=8, budget=budget, seed=0)[0]
    shape = NetShape(
        numeric=12, inputs=13, outputs=1, proxies=8, levels=3, width=8, depth=1, embedding=4, frequencies=0
    )
    data = PackedRows([task], shape, torch.device("cpu"))
    sampler, view = Sampler([task], shape, 4, 15, torch.device("cpu")), IntervenedView([task], shape, data)
    touched = np.zeros(13, dtype=bool)
    for _ in range(20):
        epoch = sampler.epoch()
        for step in range(4):
            drawn = epoch.part(slice(step * 15, step * 15 + 15))
            clean = data.take(data.u, drawn.rows)
            other = view(clean, drawn)
            change = (other - clean).numpy()[0]
            blank = clean.numpy()[0, :, 12] == 1
            assert blank.any() and not change[blank, 1].any() and not change[:, 12].any()
            touched |= change.any(axis=0)
    assert touched[:12].all()


def test_only_the_chosen_scale_acts_in_a_batch():
    X, y, context = blank_process()
    fold = FoldRows.of(X, y, context, classes=0, held_out=None, seed=0)
    tolerances = {name: (1.0, 0.0) for name in X.columns[:3]}
    budget = Budget.of(fold.code, (), tolerances, Nuisance(blocks={"card": list(X.columns[:2])}))
    moves = CellMoves(budget, fold.u, fold.joint, np.arange(90))
    drawn = moves.epoch(np.arange(90), 30, np.random.default_rng(0)).offset
    kinds = []
    for step in range(3):
        part = drawn[step * 30 : step * 30 + 30]
        factor = np.abs(Budget.of(fold.code, (), tolerances).offset)
        together = np.allclose(part[:, 0] / factor[0], part[:, 1] / factor[1])
        assert together == (not part[:, 2].any())
        kinds.append(together)
    assert len(set(kinds)) == 2, "three draws with this seed show both scales"


def test_fourier_randomisation_refuses_a_block_without_declared_order():
    X, y, context = blank_process()
    nuisance = Nuisance(blocks={"wave": list(X.columns[4:])}, bands={"wave": ("low",)})
    with pytest.raises(FitError, match="no physical order"):
        CouceRegressor(nuisance=nuisance).fit(X, y, context)


@pytest.mark.parametrize(
    ("nuisance", "message"),
    [
        (Nuisance(mixed=("not there",)), "no input"),
        (Nuisance(blocks={"a": ["温度[0]"], "b": ["温度[0]"]}), "two blocks"),
        (Nuisance(ordered=("a",)), "no columns"),
        (Nuisance(blocks={"a": ["温度[0]"]}, ordered=("a",), bands={"a": ("all",)}), "no frequency band"),
        (Nuisance(drift={"温度[0]": 1.0}), "time order"),
    ],
)
def test_impossible_declarations_are_refused_with_a_clear_error(nuisance, message):
    X, y, context = blank_process()
    with pytest.raises(FitError, match=message):
        CouceRegressor(nuisance=nuisance).fit(X, y, context)


def test_a_model_with_every_operator_trains_and_survives_saving():
    X, y, context = blank_process()
    model = CouceRegressor(epochs=2, width=8, threads=1, interventions="on", **everything(X)).fit(
        X, y, context
    )
    again = CouceRegressor.from_state(model.state())
    np.testing.assert_allclose(again.predict(X), model.predict(X), atol=1e-5)
    assert again.nuisance.blocks == {"card": list(X.columns[:3]), "wave": list(X.columns[4:12])}
    assert set(BANDS) == {"low", "mid", "high"}
