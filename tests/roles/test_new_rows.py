"""A new file is read as the study's data were."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import CellError, RoleError
from tabcouce.read.table import Column, Source, Table
from tabcouce.roles import Declaration, Derived, Roles, datasets, new_rows, resolve

N = 12
TRAIN = {
    "温度[℃]": [float(k) for k in range(N)],
    "grade": ["a", "b", "b"] * 4,
    "date": [f"2024-{1 + k}-03" for k in range(N)],
    "machine": ["A", "B"] * 6,
    "y": [float(k % 5) for k in range(N)],
}


def table_of(cells: dict[str, list[float] | list[str]]) -> Table:
    frame = pd.DataFrame(
        {n: pd.Series(c, dtype=object if isinstance(c[0], str) else float) for n, c in cells.items()}
    )
    return Table(
        Source("b.csv", ""), tuple(Column(n, "A") for n in frame), frame, np.arange(2, 2 + len(frame)), (1,)
    )


DERIVE = (Derived("month", "date", "month"),)


def study() -> tuple[Roles, pd.DataFrame]:
    resolved = resolve(Declaration(targets=("y",), context=("machine",), derive=DERIVE), table_of(TRAIN))
    (data,) = datasets(resolved.table, resolved.roles, name="a")
    return resolved.roles, data.X


def test_inputs_are_found_under_other_widths_and_in_any_order_without_target_or_context() -> None:
    roles, X = study()
    new = table_of(
        {
            "other": [1.0, 2.0],
            "date": ["2025-05-01", "2025-06-01"],
            "grade ": ["b", "c"],
            "温度[°C]": [7.0, 8.0],
        }
    )
    found = new_rows(new, roles, X, derive=DERIVE)
    assert list(found.X.columns) == list(X.columns) == ["温度[℃]", "grade", "month"]
    assert found.X["month"].tolist() == [5.0, 6.0]
    assert found.X["grade"].tolist() == ["b", "c"]
    assert found.contexts["machine"].tolist() == ["(blank)", "(blank)"]
    assert found.targets == ()
    assert found.rows.tolist() == [2, 3]


def test_missing_and_renamed_columns_are_named_with_the_closest() -> None:
    roles, X = study()
    with pytest.raises(RoleError, match="2 input columns are missing: '温度\\[℃\\]', 'month'") as caught:
        new_rows(table_of({"温度 [degC]": [7.0], "grade": ["b"]}), roles, X, derive=DERIVE)
    assert "'温度[℃]' may now be called '温度 [degC]'" in caught.value.remedy


def test_text_in_a_numeric_column_has_its_address() -> None:
    roles, X = study()
    new = table_of({"温度[℃]": ["7", "hot"], "grade": ["b", "b"], "month": [1.0, 2.0], "y": [1.0, 2.0]})
    with pytest.raises(CellError, match="'hot' in the input column is not a number") as caught:
        new_rows(new, roles, X, derive=DERIVE)
    assert caught.value.place.row == 3
