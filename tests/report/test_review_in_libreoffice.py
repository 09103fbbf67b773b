"""LibreOffice opens the review workbook, keeps its drop-downs, and what it saves is read back."""

import shutil
import subprocess

import openpyxl
import pytest

from tabcouce.advice.review import CHOICES
from tabcouce.report.catalogue import words
from tabcouce.report.review_reader import read_review
from tabcouce.report.review_sheet import ReviewRow, choice_word, write_review

OFFICE = shutil.which("soffice")
NAMES = ("温度[℃]", "=cmd()", 'flow, L/min "A"')


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_drop_downs_survive_opening_and_saving_in_libreoffice(regression_summary, tmp_path):
    w = words("ja")
    rows = tuple(ReviewRow(name, "K", "sensor", 1.0, 2.5) for name in NAMES)
    path = write_review(regression_summary, rows, tmp_path / "review.xlsx", lang="ja")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    place = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, place[w("review.expected")]).value = choice_word("expected", "increases", w)
    book.save(path)
    profile = (tmp_path / "profile").as_uri()
    subprocess.run(
        [
            OFFICE, f"-env:UserInstallation={profile}", "--headless",
            "--convert-to", "xlsx:Calc MS Excel 2007 XML",
            "--outdir", tmp_path / "saved", path,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    saved = openpyxl.load_workbook(tmp_path / "saved" / "review.xlsx")
    rules = saved.worksheets[0].data_validations.dataValidation
    lists = {rule.formula1.strip('"') for rule in rules if rule.type == "list"}
    assert lists == {",".join(choice_word(field, key, w) for key in keys) for field, keys in CHOICES.items()}
    asked = place[w("review.expected")]
    assert any(sheet.cell(3, asked).coordinate in rule.sqref for rule in rules)
    (entry,) = read_review((tmp_path / "saved" / "review.xlsx",), NAMES).entries
    assert (entry.factor, entry.expected) == (NAMES[0], "increases")
