"""The workbook opens, holds every prediction, and its text is never a formula."""

import openpyxl
import pytest
from fake_study import FORMULA, HOSTILE, fake_study, fake_target

from tabcouce.report import predictions_frame, summarize, write_workbook
from tabcouce.report.sheet import Link, RowLines
from tabcouce.report.workbook import page_name


@pytest.fixture(scope="module")
def study():
    return fake_study(fake_target(), fake_target(classes=True))


@pytest.fixture(scope="module", params=["en", "ja"])
def book(request, study, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "results.xlsx"
    frames = [predictions_frame(target) for target in study.targets]
    write_workbook(summarize(study), frames, path, request.param)
    return request.param, openpyxl.load_workbook(path)


NAMES = {
    "en": ["Verdict", "Scores", "Differences", "Per context", "Predictions 1", "Predictions 2"],
    "ja": ["判定", "スコア", "対応のある差", "背景別", "予測値 1", "予測値 2"],
}


def test_sheet_names_are_in_the_language(book):
    lang, workbook = book
    assert workbook.sheetnames[:6] == NAMES[lang]
    assert len(workbook.sheetnames) == 11


def test_no_cell_is_a_formula_or_leads_out_of_the_workbook(book):
    texts = set()
    for sheet in book[1]:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None or (cell.hyperlink.location and not cell.hyperlink.target)
                texts.add(cell.value)
    assert FORMULA in texts and HOSTILE in texts


def place_of(cell):
    """Sheet and line that a cell leads to."""
    sheet, line = cell.hyperlink.location.rsplit("!A", 1)
    return sheet.strip("'"), int(line)


def test_a_row_number_leads_to_the_predictions_of_that_row(book, study):
    unusual = book[1].worksheets[8]
    frame = predictions_frame(study.targets[0])
    error = (frame["observed"] - frame["unseen:号機:couce"]).abs()
    assert abs(unusual["F2"].value) == pytest.approx(error.max())
    assert unusual["B2"].value == frame["row"][error.idxmax()]
    for k in range(2, 12):
        name, line = place_of(unusual[f"B{k}"])
        assert book[1][name][f"A{line}"].value == unusual[f"B{k}"].value


def test_the_finding_of_a_row_leads_to_it_and_the_cover_to_every_sheet(book):
    workbook = book[1]
    linked = [cell for row in workbook.worksheets[7].iter_rows() for cell in row if cell.hyperlink]
    assert {cell.value for cell in linked} == {214}
    name, line = place_of(linked[0])
    assert workbook[name][f"A{line}"].value == 214
    cover = [cell for row in workbook.worksheets[0].iter_rows() for cell in row if cell.hyperlink]
    assert [place_of(cell)[0] for cell in cover] == workbook.sheetnames[1:]


def test_shares_are_written_as_per_cent_and_errors_carry_their_unit(book):
    factors = book[1].worksheets[6]
    assert factors["H2"].number_format == "0.0%"
    scores = book[1].worksheets[1]
    units = {(row[0].value, row[4].value): row[5].value for row in scores.iter_rows(min_row=2)}
    assert units["引張強度", "RMSE" if book[0] == "en" else "予測誤差RMSE"] == "MPa"
    assert units["引張強度", "R²" if book[0] == "en" else "決定係数R²"] is None


def test_every_prediction_stands_beside_its_row_in_the_file(book, study):
    sheet = book[1].worksheets[4]
    frame = predictions_frame(study.targets[0])
    assert sheet.max_row == 1 + len(frame)
    for k in (0, 100, 479):
        cells = [cell.value for cell in sheet[k + 2]]
        assert cells[0] == k + 5
        assert cells[1] == frame["context:号機"].iloc[k]
        assert cells[3] == pytest.approx(frame["observed"].iloc[k])
        position = list(frame.columns).index("unseen:号機:couce")
        assert cells[position] == pytest.approx(frame["unseen:号機:couce"].iloc[k])
        assert cells[-1] == pytest.approx(cells[3] - cells[position])


def test_tables_have_frozen_heads_filters_and_number_formats(book):
    for sheet in book[1].worksheets[1:]:
        assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref
    assert book[1].worksheets[1]["G2"].number_format == "0.000"


def test_the_same_study_gives_the_same_bytes(study, tmp_path):
    frames = [predictions_frame(target) for target in study.targets]
    a, b = (write_workbook(summarize(study), frames, tmp_path / name).read_bytes() for name in "ab")
    assert a == b


def test_the_address_of_a_changed_cell_leads_to_the_predictions_of_its_row():
    lines = RowLines("Predictions", {246: 240})
    assert lines.cell("AB246") == Link("AB246", "Predictions", 240)
    assert lines.cell("E7") == "E7" and lines.cell("D") == "D"


def test_a_title_with_letters_that_excel_forbids_still_names_a_sheet():
    assert page_name("Contexts or conditions?") == "Contexts or conditions"
    assert page_name("[a]:*?/\\b" + 40 * "x") == "ab" + 29 * "x"
