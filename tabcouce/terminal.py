"""What a person sees in the terminal: lines, the table of roles, progress with time left."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from tabcouce.read import Table
    from tabcouce.study.calibrate import Shots
    from tabcouce.study.inputs import Inputs
    from tabcouce.study.measure import MeasureFirst
    from tabcouce.study.predict import Prediction
    from tabcouce.study.preview import Preview
    from tabcouce.study.progress import Listener


MOST_OF_A_RULE = 5
"""Findings of one kind that are printed; the others are counted."""


def say(text: str) -> None:
    """A line on stderr that a cp932 console can print."""
    encoding = sys.stderr.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=sys.stderr)


def put(text: str) -> None:
    """A line of data on stdout."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def put_json(document: object) -> None:
    """One JSON document on stdout; letters that the console cannot show are escaped, not lost."""
    encoding = (sys.stdout.encoding or "utf-8").casefold().replace("-", "")
    print(json.dumps(document, ensure_ascii=encoding != "utf8", indent=1, allow_nan=False))


def console() -> Console:
    from rich.console import Console

    return Console(stderr=True, safe_box=True)


def print_roles(inputs: Inputs) -> None:
    """The roles as a table, guesses marked."""
    from rich.table import Table

    origin = inputs.role_file or "guessed; write them with 'tabcouce init' and correct them"
    table = Table(title=f"Roles ({origin})", title_justify="left")
    for heading in ("column", "kind", "reason"):
        table.add_column(heading, overflow="fold")
    columns = inputs.roles.columns
    # A spectrum of 700 channels would bury the columns that matter.
    dull = [c for c in columns if c.kind == "sensor" and not c.flags]
    hidden = {c.name for c in dull[10:]} if len(columns) > 40 else set()
    for column in columns:
        if column.name not in hidden:
            flags = f" ({', '.join(sorted(column.flags))})" if column.flags else ""
            mark = " (guess)" if column.guessed else ""
            table.add_row(column.name, column.kind + flags + mark, column.reason)
    if hidden:
        table.add_row("...", "sensor", f"{len(hidden)} more sensor columns")
    console().print(table)
    for warning in inputs.roles.warnings:
        say(f"Note: {warning}")


PICTURE_WIDTH = 12
"""Characters of a column in the small picture of the sheet."""
PICTURE_MARKS = {
    "above": "(above)",
    "names": "NAMES",
    "units": "units",
    "limits": "limits",
    "data": "data",
    "below": "(below)",
}


def print_picture(table: Table) -> None:
    """The sheet in small, with row numbers and column letters, and what each row was taken for."""
    from rich.table import Table as Grid

    from tabcouce.read.column_letter import column_letter

    width = max((len(row.cells) for row in table.picture), default=0)
    screen = console()
    shown = min(width, max(2, (screen.width - 18) // (PICTURE_WIDTH + 3)))
    grid = Grid()
    grid.add_column("row", no_wrap=True, justify="right", min_width=3)
    grid.add_column("taken as", no_wrap=True, min_width=8)
    for position in range(shown):
        grid.add_column(column_letter(position), max_width=PICTURE_WIDTH, overflow="ellipsis", no_wrap=True)
    if width > shown:
        grid.add_column("...", no_wrap=True)
    before = 0
    for row in table.picture:
        if before and row.number > before + 1:
            grid.add_row("...")
        before = row.number
        cells = [cell.replace("[", r"\[") for cell in row.cells[:shown]]
        cells += [""] * (shown - len(cells)) + (["..."] if width > shown else [])
        grid.add_row(str(row.number), PICTURE_MARKS[row.kind], *cells)
    say(read_as(table))
    screen.print(grid)


def read_as(table: Table) -> str:
    """What was read and how: 'press.csv, encoding cp932, tab between cells: 24 rows x 8 columns'."""
    source = table.source
    marks = {"\t": "tab", ";": "';'", ",": "','", "|": "'|'"}
    parts = [
        source.file,
        None if source.sheet is None else f"sheet '{source.sheet}'",
        None if source.encoding is None else f"encoding {source.encoding}",
        None
        if source.delimiter is None
        else f"{marks.get(source.delimiter, source.delimiter)} between cells",
        "decimal comma" if source.decimal == "," else None,
        "rows and columns exchanged" if source.turned else None,
    ]
    size = f"{len(table.rows)} rows x {len(table.columns)} columns"
    return f"{', '.join(part for part in parts if part)}: {size}"


@contextmanager
def progress(quiet: bool) -> Iterator[Listener]:
    """Progress on stderr: a bar with the time left, or plain lines where stderr is no terminal."""
    from tabcouce.study.progress import Step, silent

    if quiet:
        yield silent
        return
    screen = console()
    if not screen.is_terminal:
        start = time.perf_counter()

        def line(step: Step) -> None:
            left = time_left(time.perf_counter() - start, step.done)
            say(f"[{step.stage}/{step.stages}] {step.what} ({step.done:.0%} done, {left})")

        yield line
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def draw(step: Step) -> None:
            what = f"[{step.stage}/{step.stages}] {step.what}".replace("[", r"\[")
            bar.update(task, completed=step.done, description=what)

        yield draw


def time_left(elapsed: float, done: float) -> str:
    """'about 40 s left' from the time so far; nothing is promised in the first steps."""
    if done < 0.05:
        return "time left not known yet"
    seconds = elapsed * (1 - done) / done
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


def prediction_document(
    prediction: Prediction, shots: Shots | None = None, first: MeasureFirst | None = None
) -> dict[str, object]:
    """The JSON form of the account that `prediction_line` and the lines after it give in words."""
    outcome = prediction.outcome
    document = {
        "target": prediction.target,
        "rows": len(prediction.rows),
        "outside_share": prediction.outside_share,
        "known_rows": prediction.known_rows,
        "scores": None if outcome is None else dict(outcome.scores),
        "coverage": None if outcome is None else outcome.coverage,
        "promise_kept": None if outcome is None else outcome.kept,
        "trained_rows": 0 if outcome is None else outcome.trained,
        "alarms": int(prediction.frame["alarm"].sum()) if "alarm" in prediction.frame else None,
        "notes": list(prediction.notes),
    }
    if shots is not None:
        document["shots"] = {**asdict(shots), "notes": list(shots.notes), "shift": list(shots.shift)}
    if first is not None:
        document["measure_first"] = {"rows": list(first.rows), "left": list(first.left)}
    return document


def first_rows_line(first: MeasureFirst) -> str:
    """Which rows to measure, and what that is worth (benchmarks/results/first_rows.json)."""
    rows = ", ".join(str(row) for row in first.rows)
    return (
        f"measure first: row {rows}; by the kernel's variances the doubt about the file's rows falls "
        f"to {first.left[-1]:.0%} of what it is. On held-out machines of real tables such rows were not "
        "shown to do better than random ones: swap any that is hard to get. "
        "Then: predict --calibrate with their values"
    )


def shots_line(shots: Shots) -> str:
    """What the labelled rows did; blind and shots never in one number."""
    rows = "1 labelled row" if shots.rows == 1 else f"{shots.rows} labelled rows"
    shift = ", ".join(f"{value:+.3g}" for value in shots.shift)
    line = f"shots: {rows}; mean shift {shift}; their error {shots.before:.3g} blind"
    if shots.after is not None:
        line += f", {shots.after:.3g} when each is predicted with the others"
    if not shots.scores:
        return line
    scores = ", ".join(f"{name} {value:.3g}" for name, value in shots.scores.items())
    return f"{line}; the new file's other rows: {scores}"


def prediction_line(prediction: Prediction) -> str:
    outside = f"{prediction.outside_share:.0%} of {len(prediction.rows)} rows out of the training range"
    line = f"{prediction.target or 'alarms'}: {outside}"
    if "alarm" in prediction.frame:
        line += f"; {int(prediction.frame['alarm'].sum())} rows ring"
    outcome = prediction.outcome
    if outcome is None:
        return line
    if outcome.n == 0:
        return f"{line}; no value to score"
    scores = ", ".join(f"{name} {value:.3g}" for name, value in outcome.scores.items())
    few = "too few values" if outcome.trained == 0 else "too few values of rows not trained on"
    kept = {
        None: f"{few} to judge the study's promise",
        True: "the study's promise held",
        False: "the study's promise did not hold: fit again with rows like these",
    }[outcome.kept]
    return f"{line}; on {outcome.n} rows with a value: {scores}; {kept}"


def preview_document(part: Preview, table: Table) -> dict[str, object]:
    """The JSON form of what `print_preview` prints."""
    return {
        "schema_version": 1,
        "target": part.target,
        "task": part.task,
        "rows": part.rows,
        "inputs": part.inputs,
        "splits": list(part.splits),
        "headline": part.headline,
        "read": {
            "file": table.source.file,
            "sheet": table.source.sheet,
            "encoding": table.source.encoding,
            "delimiter": table.source.delimiter,
            "decimal": table.source.decimal,
            "turned": table.source.turned,
            "header_rows": list(table.header_rows),
            "unit_row": table.unit_row,
            "picture": [asdict(row) for row in table.picture],
        },
        "findings": [
            {
                "rule": found.rule,
                "severity": found.severity,
                "what": found.what,
                "place": str(found.place),
                "remedy": found.remedy,
                "cells": [asdict(cell) for cell in found.cells],
            }
            for found in part.findings
        ],
    }


def print_preview(part: Preview) -> None:
    put(f"{part.target or 'nothing labelled'}: {part.task}, {part.rows} rows, {part.inputs} inputs")
    for line in part.splits:
        put(f"  {line}")
    said = Counter[str]()
    for found in part.findings:
        said[found.rule] += 1
        # Forty copies of the target in a spectrum would bury everything else.
        if said[found.rule] > MOST_OF_A_RULE:
            continue
        # File and sheet are known; the row and the column are what one looks up.
        where = str(replace(found.place, file=None, sheet=None))
        put(f"  [{found.severity}] {where}: {found.what}" if where else f"  [{found.severity}] {found.what}")
        put(f"      {found.remedy}")
    for rule, count in said.items():
        if count > MOST_OF_A_RULE:
            put(f"  and {count - MOST_OF_A_RULE} more findings of the kind '{rule}'; --json lists them all")
