"""Whatever bytes or cells come in: a table whose cells can be told, or an error of our own."""

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabcouce.errors import TabcouceError
from tabcouce.read import Table, read_table

SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.one_of(
    st.sampled_from(
        ["lot", "温度[℃]", "MPa", "平均", "規格上限", "〃", '"', "同上", "×", "{x}", "\t", "", " ", "-"]
    ),
    st.sampled_from(
        ["1", "2.5", "1,5", "<0.01", "N.D.", "±0.5", "12%", "$3", "000012", "１２", "inf", "#N/A", "=A1"]
    ),
    st.sampled_from(["R6.4.1", "3/4/2024", "2024-04-01"]),
)


def read_or_refused(path) -> Table | None:
    try:
        table = read_table(path)
    except TabcouceError as error:
        assert error.what and error.remedy
        return None
    assert len(table.frame) == len(table.rows) > 0
    assert list(table.frame.columns) == [column.name for column in table.columns]
    assert all(str(dtype) in ("float64", "datetime64[ns]", "object") for dtype in table.frame.dtypes)
    assert all(len(sides) == len(table.rows) for sides in table.censored.values())
    assert all(len(note.cells) <= note.count for note in table.notes)
    return table


@SLOW
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data, tmp_path):
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    read_or_refused(path)
    assert path.read_bytes() == data  # the user's file is never written


@SLOW
@given(
    rows=st.lists(st.lists(PIECES, min_size=1, max_size=6), min_size=1, max_size=14),
    mark=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "cp932", "utf-16"]),
)
def test_any_text_of_engineers_cells_is_read_or_refused(rows, mark, encoding, tmp_path):
    path = tmp_path / "any.csv"
    text = "\r\n".join(mark.join(f'"{cell}"' if mark in cell else cell for cell in row) for row in rows)
    path.write_bytes(text.encode(encoding, "replace"))
    read_or_refused(path)


NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 99999))
CELLS = st.one_of(PIECES, NUMBERS, st.booleans(), st.datetimes(), st.times())


@settings(SLOW, max_examples=50)
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=12),
    merge=st.sampled_from([None, "A1:C1", "A2:A4", "B1:B3", "A1:B2"]),
)
def test_any_sheet_is_read_or_refused(rows, merge, tmp_path):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    path = tmp_path / "any.xlsx"
    book.save(path)
    read_or_refused(path)
