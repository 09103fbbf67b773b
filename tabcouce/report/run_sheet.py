"""The run sheet: settings of the next runs, empty cells for the results, a reason per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tabcouce.advice.suggest import Run
from tabcouce.report.atomic import write_bytes
from tabcouce.report.catalogue import Words, words
from tabcouce.report.digits import percent, significant
from tabcouce.report.naming import sentences
from tabcouce.study.run_plan import PlanColumn
from tabcouce.study.suggest import Suggestion

META = "_meta"
SHEET = "runs"
VERSION = 1
HEAD_ROWS = 2
"""Names, then units; results begin below."""
SPARE_ROWS = 50
LONGEST_LIST = 250
"""Letters that Excel takes in a list of choices."""
FILL = PatternFill("solid", fgColor="FFF2CC")


def write_runs(
    suggestion: Suggestion, columns: Sequence[PlanColumn], study: str, path: Path, *, lang: str
) -> Path:
    """Write the workbook atomically: sheet 'runs', a help sheet, and the hidden plan the reader checks by."""
    w = words(lang)
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    fill_head(sheet, columns, suggestion, w)
    for number, run in enumerate(suggestion.runs, 1):
        fill_run(sheet, number, run, columns, suggestion, w)
    last = HEAD_ROWS + len(suggestion.runs) + SPARE_ROWS
    for j, column in enumerate(columns, 2):
        limit_cells(sheet, f"{get_column_letter(j)}{HEAD_ROWS + 1}:{get_column_letter(j)}{last}", column, w)
    sheet.freeze_panes = "B3"
    lines = book.create_sheet(w("runs.help_sheet"))
    lines.column_dimensions["A"].width = 110
    for line in (*suggestion_lines(suggestion, w), *w("runs.help").split("\n")):
        put_text(lines, lines.max_row + 1, 1, line)
    meta = book.create_sheet(META)
    meta.append(["schema_version", VERSION])
    put_text(meta, 2, 1, "study")
    put_text(meta, 2, 2, study)
    for row, column in enumerate(columns, 3):
        *fields, levels = astuple(column)
        for j, value in enumerate([*fields, *levels], 1):
            put(meta, row, j, value)
    meta.sheet_state = "hidden"
    content = BytesIO()
    book.save(content)
    return write_bytes(path, content.getvalue())


def suggestion_lines(found: Suggestion, w: Words) -> list[str]:
    """What the runs are for, and what took no part."""
    lines = []
    if found.goal is not None:
        goal = w.label("runs_goal", found.goal.aim)
        lines.append(w("runs.goal_line", target=found.target, goal=goal, runs=len(found.runs)))
    if found.error_left is not None:
        factor, left = found.factor or "", percent(found.error_left)
        lines.append(w("runs.separate_line", factor=factor, percent=left))
    elif found.factor is not None:
        lines.append(w("runs.separate_first", factor=found.factor))
    if found.search == "botorch":
        lines.append(w("runs.library"))
    lines.append(w("runs.only_conditions", names=w.listing([s.name for s in found.settings], 20)))
    lines += [w("runs.unused", target=name) for name in found.unused]
    if found.left_out:
        lines.append(w("runs.left_out", count=found.left_out))
    return lines


def settings_text(run: Run) -> str:
    """'A = 5, B = red', numbers as they will stand in the sheet."""
    shown = {k: v if isinstance(v, str) else f"{v:.9g}" for k, v in run.settings.items()}
    return ", ".join(f"{name} = {value}" for name, value in shown.items())


def reason(run: Run, found: Suggestion, w: Words) -> str:
    """Why this run."""
    if run.why == "control":
        return w("runs.control", row=run.row)
    if run.why == "separate":
        made = [w("runs.level", context=c, level=level) for c, level in (run.context or {}).items()]
        return w("runs.separate", levels=w.listing(made))
    within = run.why == "better" and found.goal is not None and found.goal.aim == "within"
    return sentences(
        w,
        w("runs.better_within" if within else f"runs.{run.why}", chance=percent(run.chance)),
        w("runs.feasible", chance=percent(run.feasible)) if len(run.expected) > 1 else "",
        w("runs.beyond", names=w.listing(list(run.beyond))) if run.beyond else "",
    )


def expected_text(run: Run, target: str, w: Words) -> str:
    if target not in run.expected:
        return ""
    told = run.expected[target]
    return w("runs.band", mean=significant(told.mean), low=significant(told.low), high=significant(told.high))


def fill_head(sheet: Worksheet, columns: Sequence[PlanColumn], found: Suggestion, w: Words) -> None:
    heads = [w("runs.run"), *(c.name for c in columns)]
    heads += [w("runs.expected", target=found.target), w("runs.reason")]
    for j, head in enumerate(heads, 1):
        put_text(sheet, 1, j, head)
        top = sheet.cell(1, j)
        top.font, top.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(j)].width = 70 if j == len(heads) else 16
    for j, column in enumerate(columns, 2):
        if column.unit:
            put_text(sheet, 2, j, column.unit)


def fill_run(
    sheet: Worksheet, number: int, run: Run, columns: Sequence[PlanColumn], found: Suggestion, w: Words
) -> None:
    row = HEAD_ROWS + number
    sheet.cell(row, 1).value = number
    for j, column in enumerate(columns, 2):
        if column.part == "setting":
            put(sheet, row, j, run.settings[column.name])
        elif column.part == "context" and run.context and column.name in run.context:
            put(sheet, row, j, run.context[column.name])
        else:
            sheet.cell(row, j).fill = FILL
    put_text(sheet, row, len(columns) + 2, expected_text(run, found.target, w))
    put_text(sheet, row, len(columns) + 3, reason(run, found, w))


def limit_cells(sheet: Worksheet, cells: str, column: PlanColumn, w: Words) -> None:
    """Excel's own check of a typed value; a pasted one is checked when the sheet is read."""
    listed = ",".join(column.levels)
    if column.is_number:
        low, high = column.low, column.high
        check = DataValidation(type="decimal", operator="between", formula1=str(low), formula2=str(high))
        if column.part == "setting":
            check.prompt = w("runs.limits", low=significant(low), high=significant(high))
        else:
            seen = {"seen_low": significant(column.seen_low), "seen_high": significant(column.seen_high)}
            check.prompt = w("runs.plausible", **seen)
    elif listed and len(listed) < LONGEST_LIST and not any("," in level for level in column.levels):
        check = DataValidation(type="list", formula1='"' + listed.replace('"', '""') + '"')
        check.prompt = w("runs.choose")
    else:
        return
    check.allow_blank = check.showInputMessage = check.showErrorMessage = True
    check.error = check.prompt
    # A new machine's label is no mistake; a setting out of limits is one.
    check.errorStyle = "stop" if column.part == "setting" else "warning"
    sheet.add_data_validation(check)
    check.add(cells)


def put(sheet: Worksheet, row: int, column: int, value: object) -> None:
    if isinstance(value, str):
        put_text(sheet, row, column, value)
    else:
        sheet.cell(row, column).value = value  # type: ignore[assignment]


def put_text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """Text stays text, also where it begins with '='."""
    cell = sheet.cell(row, column)
    cell.value = text
    cell.data_type = "s"
