"""What the page says where a plain recommendation would mislead."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fake_study import fake_study, fake_target

from tabcouce.checks.sentences import worded
from tabcouce.errors import Place
from tabcouce.evaluation import verdict as verdict_rule
from tabcouce.evaluation.noise_ceiling import NoiseCeiling
from tabcouce.evaluation.trial import Score
from tabcouce.report import predictions_frame, summarize, verdict_sentences, write_workbook
from tabcouce.report.block_names import with_block_names
from tabcouce.report.catalogue import words
from tabcouce.report.charts import factor_curve
from tabcouce.report.digits import gain, score_beside
from tabcouce.report.factor_captions import LEVELS, direction_word, importance, level_means
from tabcouce.report.factor_captions import curve as factor_caption
from tabcouce.report.page import render_page
from tabcouce.report.tables import model_table
from tabcouce.report.target_view import top_factors
from tabcouce.report.tiles import tiles
from tabcouce.report.verdict_text import shown_outcome, unseen


def rescored(target, values, metric="r2", mode="blind"):
    """The summary with other values, {(split, model): value}."""
    scores = tuple(
        replace(
            s,
            metrics={
                **s.metrics,
                metric: Score(values[s.split, s.model], None, None, s.metrics[metric].n, 12),
            },
        )
        if (s.split, s.model) in values and s.mode == mode
        else s
        for s in target.scores
    )
    return replace(target, scores=scores)


@pytest.fixture(scope="module")
def plain():
    """One target without findings: nothing blocks."""
    return summarize(fake_study(replace(fake_target(), findings=()))).targets[0]


def test_a_blocking_warning_marks_the_verdict_and_stands_on_the_first_screen():
    found = worded(
        "target-copy.copy",
        "blocks",
        Place(),
        {"column": "写", "target": "引張強度", "correlation": 1.0},
        size=1.0,
    )
    summary = summarize(fake_study(replace(fake_target(), findings=(found,))))
    assert shown_outcome(summary.targets[0]) == "blocked"
    first_screen = render_page(summary, "en").split('id="t1-warnings"')[0]
    assert "Settle the data warning first" in first_screen
    assert "is a copy of" in first_screen


def test_a_recommended_model_that_explains_little_is_marked(plain):
    weak = rescored(plain, {("unseen:号機", "couce"): 0.12})
    strong = rescored(plain, {("unseen:号機", "couce"): 0.62})
    assert (shown_outcome(weak), shown_outcome(strong)) == ("weak", "use_model")


def test_a_harder_way_of_holding_out_is_named(plain):
    values = {("shuffled", "couce"): 0.8, ("unseen:号機", "couce"): 0.78, ("group", "couce"): 0.41}
    said = verdict_sentences(rescored(plain, values), "en")[2]
    assert said.startswith("The score holds") and said.endswith("For a new group it is only 0.41.")
    values["group", "couce"] = 0.76
    assert "only" not in verdict_sentences(rescored(plain, values), "en")[2]


def test_where_nothing_beats_the_constant_the_best_shuffled_score_is_the_one_that_vanishes():
    target = summarize(fake_study(fake_target(outcome="do_not_predict"))).targets[0]
    values = {("shuffled", "linear"): 0.82, ("shuffled", "lightgbm"): -0.08, ("shuffled", "couce"): 0.3}
    values |= {
        ("unseen:号機", "linear"): -2.4,
        ("unseen:号機", "lightgbm"): -0.2,
        ("unseen:号機", "couce"): -0.5,
    }
    said = verdict_sentences(rescored(target, values), "en")[2]
    assert "straight line" in said and "0.82" in said and "-2.40" in said
    assert top_factors(target, words("en")) == ""


def test_the_vanishing_score_compares_blind_with_blind(plain):
    told = [
        replace(s, mode="known", metrics={**s.metrics, "r2": Score(0.99, None, None, 480, 60)})
        for s in plain.scores
        if (s.split, s.model) == ("shuffled", "couce")
    ]
    both = replace(plain, scores=(*told, *plain.scores))
    assert verdict_sentences(both, "en")[2] == verdict_sentences(plain, "en")[2]
    assert tiles(both, words("en")) == tiles(plain, words("en"))


def test_a_run_that_knew_the_contexts_has_a_labelled_row_of_its_own(plain):
    known = [replace(s, mode="known") for s in plain.scores if s.split == "shuffled" and s.model == "couce"]
    rows = model_table(replace(plain, scores=(*plain.scores, *known)), words("en")).rows
    assert [row[0].small for row in rows if row[0].text.startswith("CouCE")] == ["", "context known"]
    assert rows[-1][3].reason == "a context that is held out cannot be known"


def test_two_models_by_case_say_what_the_known_one_reaches():
    target = summarize(fake_study(fake_target(outcome="split_advice"))).targets[0]
    known = next(s for s in target.scores if (s.split, s.model) == ("shuffled", "lightgbm"))
    told = replace(known, mode="known", metrics={**known.metrics, "r2": Score(0.93, None, None, 480, 60)})
    said = verdict_sentences(replace(target, scores=(*target.scores, told)), "en")[0]
    assert said.endswith("already in the data (R2 0.93 on shuffled rows, context known).")


def test_known_predictions_have_columns_of_their_own_in_the_workbook(tmp_path):
    import openpyxl

    target = fake_target()
    blind = next(t for t in target.trials if (t.split, t.model) == ("shuffled", "couce"))
    told = replace(
        target, trials=(*target.trials, replace(blind, mode="known", prediction=blind.prediction + 1))
    )
    frame = predictions_frame(told)
    assert (frame["shuffled/known:couce"] - frame["shuffled:couce"]).round(9).eq(1).all()
    path = write_workbook(summarize(fake_study(told)), [frame], tmp_path / "results.xlsx")
    heads = [cell.value for cell in openpyxl.load_workbook(path)["Predictions"][1]]
    assert sum("(context known), Shuffled rows" in head for head in heads) == 1


def test_without_contexts_the_page_speaks_of_blocks_of_rows(plain):
    per_unit = {f"row block {k}": 0.1 for k in range(1, 13)}
    made = tuple(replace(d, per_unit=per_unit, worst_unit="row block 3") for d in plain.verdict.differences)
    free = replace(
        plain,
        contexts={},
        headline="shuffled",
        headline_column=None,
        verdict=replace(plain.verdict, headline="shuffled", differences=made),
        splits=plain.splits[:1],
    )
    summary = replace(summarize(fake_study(fake_target())), targets=(free,))
    english, japanese = render_page(summary, "en"), render_page(summary, "ja")
    assert "blocks of rows" in english.split('id="t1-warnings"')[0] and "not tested" in english
    assert "行ブロック3" in japanese and "row block" not in japanese
    assert "Varies within a context" not in english
    assert with_block_names(free, words("en")) is free


def test_gains_never_read_as_nothing_where_there_is_something():
    shown = [gain(v) for v in (0.25, -0.003, 0.0, -0.0001, 0.993, None)]
    assert shown == ["+0.25", "-0.003", "+0.00", "+0.000", "+0.99", "-"]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_noise_ceiling_that_the_score_exceeds_is_not_told_as_one(plain, lang):
    target = replace(
        rescored(plain, {("unseen:号機", "couce"): 0.46}), ceiling=NoiseCeiling(1.25, 0.18, 81, 372)
    )
    above = tiles(target, words(lang))[0].note
    assert "0.18" not in above and "372" in above and "1.25" in above
    within = tiles(replace(target, ceiling=NoiseCeiling(0.4, 0.6, 81, 372)), words(lang))[0].note
    assert "0.60" in within and "372" not in within


def test_many_classes_have_a_tile_and_a_column_that_is_defined():
    target = summarize(fake_study(fake_target(classes=True))).targets[0]
    many = replace(target, target=replace(target.target, classes={"1": 200, "2": 200, "3": 80}))
    assert many.error_metric == "accuracy"
    assert [tile.title for tile in tiles(many, words("en"))][2:] == ["Accuracy", "F1"]


def test_a_category_with_many_levels_shows_the_common_ones_and_the_rest_together(plain):
    drawn = plain.curves[0]
    n = 60
    levels = tuple(f"L{k}" for k in range(12) for _ in range(5 if k < 8 else 1)) + ("L0",) * 16
    curve = replace(
        drawn,
        values=(),
        levels=levels[:n],
        contribution=tuple(float(level == "L3") for level in levels[:n]),
        rows=tuple(range(n)),
        context=("a",) * n,
        middle=(),
        mean=(),
    )
    mean = level_means(curve, words("en"))
    assert len(mean) == LEVELS + 1 and next(iter(mean)) == "L3" and "others" in mean
    spec = factor_curve(plain, curve, words("en"))
    assert {row["f0"] for row in spec["datasets"]["rows"]} == set(mean)
    factor = replace(plain.factors[0], correlation=None, direction="mixed")
    assert direction_word(factor, words("ja")) == "水準による"


def test_a_flat_curve_has_no_direction(plain):
    drawn = next(curve for curve in plain.curves if curve.shape is not None)
    flat = replace(drawn, shape=replace(drawn.shape, effect=tuple(0.0 for _ in drawn.shape.effect)))
    assert factor_caption(drawn, "increases", None, words("en")).startswith("increases")
    assert factor_caption(flat, "increases", None, words("en")).startswith("no effect")


def test_a_factor_far_weaker_than_the_first_does_not_lead(plain):
    first, second, *rest = plain.factors_of(plain.explained_model)
    strong = [replace(first, strength=1.0), replace(second, strength=0.09)]
    target = replace(plain, factors=(*strong, *rest))
    said = top_factors(target, words("en")), importance(target, first.model, words("en"))
    assert all(first.name in each for each in said)
    assert not any(second.name in each.split("Also used")[0] for each in said)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_veto_is_not_told_as_no_model_beating_the_constant(lang):
    target = summarize(fake_study(fake_target(outcome="do_not_predict"))).targets[0]
    reasons = ("nothing-beats-constant", "worst-unit-loses")
    vetoed = replace(target, verdict=replace(target.verdict, reasons=reasons))
    w = words(lang)
    no_model = w("verdict.do_not_predict", target=target.target.name, unseen=unseen(target, w))
    assert verdict_sentences(target, lang)[0] == no_model
    assert verdict_sentences(vetoed, lang)[0] != no_model
    page = render_page(replace(summarize(fake_study(fake_target())), targets=(vetoed,)), lang)
    assert w("verdict_reason.worst-unit-loses") in page
    assert w("verdict_reason.nothing-beats-constant") not in page and w("page.factors_weak") not in page


def test_every_reason_of_the_rule_is_said_in_words(plain):
    rule = Path(verdict_rule.__file__).read_text(encoding="utf-8")
    keys = {f"verdict_reason.{key}" for key in re.findall(r'^        "([a-z-]+)": ', rule, re.M)}
    assert len(keys) == 7
    for lang in ("en", "ja"):
        assert keys == {key for key in words(lang).messages if key.startswith("verdict_reason.")}
    vetoed = replace(plain, verdict=replace(plain.verdict, reasons=("worst-unit-loses",)))
    page = render_page(replace(summarize(fake_study(fake_target())), targets=(vetoed,)), "en")
    assert "Why this verdict: A more complex model gains on the whole" in page


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [(0.9284, 0.9271, ("0.928", "0.927")), (0.93, 0.90, ("0.93", "0.90")), (0.93, None, ("0.93", "-"))],
)
def test_two_scores_side_by_side_show_the_difference_that_is_told_of_them(before, after, shown):
    assert (score_beside(before, after), score_beside(after, before)) == shown
