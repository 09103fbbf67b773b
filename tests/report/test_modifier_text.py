"""Where a factor acts differently is said, drawn, and told in result.json, in both languages."""

from dataclasses import replace

import openpyxl
import pytest
from fake_study import fake_study, fake_target

from tabcouce.explanation.factor import ContextSlope, Effect, Modifier
from tabcouce.report import result_document, summarize
from tabcouce.report.catalogue import words
from tabcouce.report.modifier_text import modified, modifier_sentences, shift_sentences, told
from tabcouce.report.page import render_page
from tabcouce.report.predictions import predictions_frame
from tabcouce.report.workbook import write_workbook

SLOPES = (
    ContextSlope("1", -3.0, -5.0, -1.0, 40, 1.0, 38.0),
    ContextSlope("2", 0.1, -1.0, 1.2, 40, 0.5, 38.0),
)


def study(q, *, declared=False):
    target = fake_target()
    by_batch = Modifier("炉", SLOPES, p=q / 2, q=q, declared=declared)
    effect = Effect(-1.4, -2.0, -0.8, 0.9, 12, 0.3, p=0.001, q=0.002, modifiers=(by_batch,))
    factors = (replace(target.factors[0], adjusted=effect, naive=effect), *target.factors[1:])
    return summarize(fake_study(replace(target, factors=factors)))


def test_a_level_in_which_the_factor_hardly_moved_is_no_end_of_the_range():
    stuck = ContextSlope("3", -10.0, -18.0, -2.0, 26, 4.0, 24.0)

    assert told((stuck, *SLOPES), 1.0, 2.5) == SLOPES
    assert told((stuck, *SLOPES), 1.0, None) == (stuck, *SLOPES)  # classes
    assert told((stuck, *SLOPES), 1.0, 0.1) == (stuck, *SLOPES)  # none is known: all are shown


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_clear_difference_is_said_and_drawn(lang):
    summary = study(0.01)
    target, w = summary.targets[0], words(lang)
    said = modifier_sentences(target, w)
    assert "炉" in said and modified(target)[0].factor.name in said
    page = render_page(summary, lang)
    assert "t1-modifiers" in page and w("modifier.title") in page
    assert w("page.factors_claim") in page


def test_an_unclear_one_is_drawn_only_where_it_was_declared():
    w = words("en")
    assert modifier_sentences(study(0.3).targets[0], w) == w("modifier.none")
    assert not modified(study(0.3).targets[0])
    assert modified(study(0.3, declared=True).targets[0])


def test_result_json_has_the_slopes_the_shifts_and_what_may_be_claimed():
    summary = study(0.01)
    document = result_document(summary)
    told = next(f for f in document["factors"] if f["adjusted_effect"])["adjusted_effect"]["modifiers"][0]
    assert told["column"] == "炉" and [one["slope"] for one in told["slopes"]] == [-3.0, 0.1]
    assert {shift["column"] for shift in document["context_shifts"]} <= set(document["study"]["contexts"])
    assert set(document["factors_claim"]) == {"en", "ja"}
    assert shift_sentences(summary.targets[0], words("en")) or not document["context_shifts"]


def test_the_workbook_tells_each_level_and_what_may_be_claimed(tmp_path):
    frames = [predictions_frame(target) for target in fake_study(fake_target()).targets]
    path = write_workbook(study(0.01), frames, tmp_path / "results.xlsx")
    book, w = openpyxl.load_workbook(path), words("en")
    sheet = book[w("modifier.sheet")]
    assert [sheet.cell(row=r, column=6).value for r in (2, 3)] == ["1", "2"]
    assert sheet.cell(row=2, column=8).value == -3.0
    said = [cell.value for cell in book.worksheets[0]["B"]]
    assert w("page.factors_claim") in said
