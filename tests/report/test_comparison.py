"""Two studies side by side: only like is compared with like, and only the clear is called clear."""

from dataclasses import replace

import pytest
from fake_study import HOSTILE

from tabcouce.errors import TabcouceError
from tabcouce.evaluation.trial import Score
from tabcouce.report import compare, comparison_lines
from tabcouce.report.comparison_page import render_comparison


def with_score(summary, value, low, high):
    """The study with another score of LightGBM on the headline split."""
    target = summary.targets[0]
    scores = tuple(
        replace(s, metrics={**s.metrics, "r2": Score(value, low, high, 10, 5)})
        if (s.model, s.split, s.mode) == ("lightgbm", target.headline, "blind")
        else s
        for s in target.scores
    )
    return replace(summary, name="later", targets=(replace(target, scores=scores),))


def lightgbm(comparison):
    rows = comparison.targets[0].scores
    return next(row for row in rows if (row.model, row.mode) == ("lightgbm", "blind"))


def test_a_study_is_the_same_as_itself(regression_summary):
    same = compare(regression_summary, regression_summary)

    assert same.setup == () and same.columns == ()
    assert same.targets[0].appeared == () and same.targets[0].gone == ()
    assert all(row.clear in (False, None) for row in same.targets[0].scores)
    assert "Same verdict" in "\n".join(comparison_lines(same, "en"))


def test_only_intervals_that_lie_apart_make_a_clear_change(regression_summary):
    before = with_score(regression_summary, 0.40, 0.30, 0.50)

    apart = compare(before, with_score(regression_summary, 0.70, 0.60, 0.80))
    touching = compare(before, with_score(regression_summary, 0.55, 0.45, 0.65))
    unknown = compare(before, with_score(regression_summary, 0.90, None, None))

    assert lightgbm(apart).clear is True
    assert lightgbm(touching).clear is False
    assert lightgbm(unknown).clear is None
    assert "clearly better" in "\n".join(comparison_lines(apart, "en"))
    assert "clearly" not in "\n".join(comparison_lines(touching, "en"))


def test_a_changed_role_and_a_new_verdict_are_told(regression_summary):
    target = regression_summary.targets[0]
    kinds = dict(regression_summary.columns)
    kind = next(iter(kinds))
    moved = kinds[kind][0]
    kinds[kind] = kinds[kind][1:]
    kinds["ignored"] = (*kinds.get("ignored", ()), moved)
    verdict = replace(target.verdict, outcome="do_not_predict", recommended="constant")
    later = replace(
        regression_summary, name="later", columns=kinds, targets=(replace(target, verdict=verdict),)
    )

    found = compare(regression_summary, later)

    assert [(c.what, c.first, c.second) for c in found.columns] == [(moved, kind, "ignored")]
    assert found.targets[0].outcome.second == "do_not_predict"
    assert any("The verdict changed" in line for line in comparison_lines(found, "en"))


def test_studies_without_a_common_target_are_refused(regression_summary, classification_summary):
    target = replace(
        classification_summary.targets[0],
        target=replace(classification_summary.targets[0].target, name="another"),
    )
    other = replace(classification_summary, targets=(target,))

    with pytest.raises(TabcouceError, match="no target in common"):
        compare(regression_summary, other)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_page_is_offline_and_escapes_names(regression_summary, lang):
    page = render_comparison(compare(regression_summary, replace(regression_summary, name=HOSTILE)), lang)

    assert HOSTILE not in page and "default-src 'none'" in page
    assert "<script" not in page
