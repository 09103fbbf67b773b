"""`review export` and `review import` as an engineer uses them: sorted, filtered, widened, mistyped."""

import openpyxl
from small_study import FLOW, ROOM, TEMPERATURE, run

from tabcouce.report.catalogue import words


def filled(path, said, *, note):
    """Fill by factor, sort the rows backwards, hide some, put a column of notes in between."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    w = words("ja")
    place = {cell.value: cell.column - 1 for cell in sheet[1]}
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    factors = [row for row in rows if row[place[w("review.factor")]] is not None]
    for row in factors:
        for field, value in said.get(row[place[w("review.factor")]], {}).items():
            row[place[w(f"review.{field}")]] = value
    for at, row in enumerate(reversed(factors), 2):
        for column, value in enumerate(row, 1):
            sheet.cell(at, column).value = value
    sheet.row_dimensions[3].hidden = True
    sheet.insert_cols(2)
    sheet.cell(1, 2).value, sheet.cell(2, 2).value = "メモ", note
    book.save(path)
    shown = openpyxl.load_workbook(path).worksheets[0]
    heads = {cell.value: cell.column for cell in shown[1]}
    return {
        (shown.cell(r, heads[w("review.factor")]).value, field): shown.cell(r, heads[w(f"review.{field}")])
        for r in range(2, len(factors) + 2)
        for field in ("expected", "decision")
    }


def test_a_filled_workbook_refits_with_its_cost_and_a_wrong_entry_is_named_by_its_cell(fitted, tmp_path):
    book = tmp_path / "review.xlsx"
    assert run("review", "export", fitted.folder, book, "--lang", "ja").exit_code == 0
    w = words("ja")
    said = {
        TEMPERATURE: {
            "expected": w("expected.increases"),
            "decision": w("review_decision.monotone"),
        },
        ROOM: {"decision": w("review_decision.exclude")},
        FLOW: {"expected": "上がると思う"},
    }
    cells = filled(book, said, note="?")
    wrong = cells[FLOW, "expected"]
    answer = run("review", "import", fitted.folder, book)
    assert answer.exit_code != 0
    assert wrong.coordinate in answer.output and "上がると思う" in answer.output

    mended = openpyxl.load_workbook(book)
    mended.worksheets[0][wrong.coordinate].value = None
    mended.save(book)
    waiting = run("review", "import", fitted.folder, book).output.splitlines()
    assert any("excluded" in line and ROOM in line for line in waiting)
    assert any("held" in line and TEMPERATURE in line for line in waiting)
    roles = tmp_path / "reviewed.roles.toml"
    again = run(
        "review", "import", fitted.folder, book, "--data", fitted.data, "--out", roles, "--lang", "ja"
    )
    assert again.exit_code == 0, again.output
    lines = [line for line in again.output.splitlines() if "LightGBM" in line]
    assert any(TEMPERATURE in line for line in lines) and any(ROOM in line for line in lines)
    assert all("→" in line for line in lines)
    assert not any("--data" in line for line in again.output.splitlines())
    assert any(TEMPERATURE in line and w("agreement.agrees") in line for line in again.output.splitlines())
    assert 'expected = "increases"' in roles.read_text(encoding="utf-8")


def test_an_export_never_overwrites_what_someone_may_have_filled_in(fitted, tmp_path):
    book = tmp_path / "review.xlsx"
    assert run("review", "export", fitted.folder, book).exit_code == 0
    before = book.read_bytes()
    answer = run("review", "export", fitted.folder, book)
    assert answer.exit_code != 0 and "--force" in answer.output
    assert book.read_bytes() == before
