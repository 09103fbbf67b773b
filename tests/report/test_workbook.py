"""The workbook opens, holds every prediction, and its text is never a formula."""

import openpyxl
import pytest
from fake_study import FORMULA, HOSTILE, fake_study, fake_target

from tabcouce.report import predictions_frame, summarize, write_workbook


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
    assert len(workbook.sheetnames) == 8


def test_no_cell_is_a_formula_or_a_link(book):
    texts = set()
    for sheet in book[1]:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" and cell.hyperlink is None
                texts.add(cell.value)
    assert FORMULA in texts and HOSTILE in texts


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
    assert book[1].worksheets[1]["F2"].number_format == "0.000"


def test_the_same_study_gives_the_same_bytes(study, tmp_path):
    frames = [predictions_frame(target) for target in study.targets]
    a, b = (write_workbook(summarize(study), frames, tmp_path / name).read_bytes() for name in "ab")
    assert a == b
