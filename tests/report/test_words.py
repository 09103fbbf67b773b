"""Both languages say the same things, and the verdict says them from numbers."""

import re
from dataclasses import replace
from string import Formatter

import pytest
from fake_study import fake_study, fake_target

from tabcouce.errors import TabcouceError
from tabcouce.evaluation.trial import Score
from tabcouce.report import summarize, verdict_sentences
from tabcouce.report.catalogue import LANGUAGES, words
from tabcouce.report.digits import percent, score, setting, significant
from tabcouce.report.verdict_text import gap_key, lost_share

OUTCOMES = ("use_model", "split_advice", "use_linear", "do_not_predict", "undecided")
TERMINAL = ("verdict.", "good.", "gap.", "noun.", "interval.", "model_in.", "metric_plain.")


def placeholders(message):
    return sorted({name for _, name, _, _ in Formatter().parse(message) if name is not None})


def test_the_languages_have_the_same_keys():
    assert set(words("en").messages) == set(words("ja").messages)


def test_the_languages_have_the_same_placeholders():
    japanese = words("ja").messages
    for key, message in words("en").messages.items():
        assert placeholders(message) == placeholders(japanese[key]), key


def test_no_half_width_space_parts_a_name_or_number_from_japanese():
    letter = r"[\u3040-\u30ff\u3400-\u9fff々]"
    parted = re.compile(rf"{letter} +{{|}} +{letter}")
    japanese = words("ja")
    told = [*japanese.messages.values(), *japanese.findings.values()]
    assert not [message for message in told if parted.search(message)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_verdict_can_be_printed_by_a_japanese_windows_terminal(lang):
    for key, message in words(lang).messages.items():
        if key.startswith(TERMINAL):
            message.encode("cp932")


def test_a_language_without_words_is_refused_with_a_remedy():
    with pytest.raises(TabcouceError) as caught:
        words("de")
    assert "en, ja" in caught.value.remedy


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("classes", [False, True])
def test_every_outcome_has_three_whole_sentences(outcome, classes, lang):
    target = summarize(fake_study(fake_target(outcome=outcome, classes=classes))).targets[0]
    for sentence in verdict_sentences(target, lang):
        assert sentence.endswith("." if lang == "en" else "。")
        assert not re.search(r"[{}]|None|nan", sentence)


def test_the_sentences_hold_the_numbers_of_the_scores(regression_summary):
    target = regression_summary.targets[0]
    which, good, gap = verdict_sentences(target, "en")
    rmse = target.score("unseen:号機", "couce", "rmse")
    r2, shuffled = (target.score(split, "couce", "r2").value for split in ("unseen:号機", "shuffled"))
    assert "CouCE" in which and "号機" in which
    assert f"{significant(rmse.value)} MPa" in good and f"{rmse.units} held out" in good
    assert f"{percent(rmse.value / 20)} % of the specification width" in good
    assert f"{r2:.2f}" in gap and f"{shuffled:.2f}" in gap


def test_without_limits_the_error_is_a_share_of_the_spread(regression_summary):
    target = regression_summary.targets[0]
    free = replace(target, target=replace(target.target, lower=None))
    rmse = target.score("unseen:号機", "couce", "rmse").value
    said = f"{percent(rmse / target.target.spread)} % of the target's own spread"
    assert said in verdict_sentences(free, "en")[1]


def test_a_headline_on_shuffled_rows_admits_that_nothing_unseen_was_tested(regression_summary):
    target = replace(regression_summary.targets[0], headline="shuffled", headline_column=None)
    assert "could not be tested" in verdict_sentences(target, "en")[2]


@pytest.mark.parametrize(
    ("metric", "seen", "new", "high", "key"),
    [
        ("r2", 0.80, 0.78, 0.9, "small"),
        ("r2", 0.80, 0.60, 0.7, "some"),
        ("r2", 0.80, 0.40, 0.5, "large"),
        ("r2", 0.80, -0.1, 0.2, "all"),
        ("r2", 0.80, 0.60, 0.85, "unsure"),
        ("r2", -0.1, -0.2, 0.0, "nothing"),
        ("auc", 0.90, 0.70, 0.8, "large"),
        ("auc", 0.90, 0.49, 0.6, "all"),
    ],
)
def test_the_gap_sentence_fits_the_loss(metric, seen, new, high, key):
    near = Score(seen, seen - 0.05, seen + 0.05, 100, 10)
    assert gap_key(metric, near, Score(new, new - 0.1, high, 100, 10)) == key


def test_the_lost_share_counts_from_chance():
    assert lost_share("r2", 0.8, 0.4) == pytest.approx(0.5)
    assert lost_share("auc", 0.9, 0.7) == pytest.approx(0.5)
    assert lost_share("r2", 0.5, -3.0) == 1.0


def test_numbers_keep_three_significant_digits_and_none_is_a_dash():
    shown = [significant(v) for v in (1234.5, 12.345, 0.012345, 0.0, None, float("nan"), 1.2e9)]
    assert shown == ["1,234", "12.3", "0.0123", "0", "-", "-", "1.20e+09"]
    assert [score(v) for v in (0.424, 0.9912, -0.001, None)] == ["0.42", "0.991", "0.00", "-"]
    assert [percent(v) for v in (0.483, 0.004, 1.0, None)] == ["48", "0.4", "100", "-"]


def test_a_noun_follows_its_number():
    w = words("en")
    for n, noun in ((1, "1 row,"), (2, "2 rows,"), ("1,234", "1,234 rows,"), (0, "0 rows,")):
        assert noun in w("page.source", file="a.csv", rows=n, targets="target y")
    assert "1行" in words("ja")("page.source", file="a.csv", rows=1, targets="目的変数y")


@pytest.mark.parametrize(
    "value, text",
    [
        (185.0, "185"),
        (-1.0, "-1"),
        (0.5, "0.5"),
        (1200.0, "1,200"),
        (0.0, "0"),
        (3e7, "3.000e+07"),
        (None, "-"),
    ],
)
def test_a_setting_carries_no_zeros_at_its_end(value, text):
    assert setting(value, 4) == text
