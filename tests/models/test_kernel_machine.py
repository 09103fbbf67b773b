"""The kernel expert: closed forms against plain refits, gradients, shots, intercepts, views, states."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabcouce.models import BoostingModel, KernelModel, LinearModel
from tabcouce.models.class_odds import ClassOdds
from tabcouce.models.contract import BatchModel, CrossEstimated, Rehearsal, RehearsedShots, ShotsModel
from tabcouce.models.feature_machine import CONSTANT, Metric
from tabcouce.models.inner_split import inner_folds
from tabcouce.models.kernel import spread_rows
from tabcouce.models.kernel_choice import Setting, choose
from tabcouce.models.kernel_errors import Compared, shot_trials
from tabcouce.models.kernel_intercept import InterceptFit, ShotKernel, same_context
from tabcouce.models.kernel_machine import KernelMachine
from tabcouce.models.kernel_paths import kernel_contributions
from tabcouce.models.kernel_rows import KernelRows
from tabcouce.models.within import shrunken_means, viewed
from tabcouce.simulation import common_cause, none, sensor_shift, target_offset

RIDGE, TAU2 = 0.1, 0.7
METRIC = Metric(np.array([2.0, 0.5, 0.5]), 1.7, 1.0)


def small(n: int = 40, seed: int = 0):
    """Rows of five machines of different mean and two crossed shifts; two outputs."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, 3))
    code = np.column_stack([rng.permutation(np.arange(n) % 5), rng.integers(0, 2, n)])
    y = np.column_stack([Z[:, 0] + 2.0 * code[:, 0], Z[:, 1] - code[:, 0]]) + rng.normal(size=(n, 2))
    return Z, code, y


def written_kernel(a: np.ndarray, b: np.ndarray) -> float:
    gap = sum(m * (x - z) ** 2 for m, x, z in zip(METRIC.weight, a, b, strict=True))
    line = sum(m * x * z for m, x, z in zip(METRIC.weight, a, b, strict=True))
    return np.exp(-np.sqrt(gap) / METRIC.bandwidth) + METRIC.linear * line / 3 + CONSTANT


def written_fit(Z: np.ndarray, code: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients of the mixed model, entry by entry."""
    n = len(Z)
    A = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            same = sum(float(code[i, c] == code[j, c]) for c in range(code.shape[1]))
            A[i, j] = written_kernel(Z[i], Z[j]) + TAU2 * same + RIDGE * (i == j)
    return np.linalg.solve(A, y)


def fitted(Z: np.ndarray, code: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, InterceptFit]:
    K = METRIC.kernel(Z, Z)
    return K, InterceptFit.of(K, same_context(code, code), y, ridge=RIDGE, tau2=TAU2)


def test_leaving_a_context_out_equals_a_refit_without_its_rows() -> None:
    Z, code, y = small()
    K, fit = fitted(Z, code, y)
    for machine in range(5):
        out = code[:, 0] == machine
        found = K @ fit.cut(fit.alpha, np.flatnonzero(out))
        alpha = written_fit(Z[~out], code[~out], y[~out])
        for i in np.flatnonzero(out):
            row = np.array([written_kernel(Z[i], z) for z in Z[~out]])
            np.testing.assert_allclose(found[i], row @ alpha, atol=1e-8)


def test_leaving_a_row_out_equals_a_refit_that_still_knows_its_contexts() -> None:
    Z, code, y = small(20)
    _, fit = fitted(Z, code, y)
    found = fit.left_out_rows(y)
    for i in range(20):
        rest = np.arange(20) != i
        alpha = written_fit(Z[rest], code[rest], y[rest])
        row = np.array([written_kernel(Z[i], z) for z in Z[rest]])
        row += TAU2 * (code[rest] == code[i]).sum(axis=1)
        np.testing.assert_allclose(found[i], row @ alpha, atol=1e-8)


def test_intercepts_by_low_rank_update_equal_a_solve_of_the_whole_system() -> None:
    Z, code, y = small()
    K, whole = fitted(Z, code, y)
    updated = InterceptFit.of(K, None, y, ridge=RIDGE, tau2=0.0).with_intercepts(code, y, TAU2)
    np.testing.assert_allclose(updated.inverse, whole.inverse, atol=1e-9)
    np.testing.assert_allclose(updated.alpha, whole.alpha, atol=1e-9)


def test_labelled_rows_of_a_left_out_context_equal_a_refit_with_those_rows() -> None:
    Z, code, y = small()
    machines = code[:, :1]
    K, fit = fitted(Z, machines, y)
    block = np.flatnonzero(machines[:, 0] == 3)
    shots = np.array([0, 2, 3])
    shot = ShotKernel(block, shots, K[block], K[np.ix_(block, block)])
    spread = fit.cut(fit.inverse @ shot.columns, block)
    found = shot.after(fit.cut(fit.alpha, block), spread, y[block], ridge=RIDGE, tau2=TAU2)
    kept = np.sort(np.concatenate([np.flatnonzero(machines[:, 0] != 3), block[shots]]))
    alpha = written_fit(Z[kept], machines[kept], y[kept])
    for row, i in enumerate(block):
        k = np.array([written_kernel(Z[i], z) for z in Z[kept]]) + TAU2 * (machines[kept, 0] == 3)
        np.testing.assert_allclose(found[row], k @ alpha, atol=1e-8)


@pytest.mark.parametrize("view", ["raw", "within", "both"])
def test_calibration_equals_a_refit_with_the_shots_as_a_further_context(view: str) -> None:
    Z, code, y = small()
    machines = code[:, :1]
    movable = np.array([True, True, False])
    mean = shrunken_means(Z, machines[:, 0], 5)[machines[:, 0]]
    width = 5 if view == "both" else 3
    metric = Metric(np.linspace(0.5, 1.5, width), 1.7, 1.0)
    setting = Setting(view, metric, RIDGE, TAU2)  # type: ignore[arg-type]
    machine = KernelMachine.of(setting, KernelRows(Z, y, machines, mean, movable))
    new, truth = np.random.default_rng(9).normal(size=(4, 3)) + 1.0, np.full((4, 2), 5.0)
    own = shrunken_means(new, np.zeros(4, dtype=np.int64), 1)[0]
    after = machine.after(new, truth, own)
    seen = np.vstack([machine.rows.seen(setting.view), viewed(new, own, movable, setting.view)])
    both = np.concatenate([machines, np.full((4, 1), 5)])
    whole = InterceptFit.of(
        metric.kernel(seen, seen), same_context(both, both), np.vstack([y, truth]), ridge=RIDGE, tau2=TAU2
    )
    np.testing.assert_allclose(np.vstack([after.alpha, after.shot_alpha]), whole.alpha, atol=1e-8)


@pytest.mark.parametrize("view", ["raw", "both"])
def test_rehearsed_shots_equal_a_calibration_of_a_refit_without_the_context(view: str) -> None:
    Z, code, y = small()
    machines = code[:, :1]
    mean = shrunken_means(Z, machines[:, 0], 5)[machines[:, 0]]
    metric = Metric(np.linspace(0.5, 1.5, 6 if view == "both" else 3), 1.7, 1.0)
    setting = Setting(view, metric, RIDGE, TAU2)  # type: ignore[arg-type]
    rows = KernelRows(Z, y, machines, mean, np.ones(3, dtype=bool))
    mine = np.flatnonzero(machines[:, 0] == 2)
    few, rest = mine[[4, 1, 2]], mine[[0, 3, 5]]
    capped = np.setdiff1d(np.arange(40), mine[4])  # a labelled row that the cap left out counts too
    machine = KernelMachine.of(setting, rows.of(capped))
    (score, level), *more = machine.rehearsed(rows, [Rehearsal(few, rest)])
    refit = KernelMachine.of(setting, rows.of(np.setdiff1d(np.arange(40), mine)))
    own = Z[few].sum(axis=0) / (3 + 5.0)
    expected, intercept = refit.after_score(Z[rest], Z[few], own, refit.after(Z[few], y[few], own))
    assert not more
    np.testing.assert_allclose(score, expected, atol=1e-8)
    np.testing.assert_allclose(level, intercept, atol=1e-8)


def test_gradient_and_learnt_metric_equal_finite_differences() -> None:
    Z, code, y = small(15)
    _, fit = fitted(Z, code, y)
    new = np.random.default_rng(4).normal(size=(6, 3))
    step = 1e-6
    found = METRIC.gradient(new, Z, fit.alpha[:, 0])
    for j in range(3):
        up, down = new.copy(), new.copy()
        up[:, j] += step
        down[:, j] -= step
        slope = (METRIC.kernel(up, Z) - METRIC.kernel(down, Z)) @ fit.alpha[:, 0] / (2 * step)
        np.testing.assert_allclose(found[:, j], slope, rtol=1e-5, atol=1e-6)
    # At a training row its own tip has two-sided differences that cancel, so they agree there too.
    energy = np.zeros(3)
    for c in range(2):
        for j in range(3):
            up, down = Z.copy(), Z.copy()
            up[:, j] += step
            down[:, j] -= step
            slope = (METRIC.kernel(up, Z) - METRIC.kernel(down, Z)) @ fit.alpha[:, c] / (2 * step)
            energy[j] += np.mean(slope**2)
    np.testing.assert_allclose(METRIC.learnt(Z, fit.alpha), energy / energy.mean(), rtol=1e-4)


def test_shrunken_means_count_five_rows_at_the_pooled_mean() -> None:
    Z = np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 0.0]])
    found = shrunken_means(Z, np.array([1, 1, 0]), 3)
    np.testing.assert_allclose(found, [[10 / 6, 0.0], [4 / 7, 6 / 7], [0.0, 0.0]])


def test_intercepts_of_machines_are_recovered() -> None:
    process = target_offset(seed=1, rows=600)
    model = KernelModel().fit(process.X, process.y, process.context)
    truth = (
        pd.Series(process.y - process.surface)
        .groupby(process.context["machine"].to_numpy())
        .mean()
        .to_numpy()
    )
    code = np.arange(12)[:, None]
    found = model.machines_["known"].intercepts(code)[:, 0] * model.scale_
    np.testing.assert_allclose(found - found.mean(), truth - truth.mean(), atol=0.25)
    assert model.settings_["known"].tau2 > 0


def test_the_learnt_metric_finds_the_causes() -> None:
    process = none(seed=2, rows=500)
    model = KernelModel().fit(process.X, process.y, process.context)
    share = dict(zip(process.X.columns, model.importance_, strict=True))
    idle = list(process.X.columns[10:])
    assert max(share[name] for name in idle) < 0.25 * share["Melt temperature"]
    assert sum(share.values()) == pytest.approx(1.0)
    assert model.front_scale().min() >= 0.3
    assert model.front_scale().max() <= 3.0


def r2(prediction: np.ndarray, truth: np.ndarray) -> float:
    return 1 - float(np.mean((prediction - truth) ** 2) / np.var(truth))


def per_machine(new, answer) -> np.ndarray:
    out = np.empty(len(new.y))
    for machine in new.context["machine"].unique():
        rows = np.flatnonzero(new.context["machine"] == machine)
        out[rows] = answer(rows)
    return out


def test_unlabelled_rows_of_a_machine_undo_its_sensor_offsets() -> None:
    seen, new = sensor_shift(seed=3, rows=600), sensor_shift(seed=3, rows=600, draw="unseen")
    model = KernelModel().fit(seen.X, seen.y, seen.context)
    batch = per_machine(new, lambda rows: model.adapt(new.X.iloc[rows]).estimate(new.X.iloc[rows]))
    assert r2(batch, new.y) > r2(model.estimate(new.X), new.y) + 0.1


def test_five_labelled_rows_recover_a_machine_under_a_common_cause() -> None:
    seen, new = common_cause(seed=3, rows=600), common_cause(seed=3, rows=600, draw="unseen")
    model = KernelModel().fit(seen.X, seen.y, seen.context)
    shots = per_machine(
        new, lambda k: model.calibrate(new.X.iloc[k[:5]], new.y[k[:5]]).estimate(new.X.iloc[k])
    )
    trees = BoostingModel().fit(seen.X, seen.y, seen.context).estimate(new.X)
    assert r2(shots, new.y) > r2(trees, new.y) + 0.05


def test_blind_never_uses_a_context_and_an_unseen_level_is_new() -> None:
    process = target_offset(seed=0, rows=240)
    model = KernelModel().fit(process.X, process.y, process.context)
    strange = pd.DataFrame({"machine": ["never seen"] * 240})
    np.testing.assert_array_equal(model.estimate(process.X, strange), model.estimate(process.X))
    known = model.estimate(process.X, process.context)
    assert r2(known, process.y) > r2(model.estimate(process.X), process.y) + 0.1


def test_left_out_estimates_are_those_of_fits_without_the_fold_under_settings_chosen_without_it() -> None:
    process = common_cause(seed=5, rows=200, contexts=8)
    model = KernelModel().fit(process.X, process.y, process.context)
    assert isinstance(model, CrossEstimated)
    assert isinstance(model, BatchModel)
    assert isinstance(model, ShotsModel)
    rows = model.machines_["blind"].rows
    choice = choose(rows, seed=0)
    folds = inner_folds(process.y, process.context, folds=4, classes=False, seed=0)
    assert len(folds) == 4
    for fold in folds:
        away = set(rows.unit[fold.test].tolist())
        counting = [g for g, unit in enumerate(choice.unit) if unit not in away]
        raw = [t for t in choice.tried if t.setting.view == "raw"]
        least = min(raw, key=lambda t, c=counting: sum(t.error["blind"][g] for g in c))  # type: ignore[misc]
        found = choice.best("blind", without=np.array(sorted(away)))
        if found.view == "raw":
            assert found is least.setting
        rest = KernelMachine.of(found, rows.of(fold.train))
        score = rest.score(rows.Z[fold.test], np.zeros(rows.Z.shape[1]))
        expected = model.range_(model.centre_[0] + model.scale_ * score[:, 0])
        np.testing.assert_allclose(model.left_out_[fold.test], expected, atol=1e-6)


def test_the_choice_is_not_moved_by_units_that_do_not_count() -> None:
    process = sensor_shift(seed=2, rows=120, contexts=6)
    rows = KernelModel().fit(process.X, process.y, process.context).machines_["blind"].rows
    choice = choose(rows, seed=0)
    spoilt = tuple(
        replace(t, error={mode: np.where(choice.unit == 3, 1e9 * k, e) for mode, e in t.error.items()})
        for k, t in enumerate(choice.tried)
    )
    without = np.array([3])
    assert replace(choice, tried=spoilt).best("blind", without) is choice.best("blind", without)


def test_a_rehearsal_is_what_a_model_without_the_context_says_after_its_labels() -> None:
    process = target_offset(seed=1, rows=160, contexts=5)
    model = KernelModel().fit(process.X, process.y, process.context)
    assert isinstance(model, RehearsedShots)
    mine = np.flatnonzero(process.context["machine"] == process.context["machine"][0])
    draw = Rehearsal(mine[:5], mine[5:])
    (told,) = model.rehearse(process.X, process.y, [draw])
    blind = model.left_out_[draw.rest]
    truth = process.y[draw.rest]
    assert np.mean((told - truth) ** 2) < np.mean((blind - truth) ** 2)
    changed = process.y.copy()
    changed[draw.rest] += 50.0
    again = KernelModel().fit(process.X, process.y, process.context)
    assert again.rehearse(process.X, changed, [draw])[0] == pytest.approx(told)


def test_units_of_columns_and_target_do_not_matter() -> None:
    process = none(seed=6, rows=200)
    model = KernelModel().fit(process.X, process.y, process.context)
    other = process.X * 1000.0 + 7.0
    moved = KernelModel().fit(other, 50.0 * process.y - 3.0, process.context)
    np.testing.assert_allclose(moved.estimate(other), 50.0 * model.estimate(process.X) - 3.0, rtol=1e-6)


def test_more_columns_than_rows_are_read_like_a_straight_line_reads_them() -> None:
    rng = np.random.default_rng(0)
    peak = np.exp(-0.5 * ((np.arange(300) - 120) / 30) ** 2)
    drift = rng.normal(size=(90, 3)) @ rng.normal(size=(3, 300)).cumsum(axis=1) / 10
    amount = rng.normal(size=90)
    X = pd.DataFrame(drift + amount[:, None] * peak + 0.01 * rng.normal(size=(90, 300)))
    X.columns = [f"{k} nm" for k in range(300)]
    model = KernelModel().fit(X[:60], amount[:60])
    line = LinearModel().fit(X[:60], amount[:60])
    found = r2(model.estimate(X[60:]), amount[60:])
    assert found > 0.85
    assert found > r2(line.estimate(X[60:]), amount[60:]) - 0.15


def test_rows_beyond_the_cap_are_drawn_evenly_and_reported() -> None:
    label = np.repeat([0, 1, 2], [60, 30, 10])
    np.testing.assert_array_equal(np.bincount(label[spread_rows(label, 20, 0)]), [12, 6, 2])
    process = none(seed=0, rows=240)
    model = KernelModel(max_rows=100).fit(process.X, process.y, process.context)
    assert model.rows_used_ == 100
    # Also rows beyond the cap are predicted without the kept rows of their context.
    rows, level = model.machines_["blind"].rows, model.contexts_(process.context, 240)[:, 0]
    choice = choose(rows, seed=0)
    for fold in inner_folds(process.y, process.context, folds=4, classes=False, seed=0):
        away = np.unique(level[fold.test])
        kept = np.flatnonzero(~np.isin(rows.unit, away))
        rest = KernelMachine.of(choice.best("blind", without=away), rows.of(kept))
        score = rest.score(model.inputs_(process.X.iloc[fold.test]), np.zeros(15))
        expected = model.range_(model.centre_[0] + model.scale_ * score[:, 0])
        np.testing.assert_allclose(model.left_out_[fold.test], expected, atol=1e-6)


@pytest.mark.parametrize("mode", ["adapt", "calibrate"])
def test_a_restored_model_adapts_and_calibrates_the_same(mode: str) -> None:
    process = sensor_shift(seed=0, rows=240)
    label = np.digitize(process.y, [-1.0, 1.0]).astype(float)
    for model, y in ((KernelModel(), process.y), (KernelModel("classification"), label)):
        model.fit(process.X, y, process.context)
        few = (process.X[:6],) if mode == "adapt" else (process.X[:6], y[:6])
        restored = KernelModel.from_state(model.state())
        np.testing.assert_allclose(
            getattr(restored, mode)(*few).estimate(process.X),
            getattr(model, mode)(*few).estimate(process.X),
            atol=1e-9,
        )


def test_calibration_of_classes_finds_slope_and_shift_of_simulated_odds() -> None:
    rng = np.random.default_rng(1)
    score = rng.normal(size=(4000, 3))
    odds = 2.0 * score + np.array([1.0, 0.0, -1.0])
    member = np.eye(3)[(odds + rng.gumbel(size=odds.shape)).argmax(axis=1)]
    found = ClassOdds.of(score, member)
    assert found.slope == pytest.approx(2.0, abs=0.15)
    np.testing.assert_allclose(found.shift - found.shift.mean(), [1.0, 0.0, -1.0], atol=0.15)


def test_contributions_add_up_to_the_prediction() -> None:
    process = none(seed=1, rows=200)
    model = KernelModel().fit(process.X, process.y, process.context)
    parts = kernel_contributions(model, process.X[:20], process.X[50:114], paths=256, seed=0)
    total = parts.sum(axis=1)
    assert np.abs(total - model.estimate(process.X[:20])).max() < 0.15 * process.y.std()
    assert parts.shape == (20, 16)


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("view", ["raw", "both"])
def test_errors_by_which_settings_are_chosen_equal_those_of_refits(view: str, columns: int) -> None:
    Z, code, y = small(60)
    code = code[:, :columns]
    mean = shrunken_means(Z, code[:, 0], 5)[code[:, 0]]
    rows = KernelRows(Z, y, code, mean, np.array([True, True, False]))
    rows = rows.of(np.argsort(rows.unit, kind="stable"))
    metric = Metric(np.linspace(0.5, 1.5, 5 if view == "both" else 3), 1.0, 1.0)
    trials = shot_trials(rows, seed=0)
    crossed = Compared.of(rows, view, metric, trials).crossed(1.7)  # type: ignore[arg-type]
    fit = InterceptFit.of(crossed.own, rows.same(), rows.y, ridge=RIDGE, tau2=TAU2)
    found = crossed.errors(fit, RIDGE, TAU2)
    assert {"blind", "batch", "known", "shots"} == set(found) and len(trials) == 5
    setting = Setting(view, crossed.metric, RIDGE, TAU2)  # type: ignore[arg-type]
    for level, trial in enumerate(trials):
        out = rows.unit == level
        refit = KernelMachine.of(setting, rows.of(np.flatnonzero(~out)))
        for mode, place in (("blind", np.zeros(3)), ("batch", rows.mean[out])):
            error = rows.y[out] - refit.score(rows.Z[out], place)
            assert found[mode][level] == pytest.approx(np.square(error).sum(), rel=1e-7)
        few, left = rows.of(np.flatnonzero(out)[trial.shots]), rows.of(trial.rest)
        own = trial.mean if view == "both" else np.zeros(3)
        score, intercept = refit.after_score(left.Z, few.Z, own, refit.after(few.Z, few.y, own))
        assert found["shots"][level] == pytest.approx(np.square(left.y - score - intercept).sum(), rel=1e-7)
