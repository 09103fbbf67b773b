"""Roles as the text of a role file, long form."""

from __future__ import annotations

import json

from tabcouce.read.table import Layout, Source
from tabcouce.roles.declaration import Derived
from tabcouce.roles.role import Approved, ColumnRole, Roles

HEAD = """\
# What each column is to the question. Check it, correct it, and give it to `tabcouce fit --roles`.
# kind   target      the quality value to predict
#        condition   a setting one can choose       sensor  a reading
#        context     label of where or when a row was made: machine, lot, operator, period
#        proxy       a reading that gives the context away: room temperature, tool counter
#        identifier  running number, serial         after   recorded after the result
#        ignored     not used
#        Only condition, sensor and proxy columns are inputs of a model.
# flags  time   gives the order of the rows
#        group  rows with the same value stay together (pieces of one shot, one sample)
#        split  the context that is held out to judge the models
# May be added to a column: expected = "increases" (decreases, peak, none), basis = "physics",
#        tolerance = { offset = 1.5, gain = 0.01 }, lower, upper, target_value, step;
#        of sensors that deviate together: block = "card 1", and ordered = true where its columns
#        follow a physical order (waveform, zones, spectrum); in the unit of the column:
#        repeatability (deviation of repeated readings), loading (change with the surroundings),
#        drift (slow excursion; rows in time order);
#        of a target: goal = "maximise | minimise | target | within".
"""


def role_text(roles: Roles, source: Source, *, layout: Layout, derive: tuple[Derived, ...]) -> str:
    """The whole file; `read_role_file` gives the same roles back."""
    lines = [HEAD, f"file = {_quote(source.file)}"]
    lines += _layout_lines(layout)
    if roles.task is not None:
        lines.append(f"task = {_quote(roles.task)}")
    lines.append(f"targets = {_list(roles.targets)}")
    if roles.positive_class is not None:
        lines.append(f"positive_class = {_quote(roles.positive_class)}")
    if roles.order:
        lines.append(f"order = {_list(roles.order)}")
    if roles.split_context is not None:
        lines.append(f"split_context = {_quote(roles.split_context)}")
    if roles.test_contexts:
        lines.append(f"test_contexts = {_list(roles.test_contexts)}")
    if roles.approved is not None:
        lines.append(f"approved = {{ {_approved(roles.approved)} }}")
    if roles.golden is not None:
        golden = roles.golden
        told = golden.level if golden.column is None else _quote(f"{golden.column}={golden.level}")
        lines.append(f"golden = {told}")
    for made in derive:
        form = "" if made.format is None else f", format = {_quote(made.format)}"
        how = f"from = {_quote(made.source)}{form}, part = {_quote(made.part)}"
        lines.append(f"derive.{_quote(made.name)} = {{ {how} }}")
    for column in roles.columns:
        lines += ["", *_column_lines(column)]
    return "\n".join(lines) + "\n"


def _approved(approved: Approved) -> str:
    pairs = {"column": approved.column, "value": approved.value, "from": approved.start, "to": approved.end}
    return ", ".join(f"{key} = {_quote(text)}" for key, text in pairs.items() if text is not None)


def _layout_lines(layout: Layout) -> list[str]:
    lines = []
    pairs = {"sheet": layout.sheet, "sep": layout.delimiter, "encoding": layout.encoding}
    pairs |= {"decimal": layout.decimal, "range": layout.range, "join": layout.join}
    for key, value in pairs.items():
        if value is not None:
            lines.append(f"{key} = {_quote(value)}")
    if layout.header_rows is not None:
        lines.append(f"header_rows = {list(layout.header_rows)}")
    if layout.missing:
        lines.append(f"na_values = {_list(layout.missing)}")
    if layout.transpose is not None:
        lines.append(f"transpose = {str(layout.transpose).lower()}")
    if layout.stack_sheets:
        lines.append("stack_sheets = true")
    lines += [
        f"{key} = {_list(names)}"
        for key, names in (("fill_down", layout.fill_down), ("on", layout.on))
        if names
    ]
    return lines


def _column_lines(column: ColumnRole) -> list[str]:
    lines = [f"[columns.{_quote(column.name)}]", f"kind = {_quote(column.kind)}"]
    if column.flags:
        lines.append(f"flags = {_list(tuple(sorted(column.flags)))}")
    if column.unit is not None:
        lines.append(f"unit = {_quote(column.unit)}")
    if column.tolerance is not None:
        tolerance = column.tolerance
        lines.append(f"tolerance = {{ offset = {tolerance.offset!r}, gain = {tolerance.gain!r} }}")
    if column.graph is not None:
        lines.append(f"graph = {_quote(column.graph)}")
    if column.expected != "unknown":
        lines.append(f"expected = {_quote(column.expected)}")
    if column.basis is not None:
        lines.append(f"basis = {_quote(column.basis)}")
    limits = {"lower": column.lower, "upper": column.upper}
    limits |= {"target_value": column.target_value, "step": column.step}
    lines += [f"{key} = {value!r}" for key, value in limits.items() if value is not None]
    if column.goal is not None:
        lines.append(f"goal = {_quote(column.goal)}")
    if column.block is not None:
        lines.append(f"block = {_quote(column.block)}")
    if column.ordered:
        lines.append("ordered = true")
    budgets = {"repeatability": column.repeatability, "loading": column.loading, "drift": column.drift}
    lines += [f"{key} = {value!r}" for key, value in budgets.items() if value is not None]
    if column.reason:
        lines.append(f"reason = {_quote(column.reason)}")
    return lines


def _quote(text: str) -> str:
    # JSON strings are TOML basic strings, except that TOML also wants DEL escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quote, texts))}]"
