"""What the reader's notes say, under 'rule', or 'rule.one' and 'rule.many' by their count.

Placeholders: count, cells (addresses with what was found and taken) and the facts of the note.
"""

from __future__ import annotations

from collections.abc import Mapping

from tabcouce.checks.sentence import Sentence

_CORRECT = "Correct the cells in a copy of the file, or give the column the kind 'ignored'."
_NOT_DETECTED = (
    "They are missing although they are known to be low: write the limit into the cells ('<0.01'), or leave "
    "the rows out on purpose."
)
_LIMIT = (
    "The limit stands for the value, so errors near it look smaller than they are; more exact readings of "
    "these rows help."
)
_HIDDEN = "Show them in Excel and check that they belong to the data."
_SAVE = "Open the file in Excel, let it calculate, save it and run again."
_SHEET = "Name another one with --sheet, or stack sheets of the same columns with --stack-sheets."

READER_SENTENCES: Mapping[str, Sentence] = {
    "title-rows.one": Sentence("1 row above the header was left out: '{text}'"),
    "title-rows.many": Sentence("{count} rows above the header were left out, the first: '{text}'"),
    "no-header": Sentence("No row of names was found; the columns are called by their letters."),
    "spec-rows.one": Sentence("1 row of limits or targets is no data; it gives limits of: {names}."),
    "spec-rows.many": Sentence(
        "{count} rows of limits or targets are no data; they give limits of: {names}."
    ),
    "crossed-limits": Sentence(
        "The lower limit that the sheet states for '{column}' lies above the upper one; neither was taken.",
        "Exchange the two limits in the sheet, or state them in the role file.",
    ),
    "duplicate-header": Sentence(
        "{count} columns are called '{name}' ({letters}); they are told apart as '{name} #1', '{name} #2' "
        "and so on.",
        "Give each column a name of its own.",
    ),
    "blank-column": Sentence(
        "Column {letter} is blank between filled ones; are two tables side by side?",
        "If so, read one of them with --range, e.g. --range A1:F40.",
    ),
    "foot-rows.one": Sentence("1 row below the data was left out: {words}"),
    "foot-rows.many": Sentence("{count} rows below the data were left out: {words}"),
    "subtotal-rows.one": Sentence("1 row of subtotals between the data was left out: {words} (row {rows})"),
    "subtotal-rows.many": Sentence(
        "{count} rows of subtotals between the data were left out: {words} (rows {rows})"
    ),
    "blank-rows.one": Sentence("1 blank row between the data was left out."),
    "blank-rows.many": Sentence("{count} blank rows between the data were left out."),
    "missing-token.one": Sentence("1 cell was read as missing: {cells}"),
    "missing-token.many": Sentence("{count} cells were read as missing: {cells}"),
    "error-cell.one": Sentence("1 error cell was read as missing: {cells}", _SAVE),
    "error-cell.many": Sentence(
        "{count} error cells ({words}) were read as missing: {cells}", "Correct the formulas and save again."
    ),
    "coerced-number.one": Sentence("1 text was read as a number: {cells}"),
    "coerced-number.many": Sentence("{count} texts were read as numbers: {cells}"),
    "unit-in-cells": Sentence("Every cell carries '{unit}'; the {count} texts were read as numbers: {cells}"),
    "limit-below.one": Sentence("1 cell states only that the value is below a limit: {cells}", _LIMIT),
    "limit-below.many": Sentence("{count} cells state only that the value is below a limit: {cells}", _LIMIT),
    "limit-above.one": Sentence("1 cell states only that the value is above a limit: {cells}", _LIMIT),
    "limit-above.many": Sentence("{count} cells state only that the value is above a limit: {cells}", _LIMIT),
    "not-detected.one": Sentence(
        "1 cell says 'not detected' without a limit and was read as missing: {cells}", _NOT_DETECTED
    ),
    "not-detected.many": Sentence(
        "{count} cells say 'not detected' without a limit and were read as missing: {cells}", _NOT_DETECTED
    ),
    "mixed-column.one": Sentence(
        "1 text stands in a column of numbers, so the column is text: {cells}", _CORRECT
    ),
    "mixed-column.many": Sentence(
        "{count} texts stand in a column of numbers, so the column is text: {cells}", _CORRECT
    ),
    "repeat-marks.one": Sentence("1 mark for 'as above' took the value above: {cells}"),
    "repeat-marks.many": Sentence("{count} marks for 'as above' took the value above: {cells}"),
    "mixed-dates.one": Sentence(
        "1 real date stands among dates written as text, so the column is text: {cells}",
        "Day and month of the real dates may be exchanged; write all dates as 2024-03-31.",
    ),
    "mixed-dates.many": Sentence(
        "{count} real dates stand among dates written as text, so the column is text: {cells}",
        "Day and month of the real dates may be exchanged; write all dates as 2024-03-31.",
    ),
    "coerced-date.one": Sentence("1 text was read as a date: {cells}"),
    "coerced-date.many": Sentence("{count} texts were read as dates: {cells}"),
    "refused-date.one": Sentence(
        "1 cell among dates is no certain date and was read as missing: {cells}",
        "Write it as a full date, such as 2024-03-31.",
    ),
    "refused-date.many": Sentence(
        "{count} cells among dates are no certain dates and were read as missing: {cells}",
        "Write them as full dates, such as 2024-03-31.",
    ),
    "empty-column": Sentence("The column has a name but no value."),
    "unnamed-column": Sentence("The column has no name and is called by its letter."),
    "sparse-labels": Sentence(
        "Only {count} of {rows} rows name their '{column}'; is it written on the first row of each only?",
        "If so, fill it down with --fill-down '{column}', or fill_down in the role file.",
    ),
    "filled-down": Sentence("{count} blank cells of '{column}' took the value above them, as asked: {cells}"),
    "encoding-guess": Sentence(
        "Read as {encoding}, judged by its bytes.",
        "If words look wrong, name the encoding with --encoding (utf-8, cp932, euc_jp, cp1252).",
    ),
    "decimal-comma": Sentence("The comma is read as decimal mark."),
    "range": Sentence("Only the cells {text} were read, as asked."),
    "transposed": Sentence(
        "The sheet was turned: its column A holds the names and each further column is one row of data.",
    ),
    "maybe-transposed": Sentence(
        "The names in column A look like quantities and those in the first row like samples: is the sheet "
        "turned?",
        "If so, read it with --transpose.",
    ),
    "other-sheets.one": Sentence("Sheet '{sheet}' was read; not read: {names}", _SHEET),
    "other-sheets.many": Sentence("Sheet '{sheet}' was read; {count} others were not: {names}", _SHEET),
    "same-columns": Sentence(
        "Sheets with the same columns as '{sheet}' were not read: {names}",
        "Stack them with --stack-sheets; the name of the sheet becomes the context 'sheet'.",
    ),
    "external-links": Sentence(
        "The workbook links to other files; no link was followed, stored values count."
    ),
    "macros": Sentence("The workbook holds macros; none was run."),
    "data-connections": Sentence(
        "The workbook holds data connections; none was opened, stored values count."
    ),
    "hidden-sheets.one": Sentence("1 hidden sheet was not read: {names}", _SHEET),
    "hidden-sheets.many": Sentence("{count} hidden sheets were not read: {names}", _SHEET),
    "stacked": Sentence(
        "{count} tables were stacked, the column '{column}' names them: {names}",
        "Leave it among the contexts if what they stand for (lot, month, machine) may matter.",
    ),
    "stack-columns": Sentence(
        "'{part}' lacks columns that other tables have; they are blank there: {names}",
        "Give the columns the same names in every table.",
    ),
    "stack-left-out": Sentence(
        "'{part}' was not stacked: {reason}", "Read it alone with --sheet if it belongs to the data."
    ),
    "joined": Sentence(
        "{count} rows of '{left}' and '{right}' were joined by {keys}.",
        "Check that the key names the same thing in both.",
    ),
    "join-unmatched.one": Sentence(
        "1 row of '{part}' has no partner with the same key and was left out: {cells}",
        "Correct the key if the partner is there.",
    ),
    "join-unmatched.many": Sentence(
        "{count} rows of '{part}' have no partner with the same key and were left out: {cells}",
        "Correct the keys if the partners are there.",
    ),
    "merged-cells.one": Sentence("1 cell below the top of a merged cell took its value: {cells}"),
    "merged-cells.many": Sentence(
        "{count} cells below the top of {ranges} merged ranges took their value: {cells}"
    ),
    "uncalculated-formula.one": Sentence(
        "1 formula of '{column}' has no stored result and counts as missing: {cells}", _SAVE
    ),
    "uncalculated-formula.many": Sentence(
        "{count} formulas of '{column}' have no stored result and count as missing: {cells}", _SAVE
    ),
    "hidden-rows.one": Sentence("1 hidden row was read as data.", _HIDDEN),
    "hidden-rows.many": Sentence("{count} hidden rows were read as data.", _HIDDEN),
    "hidden-columns": Sentence("The hidden column was read as data.", _HIDDEN),
}
