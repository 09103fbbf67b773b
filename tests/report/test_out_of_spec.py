"""The share that the model expects outside the limits, beside the share that really was."""

import numpy as np
import pytest

from tabcouce.report.catalogue import words
from tabcouce.report.digits import percent
from tabcouce.report.out_of_spec import out_of_spec
from tabcouce.report.spec_table import expected_sentence, expected_table
from tabcouce.system.spec_risk import SpecRisk


def test_shares_are_those_of_plain_loops_by_context():
    rng = np.random.default_rng(0)
    context = np.array(["a", "b"] * 60, object)
    truth = np.where(context == "a", 5.0, 7.5) + rng.normal(0, 1, 120)
    guess = truth + rng.normal(0, 0.7, 120)
    guess[:7] = np.nan
    risk = SpecRisk.of(truth - guess, 3.0, 7.0)

    made = out_of_spec(risk, "lightgbm", truth, guess, context)

    known = [i for i in range(120) if np.isfinite(guess[i])]
    outside = [i for i in known if truth[i] < 3 or truth[i] > 7]
    assert made.n == 113 and made.observed == pytest.approx(len(outside) / 113)
    assert made.expected == pytest.approx(sum(risk(guess[[i]])[0] for i in known) / 113)
    for name, (expected, observed, n) in made.per_context.items():
        own = [i for i in known if context[i] == name]
        assert n == len(own)
        assert expected == pytest.approx(sum(risk(guess[[i]])[0] for i in own) / n)
        assert observed == pytest.approx(sum(i in outside for i in own) / n)
    assert made.per_context["a"][0] < made.per_context["b"][0]


def test_without_limits_nothing_is_said(regression_summary):
    assert out_of_spec(None, "couce", np.zeros(3), np.zeros(3), np.array(["a"] * 3, object)) is None


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_sentence_and_the_table_hold_both_shares(regression_summary, lang):
    target = regression_summary.targets[0]
    found = target.out_of_spec
    say = expected_sentence(target, words(lang))
    assert percent(found.expected) in say and percent(found.observed) in say and "480" in say
    table = expected_table(target, words(lang))
    assert len(table.rows) == 12
    assert table.rows[0][0].text == max(found.per_context, key=lambda name: found.per_context[name][0])
