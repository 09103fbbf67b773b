"""The summary holds everything, thinned honestly, and survives JSON."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_study import MACHINES, fake_study, fake_target

from tabcouce.report import Summary, predictions_frame, summarize, verdict_sentences
from tabcouce.report.curves import slice_means
from tabcouce.report.factor_captions import drawn_range
from tabcouce.report.sampling import POINTS, thin_by_class, thin_by_context
from tabcouce.report.summarize import split_proof


@pytest.mark.parametrize("which", ["regression_summary", "classification_summary"])
def test_a_summary_read_back_from_json_is_equal(which, request):
    summary = request.getfixturevalue(which)
    assert Summary.from_json(json.loads(json.dumps(summary.to_json(), allow_nan=False))) == summary


def test_keys_of_a_later_version_are_left_aside(regression_summary):
    document = regression_summary.to_json() | {"from_the_future": 1}
    assert Summary.from_json(document) == regression_summary


def test_not_a_number_becomes_none_in_json(regression):
    target = regression.targets[0]
    broken = replace(target, outside_rate=float("nan"))
    document = summarize(fake_study(broken)).to_json()
    assert document["targets"][0]["outside_rate"] is None


def test_an_infinite_prediction_band_is_reported_as_not_available(regression):
    target = regression.targets[0]
    wide = replace(target, intervals=replace(target.intervals, half_width=float("inf")))
    assert summarize(fake_study(wide)).targets[0].band.half_width is None


def test_every_context_keeps_its_share_of_the_points():
    rng = np.random.default_rng(0)
    context = rng.choice(["a", "b", "c"], size=9_000, p=[0.7, 0.29, 0.01]).astype(object)
    kept = thin_by_context(context, POINTS, seed=1)
    assert len(np.unique(kept)) == len(kept) <= POINTS
    count, whole = Counter(context[kept]), Counter(context)
    for name in "abc":
        assert count[name] >= 1
        assert count[name] / len(kept) == pytest.approx(whole[name] / 9_000, abs=0.01)
    assert (kept == thin_by_context(context, POINTS, seed=1)).all()


def test_thinning_copes_with_more_contexts_than_points():
    context = np.array([f"lot {k}" for k in range(50)], object)
    assert len(thin_by_context(context, 20, seed=0)) == 20


def test_a_large_table_states_how_many_points_there_were():
    points = summarize(fake_study(fake_target(n=3_000))).targets[0].points
    assert points.total == 3_000
    assert 1_400 < len(points.rows) <= POINTS
    assert set(points.context) == set(MACHINES)


def test_slice_means_are_plain_means_of_equal_slices():
    rng = np.random.default_rng(3)
    x = rng.permutation(np.arange(80.0))
    y = x**2
    middle, mean = slice_means(x, y)
    order = np.sort(x)
    for k in range(8):
        mine = order[10 * k : 10 * k + 10]
        assert middle[k] == pytest.approx(np.median(mine), abs=0.51)
        assert mean[k] == pytest.approx((mine**2).mean(), rel=0.2, abs=20)


def test_the_split_proof_counts_what_is_on_both_sides(regression):
    split = regression.targets[0].plan.of("unseen:号機")
    proof = split_proof(split)
    assert (proof.folds, proof.units, proof.tested) == (12, 12, 480)
    assert proof.shared_rows == proof.shared_labels == 0
    assert not proof.by_rows


def test_the_predictions_frame_holds_every_row_with_its_address(regression):
    target = regression.targets[0]
    frame = predictions_frame(target)
    assert frame["row"].tolist() == list(range(5, 485))
    trial = next(t for t in target.trials if (t.split, t.model) == ("unseen:号機", "couce"))
    assert np.allclose(frame["unseen:号機:couce"], trial.prediction)
    assert frame["context:号機"].tolist() == target.dataset.contexts["号機"].tolist()
    assert "shuffled:lightgbm" in frame.columns


def test_class_predictions_name_the_most_probable_class_and_leave_untested_rows_blank():
    target = fake_target(classes=True)
    trial = target.trials[3]
    untested = trial.prediction.copy()
    untested[0] = np.nan
    trials = tuple(replace(trial, prediction=untested) if t is trial else t for t in target.trials)
    frame = predictions_frame(replace(target, trials=trials))
    key = f"{trial.split}:{trial.model}"
    assert pd.isna(frame[key].iloc[0]) and pd.isna(frame[f"{key}:class"].iloc[0])
    named = np.where(untested[1:, 1] > 0.5, "NG", "OK")
    assert frame[f"{key}:class"].iloc[1:].tolist() == named.tolist()


def test_blind_and_known_runs_never_stand_in_for_each_other(regression):
    target = regression.targets[0]
    scores = tuple(
        replace(s, mode="known") if (s.split, s.model) == ("shuffled", "couce") else s for s in target.scores
    )
    summary = summarize(fake_study(replace(target, scores=scores))).targets[0]
    assert summary.of("shuffled", "couce") is None and summary.score("shuffled", "couce", "r2") is None
    assert summary.of("shuffled", "couce", "known").mode == "known"
    assert summary.modes("couce") == ("blind", "known") and summary.modes("linear") == ("blind",)
    # Where the sentence sets them side by side it says so.
    assert "it was told the contexts" in verdict_sentences(summary, "en")[2]


def test_one_glitched_cell_does_not_squash_a_curve():
    values = (*np.linspace(0, 10, 99), 1e33)
    low, high = drawn_range(values)
    assert low == 0.0 and 10 < high < 40
    assert drawn_range((1.0, 1.0, 1.0)) == (1.0, 1.0)


def test_a_rare_class_is_kept_whole_where_rows_are_thinned():
    classes = np.zeros(5_000)
    classes[::250] = 1  # 20 rows
    classes[1::100] = 2  # 50 rows
    context = np.array([f"M{k % 7}" for k in range(5_000)], object)
    keep = thin_by_class(classes, context, 300, seed=0)
    count = Counter(classes[keep])
    assert (count[1.0], count[2.0]) == (20, 50)
    assert 220 < count[0.0] <= 230
    assert np.array_equal(thin_by_class(classes, context, 6_000, seed=0), np.arange(5_000))


def test_a_model_run_with_known_contexts_only_still_shows_what_vanishes(regression_summary):
    target = regression_summary.targets[0]
    chosen = target.verdict.recommended
    moved = tuple(
        replace(s, mode="known") if (s.split, s.model, s.mode) == ("shuffled", chosen, "blind") else s
        for s in target.scores
        if (s.split, s.model, s.mode) != ("shuffled", chosen, "known")
    )

    sentence = verdict_sentences(replace(target, scores=moved), "en")[2]

    assert sentence.endswith("On shuffled rows it was told the contexts.")
    assert (
        sentence.removesuffix(" On shuffled rows it was told the contexts.")
        == (verdict_sentences(target, "en")[2])
    )
