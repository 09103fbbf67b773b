"""The next step follows from the numbers: a fault first, then shots that help, then open comparisons."""

from dataclasses import replace

import pytest

from tabcouce.checks.finding import Finding
from tabcouce.evaluation.trial import Score
from tabcouce.report.catalogue import words
from tabcouce.report.next_step import next_step
from tabcouce.report.verdict_text import shown_outcome

W = words("en")


def with_shots(target, value, low):
    """The target with a score of LightGBM given five labelled rows, blind scores at 0.40."""
    blind = tuple(
        replace(s, metrics={**s.metrics, "r2": Score(0.40, 0.3, 0.5, 100, 12)})
        for s in target.scores
        if s.mode == "blind"
    )
    one = next(s for s in blind if (s.model, s.split) == ("lightgbm", target.headline))
    shots = replace(one, mode="shots5", metrics={**one.metrics, "r2": Score(value, low, 0.9, 95, 12)})
    return replace(target, scores=(*blind, shots))


def plain(target):
    verdict = replace(target.verdict, outcome="use_model", contested=None, units_needed=None)
    return replace(target, verdict=verdict, findings=())


def test_labelled_rows_are_advised_only_where_they_are_shown_to_help(regression_summary):
    target = plain(regression_summary.targets[0])

    assert "measure 5 rows" in next_step(with_shots(target, 0.60, 0.45), W)
    assert "measure 5 rows" not in next_step(with_shots(target, 0.60, 0.39), W)
    assert "measure 5 rows" not in next_step(with_shots(target, 0.44, 0.42), W)
    assert "tabcouce predict" in next_step(with_shots(target, 0.44, 0.42), W)


def test_the_score_without_labels_is_that_of_the_model_named(regression_summary):
    target = with_shots(plain(regression_summary.targets[0]), 0.6, 0.5)
    target = scored(target, target.headline, 0.42, 0.3)
    assert target.verdict.recommended != "lightgbm"
    assert "LightGBM reaches R² 0.60 (at least 0.50), without any 0.40" in next_step(target, W)


def test_labels_that_only_bring_a_model_up_to_guessing_are_not_advised(classification_summary):
    target = plain(classification_summary.targets[0])
    assert target.metric == "auc"
    blind = tuple(
        replace(s, metrics={**s.metrics, "auc": Score(0.44, 0.3, 0.6, 100, 12)})
        for s in target.scores
        if s.mode == "blind"
    )
    one = next(s for s in blind if (s.model, s.split) == ("lightgbm", target.headline))

    def told(value, low):
        shots = replace(one, mode="shots5", metrics={"auc": Score(value, low, 0.9, 95, 12)})
        return next_step(replace(target, scores=(*blind, shots)), W)

    assert "measure 5 rows" not in told(0.5, 0.5)
    assert "measure 5 rows" in told(0.7, 0.6)


def scored(target, split, value, low):
    """The target with one score of the recommended model replaced, or added as a split of its own."""
    model = target.verdict.recommended
    kept = tuple(s for s in target.scores if (s.split, s.model, s.mode) != (split, model, "blind"))
    one = next(s for s in target.scores if s.model == model and s.mode == "blind")
    new = replace(one, split=split, metrics={**one.metrics, "r2": Score(value, low, 0.9, 100, 12)})
    splits = target.splits
    if split not in {proof.key for proof in splits}:
        splits = (*splits, replace(splits[0], key=split))
    return replace(target, scores=(*kept, new), splits=splits)


def without_shots(target):
    return replace(target, scores=tuple(s for s in target.scores if s.mode == "blind"))


@pytest.mark.parametrize(("value", "low"), [(0.29, 0.2), (0.45, -0.02)])
def test_a_weak_score_or_an_interval_down_to_the_mean_advises_against_single_predictions(
    regression_summary, value, low
):
    target = without_shots(plain(regression_summary.targets[0]))
    doubtful = scored(target, target.headline, value, low)

    assert "do not decide on single predictions" in next_step(doubtful, W)
    assert ("may be as low as" in next_step(doubtful, W)) is (low < 0)
    assert shown_outcome(doubtful) == ("weak" if value < 0.3 else "care")
    assert "tabcouce predict" in next_step(scored(target, target.headline, 0.45, 0.2), W)


@pytest.mark.parametrize(("value", "low"), [(-0.03, None), (0.2, -0.1)])
def test_another_honest_split_on_which_the_model_may_know_nothing_is_measured_first(
    regression_summary, value, low
):
    target = without_shots(plain(regression_summary.targets[0]))
    fails = scored(scored(target, target.headline, 0.6, 0.4), "forward", value, low)

    assert next_step(fails, W).startswith("measure a few rows before you rely on it for later rows")
    assert shown_outcome(fails) == "care"
    fine = scored(fails, "forward", 0.5, 0.3)
    assert "tabcouce predict" in next_step(fine, W) and shown_outcome(fine) == "use_model"


@pytest.mark.parametrize(("rate", "said"), [(0.09, "flags"), (0.8, "a few of them")])
def test_a_flag_that_is_raised_for_most_rows_is_not_advised(regression_summary, rate, said):
    target = replace(without_shots(plain(regression_summary.targets[0])), outside_rate=rate)

    assert said in next_step(scored(target, target.headline, 0.6, 0.4), W)


def test_the_recommended_model_is_named_where_another_is_hardly_better_with_rows(regression_summary):
    target = with_shots(plain(regression_summary.targets[0]), 0.605, 0.45)
    shots = next(s for s in target.scores if s.mode == "shots5")
    linear = replace(shots, model="linear", metrics={"r2": Score(0.60, 0.44, 0.9, 95, 12)})
    scores = (*target.scores, linear)

    def named(model):
        verdict = replace(target.verdict, recommended=model)
        return next_step(replace(target, verdict=verdict, scores=scores), W)

    assert W.label("model_in", "linear") in named("linear")
    assert W.label("model_in", "lightgbm") in named("couce")


def test_a_blocking_fault_comes_before_everything(regression_summary):
    target = with_shots(plain(regression_summary.targets[0]), 0.6, 0.5)
    fault = Finding(rule="copy", severity="blocks", what="x is a copy", place=None, remedy="drop it")

    assert next_step(replace(target, findings=(fault,)), W).startswith("mend")


def test_an_open_comparison_says_how_many_contexts_would_settle_it(regression_summary):
    target = plain(regression_summary.targets[0])
    verdict = replace(target.verdict, outcome="undecided", contested="couce", units_needed=31)

    assert "31" in next_step(replace(target, verdict=verdict), W)


@pytest.mark.parametrize(
    ("outcome", "headline", "said"),
    [("do_not_predict", "unseen:号機", "more sensors"), ("use_model", "shuffled", "--context")],
)
def test_without_a_model_or_contexts_the_missing_data_are_named(regression_summary, outcome, headline, said):
    target = plain(regression_summary.targets[0])
    changed = replace(target, headline=headline, verdict=replace(target.verdict, outcome=outcome))

    assert said in next_step(changed, W)
