"""Contexts or conditions: five scores beside each other, the sentence read off them, in both languages."""

from dataclasses import replace

import pandas as pd
import pytest

from tabcouce.evaluation.confounding import Confounding
from tabcouce.evaluation.trial import Score
from tabcouce.report import predictions_frame, write_workbook
from tabcouce.report.catalogue import words
from tabcouce.report.confounding_table import confounding_sentence, confounding_table
from tabcouce.report.page import render_page
from tabcouce.report.result import result_document
from tabcouce.report.summary import Summary


def five(adjusted: float, low: float) -> Confounding:
    def of(value: float, least: float) -> Score:
        return Score(value, least, value + 0.1, 144, 12)

    return Confounding("r2", of(0.61, 0.5), of(0.83, 0.75), of(0.9, 0.8), of(adjusted, low), of(0.29, 0.2))


def with_five(summary: Summary, adjusted: float, low: float) -> Summary:
    target = replace(summary.targets[0], confounding=five(adjusted, low))
    return replace(summary, targets=(target, *summary.targets[1:]))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_all_five_are_on_the_page_and_survive_saving(regression_summary, lang):
    summary = with_five(regression_summary, 0.42, 0.3)
    table = confounding_table(summary.targets[0], words(lang))

    assert [row[1].text for row in table.rows] == ["0.61", "0.83", "0.90", "0.42", "+0.29"]
    assert words(lang)("confounding.title") in render_page(summary, lang)
    assert Summary.from_json(summary.to_json()).targets[0].confounding == summary.targets[0].confounding
    assert result_document(summary)["confounding"]["adjusted"]["value"] == pytest.approx(0.42)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_workbook_has_a_sheet_of_them(regression, regression_summary, lang, tmp_path):
    frames = [predictions_frame(target) for target in regression.targets]
    path = write_workbook(with_five(regression_summary, 0.42, 0.3), frames, tmp_path / "r.xlsx", lang)
    sheet = pd.read_excel(path, sheet_name=words(lang)("confounding.sheet"), engine="openpyxl")

    assert sheet.iloc[:, 3].tolist() == pytest.approx([0.61, 0.83, 0.9, 0.42, 0.29])


def test_what_conditions_only_borrow_from_the_contexts_is_said(regression_summary):
    w = words("en")
    real = confounding_sentence(with_five(regression_summary, 0.8, 0.7).targets[0], w)
    borrowed = confounding_sentence(with_five(regression_summary, 0.42, 0.3).targets[0], w)
    nothing = confounding_sentence(with_five(regression_summary, 0.02, -0.1).targets[0], w)

    assert "more than tell contexts apart" in real
    assert "will not carry over" not in real
    assert "will not carry over" in borrowed
    assert "nothing for certain (0.02)" in nothing


def test_nothing_is_called_borrowed_where_the_score_holds_on_new_contexts(regression_summary):
    target = with_five(regression_summary, 0.42, 0.3).targets[0]
    held = next(s for s in target.scores if (s.split, s.model, s.mode) == ("shuffled", "lightgbm", "blind"))
    scores = tuple(
        replace(s, metrics=held.metrics)
        if (s.split, s.model, s.mode) == (target.headline, "lightgbm", "blind")
        else s
        for s in target.scores
    )

    assert "will not carry over" not in confounding_sentence(replace(target, scores=scores), words("en"))


def test_without_contexts_nothing_is_claimed(regression_summary):
    target = replace(regression_summary.targets[0], confounding=None)

    assert confounding_table(target, words("en")) is None
    assert confounding_sentence(target, words("en")) == ""
