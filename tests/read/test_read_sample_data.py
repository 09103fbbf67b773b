"""The sample files of the repository read as their page says."""

from pathlib import Path

import numpy as np

from tabcouce.read import read_table

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"


def test_the_sample_workbook_has_title_units_and_average_apart_from_its_600_shots():
    table = read_table(SAMPLES / "injection_line.xlsx")
    assert table.frame.shape == (600, 20)
    assert (table.header_rows, table.unit_row) == ((3,), 4)
    units = {column.name: column.unit for column in table.columns}
    assert (units["Coolant flow"], units["Part weight"], units["Machine"]) == ("L/min", "g", None)
    assert table.frame["Machine"].nunique() == 12
    assert table.frame["Resin moisture"].isna().sum() == 9
    assert {"title-rows", "foot-rows", "missing-token"} == {note.rule for note in table.notes}


def test_the_japanese_sample_is_read_as_cp932_with_units_from_its_names():
    table = read_table(SAMPLES / "seikei_cp932.csv")
    assert table.frame.shape == (480, 8)
    assert table.source.encoding == "cp932"
    assert {column.name: column.unit for column in table.columns}["樹脂温度[℃]"] == "℃"
    assert table.frame["号機"].nunique() == 12
    assert table.frame["射出圧力[MPa]"].dtype == np.float64
    assert table.frame["射出圧力[MPa]"].isna().sum() == 6
