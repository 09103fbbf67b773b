"""The run sheet: settings of the next runs, empty cells for the results, a reason per run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from tabcouce.advice.suggest import Run
from tabcouce.report.book import LONGEST_LIST, LONGEST_PROMPT, TO_FILL, write_cell, written_book
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


def write_runs(
    suggestion: Suggestion, columns: Sequence[PlanColumn], study: str, path: Path, *, lang: str
) -> Path:
    """Write the workbook atomically: sheet 'runs', a help sheet, and the hidden plan the reader checks by."""
    w = words(lang)
    with written_book(path, title=study) as book:
        sheet = book.add_worksheet(SHEET)
        fill_head(book, sheet, columns, suggestion, w)
        yellow = book.add_format({"bg_color": TO_FILL})
        for number, run in enumerate(suggestion.runs, 1):
            fill_run(sheet, number, run, columns, suggestion, yellow, w)
        last = HEAD_ROWS + len(suggestion.runs) + SPARE_ROWS - 1
        for j, column in enumerate(columns, 1):
            check = limits_of(column, w)
            if check is not None:
                sheet.data_validation(HEAD_ROWS, j, last, j, check)
        sheet.freeze_panes(HEAD_ROWS, 1)
        lines = book.add_worksheet(w("runs.help_sheet"))
        lines.set_column(0, 0, 110)
        for row, line in enumerate((*suggestion_lines(suggestion, w), *w("runs.help").split("\n"))):
            lines.write_string(row, 0, line)
        fill_plan(book.add_worksheet(META), columns, study)
    return path


def fill_plan(meta: Worksheet, columns: Sequence[PlanColumn], study: str) -> None:
    """What the reader checks by: hidden, one line per column."""
    meta.hide()
    lines: list[tuple[object, ...]] = [("schema_version", VERSION), ("study", study)]
    for column in columns:
        *fields, levels = astuple(column)
        lines.append((*fields, *levels))
    for row, line in enumerate(lines):
        for j, value in enumerate(line):
            write_cell(meta, row, j, value)


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


def fill_head(
    book: Workbook, sheet: Worksheet, columns: Sequence[PlanColumn], found: Suggestion, w: Words
) -> None:
    top = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    heads = [w("runs.run"), *(c.name for c in columns)]
    heads += [w("runs.expected", target=found.target), w("runs.reason")]
    for j, head in enumerate(heads):
        sheet.write_string(0, j, head, top)
        sheet.set_column(j, j, 70 if j == len(heads) - 1 else 16)
    for j, column in enumerate(columns, 1):
        write_cell(sheet, 1, j, column.unit)


def fill_run(
    sheet: Worksheet,
    number: int,
    run: Run,
    columns: Sequence[PlanColumn],
    found: Suggestion,
    yellow: Format,
    w: Words,
) -> None:
    row = HEAD_ROWS + number - 1
    sheet.write_number(row, 0, number)
    for j, column in enumerate(columns, 1):
        if column.part == "setting":
            write_cell(sheet, row, j, run.settings[column.name])
        elif column.part == "context" and run.context and column.name in run.context:
            write_cell(sheet, row, j, run.context[column.name])
        else:
            sheet.write_blank(row, j, None, yellow)
    sheet.write_string(row, len(columns) + 1, expected_text(run, found.target, w))
    sheet.write_string(row, len(columns) + 2, reason(run, found, w))


def limits_of(column: PlanColumn, w: Words) -> dict[str, object] | None:
    """Excel's own check of a typed value, in xlsxwriter's terms; a pasted value is checked by the reader.

    None where Excel has no check for it: levels with a comma, or too many of them.
    """
    listed = [level.replace('"', '""') for level in column.levels]
    check: dict[str, object]
    if column.is_number:
        check = {"validate": "decimal", "criteria": "between", "minimum": column.low, "maximum": column.high}
        if column.part == "setting":
            said = w("runs.limits", low=significant(column.low), high=significant(column.high))
        else:
            seen = {"seen_low": significant(column.seen_low), "seen_high": significant(column.seen_high)}
            said = w("runs.plausible", **seen)
    elif listed and len(",".join(listed)) <= LONGEST_LIST and not any("," in level for level in listed):
        check = {"validate": "list", "source": listed}
        said = w("runs.choose")
    else:
        return None
    # A new machine's label is no mistake; a setting out of limits is one.
    severity = "stop" if column.part == "setting" else "warning"
    said = said[:LONGEST_PROMPT]
    return {**check, "input_message": said, "error_message": said, "error_type": severity}
