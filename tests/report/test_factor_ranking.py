"""The report shows the combined ranking, the model's share beside it, and the verdict on direction."""

from dataclasses import replace

import pytest
from fake_study import fake_study, fake_target
from openpyxl import load_workbook

from tabcouce.report import predictions_frame, summarize, write_workbook
from tabcouce.report.catalogue import words
from tabcouce.report.factor_table import factor_table
from tabcouce.report.target_view import top_factors


@pytest.fixture(scope="module")
def leaking():
    """The model's first column is supported by no second method; the others keep their strength."""
    target = summarize(fake_study(fake_target())).targets[0]
    most = max(target.factors, key=lambda f: f.importance)
    factors = tuple(
        replace(f, strength=0.0 if f.name == most.name else f.importance, agreement="opposite")
        for f in target.factors
    )
    return replace(target, factors=factors), most.name


def test_a_column_that_only_the_model_uses_stands_last_and_has_no_strength(leaking):
    target, leak = leaking
    w = words("en")
    view = factor_table(target, target.explained_model, w)
    assert view.rows[-1][1].text == leak
    assert view.rows[-1][2].reason == w("reason.no_strength")
    assert view.heads[2][0].startswith("Strength") and "Share" in " ".join(h[0] for h in view.heads)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_first_screen_names_supported_factors_only(leaking, lang):
    target, leak = leaking
    line = top_factors(target, words(lang))
    assert leak not in line
    assert target.factors_of(target.explained_model)[0].name in line


def test_without_any_support_the_first_screen_says_so(leaking):
    target = replace(leaking[0], factors=tuple(replace(f, strength=0.0) for f in leaking[0].factors))
    assert "no second method" in top_factors(target, words("en"))
    assert leaking[1] in top_factors(target, words("en"))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_verdict_on_direction_shows_in_the_table(leaking, lang):
    w = words(lang)
    view = factor_table(leaking[0], leaking[0].explained_model, w)
    assert all(w("agreement.opposite") in [cell.text for cell in row] for row in view.rows)


def test_the_workbook_lists_factors_in_the_same_order(tmp_path):
    study = fake_study(fake_target())
    write_workbook(summarize(study), [predictions_frame(t) for t in study.targets], tmp_path / "r.xlsx")
    w = words("en")
    sheet = load_workbook(tmp_path / "r.xlsx", read_only=True)[w("book.factors")]
    rows = list(sheet.iter_rows(values_only=True))
    heads = next(row for row in rows if row[0] == w("book.target"))
    at = heads.index(w("table.strength", unit=""))
    first = rows[rows.index(heads) + 1][1]
    shown = [row[at] for row in rows[rows.index(heads) + 1 :] if row[1] == first]
    assert shown == sorted(shown, reverse=True)
