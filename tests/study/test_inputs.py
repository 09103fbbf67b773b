"""Which sheets are read, for roles and again for new files."""

from pathlib import Path

import openpyxl
import pytest

from tabcouce.read import Layout
from tabcouce.study.inputs import layout_again, open_inputs


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


DATA: list[list[object]] = [["machine", "x", "y"], *([f"M{k % 3}", float(k), 2.0 * k] for k in range(12))]


@pytest.mark.parametrize("name", ["roles", "Roles", "ROLES "])
def test_a_role_sheet_counts_however_its_letters_are_written(tmp_path: Path, name: str) -> None:
    roles: list[list[object]] = [["name", "kind"], ["machine", "context"], ["x", "sensor"], ["y", "target"]]
    path = workbook(tmp_path / "d.xlsx", {"data": DATA, name: roles})
    inputs = open_inputs(path)
    assert inputs.roles.targets == ("y",) and inputs.role_file is not None
    assert inputs.roles.of("x").kind == "sensor" and inputs.roles.named("context") == ("machine",)


def test_a_new_file_is_read_from_the_sheet_of_the_training_file_where_it_has_it(tmp_path: Path) -> None:
    both = workbook(tmp_path / "both.xlsx", {"notes": DATA, "data": DATA})
    other = workbook(tmp_path / "other.xlsx", {"Sheet1": DATA})
    trained = Layout(sheet="data")
    assert layout_again(trained, both, sheet=None).sheet == "data"
    assert layout_again(trained, both, sheet="notes").sheet == "notes"
    assert layout_again(trained, other, sheet=None).sheet is None
