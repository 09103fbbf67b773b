"""A workbook stands whole at its place or not at all, and the same content is the same bytes."""

import openpyxl
import pytest

from tabcouce.report.book import write_cell, written_book


def written(path, *values):
    with written_book(path, title="study") as book:
        sheet = book.add_worksheet("one")
        for column, value in enumerate(values):
            write_cell(sheet, 0, column, value)
    return path


def test_an_error_while_it_is_filled_leaves_the_old_workbook(tmp_path):
    path = written(tmp_path / "book.xlsx", "old")
    before = path.read_bytes()

    with pytest.raises(KeyError), written_book(path) as book:
        book.add_worksheet("half")
        raise KeyError("no such column")

    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["book.xlsx"]


def test_the_same_content_is_the_same_bytes(tmp_path):
    first = written(tmp_path / "a.xlsx", "温度[℃]", 1.5)
    assert first.read_bytes() == written(tmp_path / "b.xlsx", "温度[℃]", 1.5).read_bytes()


def test_text_stays_text_and_what_is_no_finite_number_stays_blank(tmp_path):
    path = written(tmp_path / "book.xlsx", "=1+1", "007", "http://x", 7, float("nan"), None, float("inf"))
    cells = openpyxl.load_workbook(path)["one"][1]
    assert [cell.value for cell in cells] == ["=1+1", "007", "http://x", 7]
    assert [cell.data_type for cell in cells] == ["s", "s", "s", "n"]
    assert all(cell.hyperlink is None for cell in cells)
