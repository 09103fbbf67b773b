"""The role file: both forms, its errors, and writing it back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import RoleError
from tabcouce.read.table import Column, Layout, Source, Table
from tabcouce.roles import (
    ColumnRole,
    Roles,
    Tolerance,
    override,
    read_role_file,
    read_role_sheet,
    resolve,
    write_role_file,
)


def table_of(frame: pd.DataFrame) -> Table:
    letters = [chr(ord("A") + k) for k in range(frame.shape[1])]
    columns = tuple(Column(name, letter) for name, letter in zip(frame.columns, letters, strict=True))
    return Table(
        Source("press.xlsx", "0" * 64, sheet="March"), columns, frame, np.arange(4, 4 + len(frame)), (3,)
    )


def file_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "press.roles.toml"
    path.write_text(text, encoding="utf-8")
    return path


FRAME = pd.DataFrame(
    {
        "温度[℃]": [1.0, 2.0, 3.0],
        '流量, "L/min" {a}': [1.0, 5.0, 3.0],
        "machine": pd.Series(["A", "B", "A"], dtype=object),
        "室温": [20.0, 21.0, 25.0],
        "strength": [4.0, 5.0, 6.0],
    }
)


def test_short_form_gives_layout_lists_and_warnings_for_prose(tmp_path: Path) -> None:
    declared = read_role_file(
        file_of(
            tmp_path,
            'file = "a.csv"\nsheet = "S"\nsep = ";"\nheader_rows = [2, 3]\nna_values = ["-"]\n'
            'targets = ["y"]\ncontext = ["m"]\ntest_contexts = [11, 12.0, "x "]\nnote = "prose"\n',
        )
    )
    assert declared.layout == Layout(sheet="S", delimiter=";", header_rows=(2, 3), missing=("-",))
    assert declared.test_contexts == ("11", "12", "x")
    assert any("note" in warning for warning in declared.warnings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('target = ["y"]', "targets"),
        ('targets = ["y"]\n[columns."a"]\nkind = "sensr"', "sensor"),
        ('targets = ["y"]\n[columns."a"]\nkidn = "sensor"', "kind"),
        ('targets = ["y"]\n[columns."a"]\nflags = ["tiem"]', "time"),
        ('targets = ["y"]\ntask = "regresion"', "regression"),
        ('targets = ["y"]\nderive = { q = { from = "d", part = "quarter" } }', "yearquarter"),
    ],
)
def test_an_unknown_word_names_the_nearest_valid_one(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RoleError) as caught:
        read_role_file(file_of(tmp_path, text))
    assert f"'{said}'" in caught.value.remedy
    assert caught.value.place.file == "press.roles.toml"


@pytest.mark.parametrize("text", ["a = [", 'targets = "a"\ntargets = "b"'])
def test_broken_toml_is_one_clear_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(RoleError, match="not valid TOML"):
        read_role_file(file_of(tmp_path, text))


def test_a_missing_role_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RoleError, match="no such role file"):
        read_role_file(tmp_path / "none.toml")


def test_written_roles_read_back_the_same(tmp_path: Path) -> None:
    roles = Roles(
        columns=(
            ColumnRole("温度[℃]", "sensor", unit="℃", tolerance=Tolerance(1.5, 0.01),
                       expected="increases", basis="physics", lower=-1.0, upper=90.0,
                       target_value=50.0, step=0.5, reason='a "quote" \\ and\nline'),
            ColumnRole('流量, "L/min" {a}', "sensor", flags=frozenset({"time"}), as_input=True,
                       block="spectrum", ordered=True, repeatability=0.2, loading=-0.5, drift=1.5,
                       reason="card 1"),
            ColumnRole("machine", "context", flags=frozenset({"split"}), graph="assignment", reason="m"),
            ColumnRole("室温", "proxy", reason="ambient"),
            ColumnRole("strength", "target", reason="t"),
        ),
        targets=("strength",),
        task="regression",
        split_context="machine",
        test_contexts=("B",),
        order=('流量, "L/min" {a}',),
        origin="file",
    )  # fmt: skip
    path = tmp_path / "out.toml"
    write_role_file(roles, path, Source("press.xlsx", "0" * 64, sheet="March"))
    declared = read_role_file(path)
    assert declared.layout.sheet == "March"
    again = resolve(declared, table_of(FRAME)).roles
    for expected, found in zip(roles.columns, again.columns, strict=True):
        if expected.reason:
            assert found == expected
        assert (found.kind, found.flags, found.as_input) == (expected.kind, expected.flags, expected.as_input)
    assert (again.targets, again.task, again.order) == (roles.targets, roles.task, roles.order)
    assert (again.split_context, again.test_contexts) == ("machine", ("B",))
    assert [p.name for p in tmp_path.iterdir()] == ["out.toml"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("ordered = true", "no block is named"),
        ('block = "b"\nordered = "perhaps"', "not true or false"),
        ("repeatability = -0.1", "'repeatability' is negative"),
        ("drift = -2", "'drift' is negative"),
    ],
)
def test_a_declared_nuisance_that_makes_no_sense_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(f'[columns."a"]\nkind = "sensor"\n{entry}\n', encoding="utf-8")
    with pytest.raises(RoleError, match=message):
        read_role_file(path)


def test_a_role_sheet_declares_an_ordered_block_in_words() -> None:
    declared = read_role_sheet(
        [
            ["name", "block", "ordered", "repeatability"],
            ["a", "zones", "Yes", 0.5],
            ["b", "zones", "no", None],
        ]
    )
    assert [(c.block, c.ordered, c.repeatability) for c in declared.columns] == [
        ("zones", True, 0.5),
        ("zones", False, None),
    ]


def test_a_role_sheet_has_one_row_per_column() -> None:
    declared = read_role_sheet(
        [
            [None, None, None, None, None],
            ["Name", "kind", "flags", "offset", "lower"],
            ["温度[℃]", "sensor", None, 1.5, 10.0],
            ["machine", "context", "split, group", None, None],
            ["strength", "target", None, None, None],
            [None, None, None, None, None],
        ]
    )
    roles = resolve(declared, table_of(FRAME)).roles
    assert roles.origin == "sheet"
    assert roles.of("温度[℃]").tolerance == Tolerance(1.5, 0.0)
    assert roles.of("machine").flags == frozenset({"split", "group"})
    assert roles.targets == ("strength",)


def test_a_role_sheet_error_names_its_row() -> None:
    with pytest.raises(RoleError) as caught:
        read_role_sheet([["name", "kind"], ["a", "sensor"], ["b", "senser"]])
    assert caught.value.place.row == 3
    assert "'sensor'" in caught.value.remedy


def test_the_command_line_overrides_target_and_context_without_leaking_the_old_ones(tmp_path: Path) -> None:
    declared = read_role_file(
        file_of(
            tmp_path,
            'targets = ["strength"]\ncontext = ["machine"]\ndrop = ["室温"]\nsplit_context = "machine"\n',
        )
    )
    changed = override(declared, targets=["室温"], context=[])
    roles = resolve(changed, table_of(FRAME)).roles
    assert roles.targets == ("室温",)
    assert roles.of("strength").kind == "ignored"
    assert roles.of("machine").kind == "ignored"
    assert roles.split_context is None
