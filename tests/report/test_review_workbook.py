"""The review workbook makes the round trip: sorted, filtered, widened, in either language."""

import openpyxl
import pytest

from tabcouce.advice.review import CHOICES
from tabcouce.errors import CellError, ReadError
from tabcouce.report.catalogue import LANGUAGES, words
from tabcouce.report.review_reader import read_review
from tabcouce.report.review_sheet import META, ReviewRow, choice_word, write_review

NAMES = ("温度[℃]", "=cmd()", "flow, L/min", '圧力 "A"', "room")
ROWS = tuple(ReviewRow(name, "K", "sensor", 1.0, 2.5) for name in NAMES)


@pytest.fixture
def exported(regression_summary, tmp_path):
    def write(lang="en", show=False):
        return write_review(regression_summary, ROWS, tmp_path / f"review-{lang}.xlsx", lang=lang, show=show)

    return write


def column(sheet, field, lang):
    return next(c.column for c in sheet[1] if c.value == words(lang)(f"review.{field}"))


def fill(path, lang, entries):
    """factor position -> {field: text}, written as an engineer would."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for position, said in entries.items():
        for field, value in said.items():
            sheet.cell(position + 2, column(sheet, field, lang)).value = value
    book.save(path)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_choice_is_offered_in_a_list_and_read_back(exported, lang):
    path, w = exported(lang), words(lang)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    lists = {d.formula1.strip('"') for d in sheet.data_validations.dataValidation if d.type == "list"}
    assert lists == {",".join(choice_word(f, k, w) for k in keys) for f, keys in CHOICES.items()}
    assert all(len(text) <= 255 for text in lists)  # Excel's limit for a list in the rule
    for field, keys in CHOICES.items():
        for key in keys:
            fill(path, lang, {1: {field: choice_word(field, key, w), "comment": "x"}})
            (entry,) = read_review((path,), NAMES).entries
            assert getattr(entry, field) == key and entry.factor == NAMES[1]


def test_a_blind_review_shows_nothing_that_the_model_found(exported):
    book = openpyxl.load_workbook(exported())
    assert [s.title for s in book.worksheets if s.sheet_state == "visible"] == ["Factor review", "Help"]
    assert book[META].sheet_state == "hidden"
    assert "What the model found" in openpyxl.load_workbook(exported(show=True)).sheetnames


def test_names_that_look_like_formulas_stay_text(exported):
    sheet = openpyxl.load_workbook(exported()).worksheets[0]
    cell = sheet.cell(3, column(sheet, "factor", "en"))
    assert (cell.value, cell.data_type) == ("=cmd()", "s")


def test_a_sorted_filtered_sheet_with_an_extra_column_is_read_by_key(exported):
    path = exported("ja")
    fill(
        path,
        "ja",
        {0: {"expected": "増加", "decision": "向きを固定"}, 3: {"expected": "減少", "comment": "経験"}},
    )
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=2, max_row=6)]
    for i, row in enumerate(reversed(rows), 2):
        for j, value in enumerate(row, 1):
            sheet.cell(i, j).value = value
    sheet.row_dimensions[4].hidden = True
    sheet.insert_cols(2)
    sheet.cell(1, 2).value, sheet.cell(2, 2).value = "私のメモ", "?"
    sheet.insert_rows(1)
    sheet.cell(1, 1).value = "2026年の確認"
    book.save(path)
    found = {e.factor: e for e in read_review((path,), NAMES).entries}
    assert set(found) == {NAMES[0], NAMES[3]}
    assert (found[NAMES[0]].expected, found[NAMES[0]].decision) == ("increases", "monotone")
    assert (found[NAMES[3]].expected, found[NAMES[3]].comment) == ("decreases", "経験")


def test_every_wrong_cell_is_named_by_its_address(exported):
    path = exported()
    fill(path, "en", {0: {"expected": "rises"}, 2: {"decision": "maybe"}, 4: {"key": "F099"}})
    sheet = openpyxl.load_workbook(path).worksheets[0]
    with pytest.raises(CellError) as caught:
        read_review((path,), NAMES)
    letter = openpyxl.utils.get_column_letter
    assert f"Factor review!{letter(column(sheet, 'expected', 'en'))}2: 'rises' is none of increases" in str(
        caught.value
    )
    assert f"Factor review!{letter(column(sheet, 'decision', 'en'))}4: 'maybe'" in str(caught.value)
    assert "Factor review!A6: 'F099' is no key" in str(caught.value)


def test_two_workbooks_are_two_reviewers_named_by_their_files(exported):
    first, second = exported("en"), exported("ja")
    fill(first, "en", {0: {"expected": "increases"}})
    fill(second, "ja", {0: {"expected": "減少", "reviewer": "佐藤"}})
    (dispute,) = read_review((first, second), NAMES).disagreements()
    assert dispute.said == {"review-en": "increases", "佐藤": "decreases"}


def test_a_workbook_that_is_no_review_says_what_to_do(tmp_path):
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(ReadError, match="review export"):
        read_review((tmp_path / "other.xlsx",), NAMES)
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(ReadError, match=r"no \.xlsx workbook"):
        read_review((tmp_path / "text.xlsx",), NAMES)
