"""The development tables, as their role files describe them."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from tabcouce.read import Layout, read_table

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SHAPES = {
    "concrete_strength": (1030, 9),
    "corn_nir": (240, 706),
    "garment_productivity": (1197, 15),
    "gas_sensor_drift": (5782, 131),
    "gas_turbine": (36733, 13),
    "injection_molding": (5232, 35),
    "lens_molding": (1451, 14),
    "mpea_alloys": (1545, 53),
    "nasa_milling": (167, 37),
    "nist_ceramic": (480, 16),
    "octane_refinery": (325, 370),
    "skab_valve": (46806, 13),
    "steel_energy": (35040, 11),
}


def read_set(name):
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the development table {name} is not beside the checkout")
    roles = tomllib.loads((folder / "roles.toml").read_text(encoding="utf-8"))
    rows = tuple(roles["header_rows"]) if "header_rows" in roles else None
    layout = Layout(sheet=roles.get("sheet"), delimiter=roles.get("sep"), header_rows=rows)
    return roles, read_table(folder / roles["file"], layout)


@pytest.mark.parametrize("name", SHAPES)
def test_each_development_table_has_its_shape_and_the_columns_its_roles_name(name):
    roles, table = read_set(name)
    assert table.frame.shape == SHAPES[name]
    listed = [column for key in ("targets", "inputs", "context", "drop") for column in roles.get(key, [])]
    named = {column.strip() for column in listed} - set(roles.get("derive", {}))
    assert named <= set(table.frame.columns)
    if roles["task"] == "regression":
        assert table.frame[roles["targets"][0].strip()].dtype == np.float64


def test_the_octane_table_is_the_same_whether_its_header_is_given_or_found():
    _, given = read_set("octane_refinery")
    found = read_table(DATA / "octane_refinery" / "octane_325.xlsx")
    assert found.columns == given.columns
    target = next(column for column in given.columns if column.name == "产品性质/辛烷值RON")
    assert target.letter == "K"
    assert (given.rows[0], given.rows[-1]) == (4, 328)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("cr_only_lines.csv", (83, 9)),
        ("gzip_named.csv", (2, 2)),
        ("kamyr_blanks_and_odd_time.csv", (301, 23)),
        ("latin1_semicolon_decimal_comma.csv", (638, 8)),
        ("ldpe_unnamed_index_and_meta_sheet.xlsx", (54, 20)),
        ("logger_latin1_tab.csv", (4291, 6)),
        ("made_cp932_units_row.csv", (24, 8)),
        ("made_decimal_comma_3_decimals.csv", (60, 14)),
        ("made_huge_blank_range.xlsx", (20, 4)),
        ("made_merged_header_units_total_row.xlsx", (20, 8)),
        ("made_utf16le_tab_unicode_text.txt", (16, 4)),
        ("merged_multiline_header.xlsx", (1, 4)),
        ("na_token_in_numbers.xlsx", (4, 3)),
        ("notes_above_header.xlsx", (1, 4)),
        ("preamble.csv", (83, 9)),
    ],
)
def test_awkward_files_have_the_shape_a_good_reader_gives(name, shape):
    path = DATA / "awkward" / name
    if not path.exists():
        pytest.skip(f"the awkward file {name} is not beside the checkout")
    assert read_table(path).frame.shape == shape
