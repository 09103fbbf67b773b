"""Columns of plain numbers taken as one array: the same table as cell by cell, and the same notes."""

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabcouce.read import Layout, read_table
from tabcouce.read.cells import MISSING_TOKENS, type_cells
from tabcouce.read.number_column import number_column

CELLS = st.lists(
    st.one_of(
        st.floats(),
        st.sampled_from([None, "", " ", "1.5", "N.D.", "-999", -999.0, True, 3, dt.date(2024, 4, 1)]),
    ),
    max_size=12,
)


@given(CELLS)
def test_an_array_is_what_typing_each_cell_gives(cells):
    column = number_column(cells, [-999.0])
    if not isinstance(column, np.ndarray):
        assert column == cells or any(cell != cell for cell in cells)
        return
    typed = type_cells(cells, missing=MISSING_TOKENS | {"-999"})
    assert not (typed.missing or typed.errors or typed.coerced or typed.odd)
    np.testing.assert_array_equal(column, typed.values)


@given(st.lists(st.one_of(st.floats(allow_nan=False), st.sampled_from([None, "", " "])), min_size=1))
def test_numbers_and_blanks_alone_always_give_an_array(cells):
    assert isinstance(number_column(cells, []), np.ndarray) == any(isinstance(c, float) for c in cells)


@pytest.mark.parametrize("missing", [(), ("-999",)])
def test_a_code_for_no_value_is_noted_with_its_cell(missing, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    for k in range(10):
        book.active.append([-999 if k == 4 else k / 2, k])
    book.save(tmp_path / "b.xlsx")
    table = read_table(tmp_path / "b.xlsx", Layout(missing=missing))
    found = [cell.address for note in table.notes if note.rule == "missing-token" for cell in note.cells]
    assert found == (["A6"] if missing else [])
    assert np.isnan(table.frame["a"][4]) == bool(missing)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_picture_of_a_long_file_shows_numbers_as_the_file_does(form, tmp_path):
    frame = pd.DataFrame({"x": np.arange(6000) / 8, "lot": "A1"})
    path = tmp_path / f"long.{form}"
    if form == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_excel(path, index=False)
    assert [row.cells for row in read_table(path).picture] == [
        ("x", "lot"),
        ("0", "A1"),
        ("0.125", "A1"),
        ("0.25", "A1"),
        ("749.875", "A1"),
    ]
