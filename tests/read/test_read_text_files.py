"""CSV and its relatives: delimiters, decimal marks, headers, feet, long files."""

import gzip
import hashlib

import numpy as np
import pytest

from tabcouce.errors import ReadError
from tabcouce.read import Layout, read_table, sheet_names


@pytest.fixture
def read(tmp_path):
    def read(text, layout=None, *, name="data.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_table(path, layout or Layout())

    return read


def rules(table):
    return {note.rule: note for note in table.notes}


def test_a_plain_file_is_read_with_addresses_and_checksum(read):
    text = "lot,温度[℃],流量, L/min\n".replace("流量, L/min", '"流量, L/min"') + "A1,230,1.5\nA2,231,1.6\n"
    table = read(text)
    assert list(table.frame.columns) == ["lot", "温度[℃]", "流量, L/min"]
    assert [column.unit for column in table.columns] == [None, "℃", None]
    assert [column.letter for column in table.columns] == ["A", "B", "C"]
    assert list(table.rows) == [2, 3]
    assert table.header_rows == (1,)
    assert table.source.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert str(table.place(position=1, column="lot")) == "data.csv, row 3, column 'lot'"
    assert table.frame["lot"].dtype == object
    assert table.frame["温度[℃]"].dtype == np.float64


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read, delimiter):
    rows = [["lot", "a", "b"], ["x", "1.5", "2"], ["y", "2.5", "3"]]
    table = read("\n".join(delimiter.join(row) for row in rows) + "\n")
    assert table.source.delimiter == delimiter
    assert table.frame.shape == (2, 3)


def test_excels_own_separator_line_is_obeyed_and_is_no_data(read):
    table = read("sep=;\na;b\n1;2\n")
    assert list(table.frame.columns) == ["a", "b"]
    assert list(table.rows) == [3]


def test_a_decimal_comma_with_three_digits_is_no_thousands_group_between_semicolons(read):
    table = read("Kraft;Weg\n919,410;8,820\n886,900;9,100\n")
    assert table.frame["Kraft"].tolist() == [919.41, 886.9]
    assert rules(table)["decimal-comma"].count == 1


def test_thousands_groups_in_a_comma_file_are_numbers(read):
    table = read('a,b\n"1,234",x\n"12,000",y\n')
    assert table.frame["a"].tolist() == [1234.0, 12000.0]


def test_a_comma_in_each_number_does_not_hide_the_semicolons(read):
    table = read("a;b;c\n1,5;2,5;3,5\n1,25;2,25;3,25\n")
    assert table.frame.shape == (2, 3)
    assert table.frame["c"].tolist() == [3.5, 3.25]


def test_title_rows_units_row_and_foot_rows_are_no_data(read):
    table = read(
        "成形日報 2024年4月,,\n,,\nロット,温度,圧力\n,℃,MPa\n"
        "L1,230,80\nL2,231,82\n,,\n平均,230.5,81\n最大,231,82\n"
    )
    assert table.frame.to_dict("list") == {"ロット": ["L1", "L2"], "温度": [230, 231], "圧力": [80, 82]}
    assert [column.unit for column in table.columns] == [None, "℃", "MPa"]
    assert (table.header_rows, table.unit_row, list(table.rows)) == ((3,), 4, [5, 6])
    assert rules(table)["title-rows"].place.row == 1
    assert rules(table)["foot-rows"].count == 2
    assert rules(table)["foot-rows"].place.row == 8


def test_limits_between_header_and_data_are_no_data(read):
    table = read("lot,temp,force\nunit,℃,N\nUSL,240,9\nLSL,220,5\nL1,230,7\nL2,231,8\n")
    assert table.frame["temp"].tolist() == [230, 231]
    assert table.unit_row == 2
    assert rules(table)["spec-rows"].place.row == 3


def test_a_level_called_total_is_data_where_it_recurs(read):
    table = read("kind,x\ntotal,1\npart,2\ntotal,3\n")
    assert len(table.frame) == 3


def test_a_row_of_grades_is_no_units_row(read):
    table = read("grade,class\nA,C\nC,A\nF,K\n")
    assert table.unit_row is None
    assert len(table.frame) == 3


def test_two_header_rows_without_merged_cells_join_group_and_name(read):
    table = read("lot,条件,,品質,\n,温度,圧力,重量,寸法\nL1,230,80,34.1,20.0\nL2,231,81,34.2,20.1\n")
    assert list(table.frame.columns) == ["lot", "条件/温度", "条件/圧力", "品質/重量", "品質/寸法"]
    assert table.header_rows == (1, 2)


def test_a_full_row_of_tag_codes_names_the_columns_whose_descriptions_repeat(read):
    table = read(
        "S.TE_1.PV,S.TE_2.PV\n温度,温度\n1,2\n3,4\n",
        Layout(header_rows=(1, 2)),
    )
    assert list(table.frame.columns) == ["S.TE_1.PV", "S.TE_2.PV"]


def test_wavelengths_are_names(read):
    table = read("sample,1100,1102,1104,1106,1108\ns1,.1,.2,.3,.2,.1\ns2,.2,.3,.3,.1,.2\n")
    assert list(table.frame.columns) == ["sample", "1100", "1102", "1104", "1106", "1108"]


def test_a_file_without_header_keeps_its_first_row(read):
    table = read("1,2\n3,4\n")
    assert table.frame.to_dict("list") == {"column A": [1, 3], "column B": [2, 4]}
    assert "no-header" in rules(table)
    assert table.header_rows == ()


def test_a_column_without_name_is_called_by_its_letter(read):
    table = read(",a,\n1,2,\n2,3,\n")
    assert list(table.frame.columns) == ["column A", "a"]
    assert rules(table)["unnamed-column"].place.column == "column A"


def test_names_are_stripped_and_line_breaks_in_them_become_blanks(read):
    table = read('"RON \n(loss)", b  c \n1,2\n')
    assert list(table.frame.columns) == ["RON (loss)", "b  c"]


def test_equal_names_are_numbered_and_named_with_their_letters(read):
    table = read("x,y,x \n1,2,3\n")
    assert list(table.frame.columns) == ["x #1", "y", "x #2"]
    assert dict(rules(table)["duplicate-header"].facts) == {"name": "x", "letters": ("A", "C")}


def test_missing_words_of_the_layout_count(read):
    table = read("a,b\n1,x\n停止,y\n", Layout(missing=("停止",)))
    assert np.isnan(table.frame["a"][1])
    assert rules(table)["missing-token"].place.row == 3


def test_quoted_line_breaks_count_as_one_row_and_blank_rows_are_noted(read):
    table = read('a,b\n1,"x\ny"\n\n2,z\n')
    assert list(table.rows) == [2, 4]
    assert table.frame["b"].tolist() == ["x\ny", "z"]
    assert rules(table)["blank-rows"].count == 1


def test_old_mac_line_ends_are_read(read):
    assert read(b"a,b\r1,2\r3,4\r").frame.shape == (2, 2)


def test_a_second_table_below_the_first_is_refused_with_its_row(read):
    with pytest.raises(ReadError, match="repeats the names") as caught:
        read("a,b,c\nx,1,2\ny,2,3\na,b,c\nz,3,4\n")
    assert caught.value.place.row == 4


def test_a_second_header_of_other_names_is_refused_too(read):
    rows = "".join(f"x,{i},{i + 1}\n" for i in range(9))
    with pytest.raises(ReadError, match="holds text in 2 columns of numbers") as caught:
        read(f"a,b,c\n{rows}\nlot,force,width\nz,3,4\n")
    assert caught.value.place.row == 12


def test_an_unquoted_delimiter_is_refused_instead_of_shifting_cells(read):
    with pytest.raises(ReadError, match="row 3 has 3 cells, but the rows above have 2"):
        read("a,b\n1,x\n2,y, z\n")


def test_gzip_is_read_whatever_the_name(read):
    table = read(gzip.compress(b"a,b\n1,2\n"), name="data.csv")
    assert table.frame.shape == (1, 2)
    assert read(gzip.compress(b"a,b\n1,2\n"), name="data.csv.gz").source.file == "data.csv.gz"


def test_layout_overrides_what_would_be_guessed(read):
    table = read("a;b\n1,5;2\n", Layout(decimal=".", delimiter=";"))
    assert table.frame["a"].tolist() == ["1,5"]


def test_a_text_file_has_no_sheets(read, tmp_path):
    read("a,b\n1,2\n")
    assert sheet_names(tmp_path / "data.csv") == ()
    with pytest.raises(ReadError, match="has no sheets"):
        read("a,b\n1,2\n", Layout(sheet="S"))


@pytest.fixture
def long_rows():
    return [[f"{i % 7}号機", f"{i * 0.37:.4f}", str(i)] for i in range(6000)]


def as_csv(rows, delimiter=","):
    return "\n".join(delimiter.join(row) for row in [["machine", "temp", "n"], *rows]) + "\n"


def test_a_long_file_reads_like_a_short_one(read, long_rows):
    table = read(as_csv(long_rows))
    np.testing.assert_array_equal(table.frame["temp"], [float(row[1]) for row in long_rows])
    assert table.frame["machine"].tolist() == [row[0] for row in long_rows]
    assert table.rows[-1] == 6001


@pytest.mark.parametrize(
    ("late", "rule"),
    [
        ("停止", "mixed-column"),
        ("N/A", "missing-token"),
        ("1,234.5", "coerced-number"),
        ("inf", "missing-token"),
    ],
)
def test_a_late_cell_of_a_long_file_is_neither_lost_nor_unreported(read, long_rows, late, rule):
    long_rows[5990][1] = f'"{late}"'
    table = read(as_csv(long_rows))
    note = rules(table)[rule]
    assert (note.place.row, note.place.column, note.count) == (5992, "temp", 1)
    assert (table.frame["temp"].dtype == object) == (rule == "mixed-column")


def test_a_late_leading_zero_of_a_long_file_is_kept(read, long_rows):
    long_rows[5990][2] = "0042"
    table = read(as_csv(long_rows))
    assert table.frame["n"][5990] == "0042"
    assert table.frame["n"][0] == "0"


@pytest.mark.parametrize("late", [None, "0042", "1234567890123456789"])
def test_a_long_file_with_a_column_of_codes_loses_no_digit(read, long_rows, late):
    for i, row in enumerate(long_rows):
        row[0] = f"{i % 9:04d}"
    if late:
        long_rows[5990][2] = late
    table = read(as_csv(long_rows))
    assert table.frame["machine"].tolist() == [row[0] for row in long_rows]
    assert table.frame["n"][5990] == (late or 5990)


def test_a_late_row_that_is_too_wide_is_refused_with_its_number(read, long_rows):
    long_rows[5990].append("more")
    with pytest.raises(ReadError, match="row 5992 has 4 cells"):
        read(as_csv(long_rows))


@pytest.mark.parametrize("words", ["a;b", '"a;b"', "a|b", "it's; so"])
def test_other_marks_in_the_words_of_a_comma_file_split_nothing(read, words):
    table = read(f"name,note,v\nx,{words},1\ny,{words},2\n")
    assert list(table.frame.columns) == ["name", "note", "v"]
    assert table.frame["v"].tolist() == [1, 2]


def test_settings_of_the_logger_above_the_table_are_no_header(read):
    table = read(
        "Device:,ABC\nSerial:,123\n\nTime,Temp,Hum\n2024-01-01 00:00,20,30\n2024-01-01 00:01,21,31\n"
    )
    assert table.header_rows == (4,)
    assert table.frame["Hum"].tolist() == [30, 31]


def test_a_first_row_without_measurements_is_data_not_a_second_header(read):
    for word in ("ND", "", "-"):
        table = read(f"lot,a,b\nL0,{word},{word}\n" + "".join(f"L{i},{i},{i}\n" for i in range(1, 6)))
        assert table.header_rows == (1,)
        assert len(table.frame) == 6


def test_marks_for_as_above_take_the_value_above_and_are_noted(read):
    table = read("lot,x\nL1,1\n〃,2\n同上,3\nL2,4\n")
    assert table.frame["lot"].tolist() == ["L1", "L1", "L1", "L2"]
    assert rules(table)["repeat-marks"].count == 2


def test_values_beyond_the_limit_of_an_instrument_are_no_second_header(read):
    rows = "".join(f"L{i},{i},{i}\n" for i in range(6))
    table = read(f"lot,a,b\n{rows}L9,<0.1,N.D.\n")
    assert len(table.frame) == 7
    assert (rules(table)["limit-below"].place.row, rules(table)["not-detected"].place.row) == (8, 8)
    assert table.censored["a"].tolist() == [0, 0, 0, 0, 0, 0, -1] and "b" not in table.censored


def test_tables_side_by_side_are_noted(read):
    table = read("lot,a,,machine,b\nL1,1,,M1,3\nL2,2,,,\n")
    assert rules(table)["blank-column"].place.column == "C"


def test_positions_in_equal_steps_are_names(read):
    table = read("lot,10,20,30\nL1,1.5,2.5,4.5\nL2,1,2,5\n")
    assert list(table.frame.columns) == ["lot", "10", "20", "30"]


@pytest.mark.parametrize(
    "units", [",kgf/cm2,×10⁻³ mm", ",W/(m·K),g/10min", "-,(℃),[%]", "単位,㎜,m/s²", ",L/min,回/分"]
)
def test_units_rows_are_recognised(read, units):
    table = read(f"lot,a,b\n{units}\n" + "".join(f"L{i},{i},{i}\n" for i in range(6)))
    assert table.unit_row == 2
    assert table.frame["a"].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_number_named_as_missing_is_missing_however_long_the_file(tmp_path):
    cells = [f"{i}.5" for i in range(6000)]
    cells[7], cells[5500] = "-999.0", "-999"
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells)))
    table = read_table(path, Layout(missing=("-999",)))
    assert table.frame["a"].isna().sum() == 2 and table.frame["a"].min() == 0.5
    assert next(n for n in table.notes if n.rule == "missing-token").count == 2
