"""A declaration meets its table."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import CellError, RoleError
from tabcouce.read.table import Column, Source, Table
from tabcouce.roles import ColumnEntry, Declaration, Derived, resolve


def table_of(**cells: list[object]) -> Table:
    frame = pd.DataFrame(
        {
            name: pd.Series(
                column, dtype=float if all(isinstance(c, (int, float)) for c in column) else object
            )
            for name, column in cells.items()
        }
    )
    columns = tuple(Column(name, chr(ord("A") + k)) for k, name in enumerate(frame.columns))
    return Table(Source("a.csv", ""), columns, frame, np.arange(2, 2 + len(frame)), (1,))


TABLE = table_of(
    a=[1, 2, 3],
    b=[1, 2, 2],
    grade=["x", "y", "x"],
    when=["2020-01-05", "2020-02-01", None],
    m=[1, 1, 2],
    y=[1, 2, 3],
)


def kinds(declaration: Declaration, table: Table = TABLE) -> dict[str, str]:
    return {column.name: column.kind for column in resolve(declaration, table).roles.columns}


def test_the_rest_is_a_sensor_and_dates_are_no_inputs() -> None:
    assert kinds(Declaration(targets=("y",), context=("m",))) == {
        "a": "sensor", "b": "sensor", "grade": "sensor", "when": "ignored", "m": "context", "y": "target",
    }  # fmt: skip


def test_drop_beats_inputs_and_inputs_limit_the_rest() -> None:
    resolved = resolve(Declaration(targets=("y",), inputs=("a", "b"), drop=("a",)), TABLE)
    assert [c.name for c in resolved.roles.columns if c.is_input] == ["b"]
    assert any("'a'" in warning for warning in resolved.roles.warnings)


def test_a_time_column_is_an_input_only_where_inputs_or_its_entry_say_so() -> None:
    assert not resolve(Declaration(targets=("y",), time="a"), TABLE).roles.of("a").is_input
    assert resolve(Declaration(targets=("y",), time="a", inputs=("a", "b")), TABLE).roles.of("a").is_input
    entry = ColumnEntry("a", kind="sensor", flags=frozenset({"time"}))
    roles = resolve(Declaration(targets=("y",), columns=(entry,)), TABLE).roles
    assert roles.of("a").is_input
    assert roles.order == ("a",)


def test_names_compare_stripped_and_nfkc() -> None:
    table = table_of(**{"温度[°C]": [1, 2], "y": [1, 2]})
    assert kinds(Declaration(targets=(" y ",), drop=("温度[℃] ",)), table)["温度[°C]"] == "ignored"


def test_a_missing_name_suggests_the_closest() -> None:
    table = table_of(**{"Strength_MPa": [1, 2], "x": [1, 2]})
    with pytest.raises(RoleError, match="'strenght_MPa', named under 'targets'") as caught:
        resolve(Declaration(targets=("strenght_MPa",)), table)
    assert "'Strength_MPa'" in caught.value.remedy


@pytest.mark.parametrize(
    "declaration",
    [
        Declaration(targets=("y",), context=("y",)),
        Declaration(targets=("y",), inputs=("y",)),
        Declaration(targets=("y",), context=("m",), inputs=("m",)),
        Declaration(targets=("y",), columns=(ColumnEntry("y", kind="sensor"),)),
        Declaration(targets=("y",), columns=(ColumnEntry("a", kind="after"), ColumnEntry("a", kind="proxy"))),
    ],
)
def test_two_kinds_on_one_column_are_refused(declaration: Declaration) -> None:
    with pytest.raises(RoleError, match="both"):
        resolve(declaration, TABLE)


def test_no_target_is_refused() -> None:
    with pytest.raises(RoleError, match="No target"):
        resolve(Declaration(context=("m",)), TABLE)


def test_letters_name_columns() -> None:
    declaration = Declaration(
        targets=("not there",), target_column="F", drop_columns=("A",), alternative_target_column="B"
    )
    found = resolve(declaration, TABLE).roles
    assert found.targets == ("y",)
    assert [c.name for c in found.columns if c.kind == "ignored"] == ["a", "b", "when"]


def test_a_split_context_becomes_a_context_and_its_levels_are_checked() -> None:
    resolved = resolve(Declaration(targets=("y",), split_context="m", test_contexts=("2",)), TABLE).roles
    assert resolved.of("m").kind == "context"
    assert "split" in resolved.of("m").flags
    with pytest.raises(RoleError, match="no level"):
        resolve(Declaration(targets=("y",), split_context="m", test_contexts=("7",)), TABLE)


def test_derived_columns_come_last() -> None:
    derive = (
        Derived("month", "when", "month"),
        Derived("quarter", "when", "yearquarter"),
        Derived("year", "when", "year"),
    )
    resolved = resolve(Declaration(targets=("y",), derive=derive), TABLE)
    assert [c.name for c in resolved.roles.columns][-3:] == ["month", "quarter", "year"]
    assert resolved.table.frame["quarter"].tolist() == ["2020Q1", "2020Q1", None]
    assert resolved.table.frame["month"].tolist()[:2] == [1.0, 2.0]
    assert resolved.table.columns[-1].letter == ""


def test_the_first_whole_number_of_a_text_is_derived() -> None:
    table = table_of(lot=["L12-b", "M7", None], y=[1, 2, 3])
    found = resolve(Declaration(targets=("y",), derive=(Derived("n", "lot", "int"),)), table).table.frame["n"]
    assert found.tolist()[:2] == [12.0, 7.0]
    assert np.isnan(found.iloc[2])


def test_an_unreadable_date_has_its_address() -> None:
    table = table_of(when=["2020-01-05", "soon", "later"], y=[1, 2, 3])
    with pytest.raises(CellError, match="'soon' is not a date \\(2 such cells\\)") as caught:
        resolve(Declaration(targets=("y",), derive=(Derived("m", "when", "month"),)), table)
    assert (caught.value.place.row, caught.value.place.column) == (3, "when")
