"""The next step follows from the numbers: a fault first, then shots that help, then open comparisons."""

from dataclasses import replace

import pytest

from tabcouce.checks.finding import Finding
from tabcouce.evaluation.trial import Score
from tabcouce.report.catalogue import words
from tabcouce.report.next_step import next_step

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
