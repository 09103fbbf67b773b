"""A table and its roles become datasets."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import CellError, RoleError, TabcouceError
from tabcouce.read.table import Column, Source, Table
from tabcouce.roles import Dataset, Declaration, datasets, resolve
from tabcouce.roles.level import level_text


def table_of(cells: dict[str, list[object]]) -> Table:
    frame = pd.DataFrame(
        {
            name: pd.Series(column, dtype=object if any(isinstance(c, str) for c in column) else float)
            for name, column in cells.items()
        }
    )
    columns = tuple(Column(name, chr(ord("A") + k)) for k, name in enumerate(frame.columns))
    return Table(Source("a.xlsx", "", sheet="S"), columns, frame, np.arange(10, 10 + len(frame)), (9,))


def make(cells: dict[str, list[object]], declaration: Declaration) -> tuple[Dataset, ...]:
    resolved = resolve(declaration, table_of(cells))
    return datasets(resolved.table, resolved.roles, name="a")


N = 12
X: list[object] = [float(k) for k in range(N)]
M: list[object] = [1.0, 2.0, 3.0, 4.0] * 3


def test_rows_without_a_target_are_left_out_and_keep_their_addresses() -> None:
    y = [None, *[float(k) for k in range(N - 1)]]
    (data,) = make({"x": X, "m": M, "y": y}, Declaration(targets=("y",), context=("m",)))
    assert data.X.shape == (11, 1)
    assert data.rows.tolist() == list(range(11, 22))
    assert data.task == "regression"
    assert data.contexts["m"].tolist()[:4] == ["2", "3", "4", "1"]
    assert list(data.X.index) == list(range(11))


def test_each_target_has_its_own_rows_and_is_never_an_input() -> None:
    z = [*X[:-1], None]
    first, second = make({"x": X, "y": X, "z": z}, Declaration(targets=("y", "z")))
    assert (len(first.y), len(second.y)) == (12, 11)
    assert list(first.X.columns) == list(second.X.columns) == ["x"]


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        (["OK", "NG"] * 6, "binary", ("OK", "NG")),
        ([0.0, 1.0] * 6, "binary", ("0", "1")),
        (["a", "b", "b"] * 4, "binary", ("b", "a")),
        (["a", "b", "c"] * 4, "multiclass", ("a", "b", "c")),
        ([1.0, 2.0, 3.0] * 4, "regression", ()),
    ],
)
def test_the_task_is_guessed_from_the_values(y: list[object], task: str, classes: tuple[str, ...]) -> None:
    (data,) = make({"x": X, "y": y}, Declaration(targets=("y",)))
    assert (data.task, data.classes) == (task, classes)
    if classes:
        assert [data.classes[int(k)] for k in data.y] == [level_text(value) for value in y]


def test_numbers_can_be_declared_classes_in_numeric_order_and_the_positive_class_is_second() -> None:
    (data,) = make({"x": X, "y": [10.0, 9.0, 1.0] * 4}, Declaration(targets=("y",), task="multiclass"))
    assert data.classes == ("1", "9", "10")
    (data,) = make(
        {"x": X, "y": [0.0, 1.0] * 6}, Declaration(targets=("y",), task="anomaly", positive_class="0")
    )
    assert data.classes == ("1", "0")


def test_text_becomes_a_category_and_numbers_never_do() -> None:
    grade: list[object] = ["b ", "a", None] * 4
    (data,) = make({"x": M, "g": grade, "y": X}, Declaration(targets=("y",)))
    assert data.X["x"].dtype == np.float64
    assert isinstance(data.X["g"].dtype, pd.CategoricalDtype)
    assert data.X["g"].tolist()[:2] == ["b", "a"]
    assert data.X["g"].isna().sum() == 4


def test_blank_contexts_and_groups() -> None:
    lot: list[object] = ["L1 ", "L1", None, None] * 3
    (data,) = make(
        {"x": X, "lot": lot, "y": X}, Declaration(targets=("y",), context=("lot",), group=("lot",))
    )
    assert data.contexts["lot"].tolist()[:3] == ["L1", "L1", "(blank)"]
    assert data.group is not None
    assert len(np.unique(data.group)) == 1 + 6  # each row without a lot stands for itself


def test_order_ranks_by_all_its_columns_and_reads_dates() -> None:
    year = [2.0, 1.0] * 6
    (data,) = make({"x": X, "year": year, "k": X, "y": X}, Declaration(targets=("y",), order=("year", "k")))
    assert data.order is not None
    assert data.order.argsort().tolist() == [1, 3, 5, 7, 9, 11, 0, 2, 4, 6, 8, 10]
    when: list[object] = [f"{day}/1/2020" for day in range(20, 20 - N, -1)]
    (data,) = make({"x": X, "when": when, "y": X}, Declaration(targets=("y",), time="when"))
    assert data.order is not None
    assert data.order.tolist() == list(range(11, -1, -1))


def test_an_input_without_any_value_is_left_out() -> None:
    (data,) = make({"x": X, "e": [None] * N, "y": X}, Declaration(targets=("y",)))
    assert list(data.X.columns) == ["x"]


BAD: list[object] = ["1.5", "n/a", "2", "３", "-", *map(str, range(7))]


@pytest.mark.parametrize(
    ("cells", "declaration", "error", "said", "row", "column"),
    [
        ({"x": X, "y": BAD}, {}, CellError, "'n/a' in the target column is not a number (2", 11, "y"),
        ({"x": BAD, "y": X}, {}, CellError, "'n/a' in the input column is not a number (2", 11, "x"),
        ({"x": X, "y": ["a"] * N}, {}, RoleError, "same target value, 'a'", None, "y"),
        ({"x": X, "y": [3.0] * N}, {}, RoleError, "same target value, '3'", None, "y"),
        ({"x": X[:3], "y": X[:3]}, {}, CellError, "3 of 3 rows have a value", None, "y"),
        ({"x": X, "y": [None] * N}, {}, CellError, "No row has a value", None, "y"),
        ({"x": X, "y": ["a", "b", "c"] * 4}, {"task": "binary"}, RoleError, "has 3 classes", None, "y"),
        ({"x": X, "y": ["a", "b"] * 6}, {"task": "regression"}, CellError, "'a' in the target", 10, "y"),
        ({"x": X, "y": ["a", "b"] * 6}, {"positive_class": "c"}, RoleError, "positive class 'c'", None, "y"),
        ({"x": X, "y": [f"t{k}" for k in range(N)]}, {}, RoleError, "12 different texts", None, "y"),
        ({"x": [None] * N, "y": X}, {}, RoleError, "No input column", None, None),
        ({"x": X, "t": ["a", "b"] * 6, "y": X}, {"time": "t"}, CellError, "'a' is not a date", 10, "t"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_error(
    cells: dict[str, list[object]],
    declaration: dict[str, str],
    error: type[TabcouceError],
    said: str,
    row: int | None,
    column: str | None,
) -> None:
    with pytest.raises(error) as caught:
        make(cells, Declaration(targets=("y",), **declaration))  # type: ignore[arg-type]
    assert said in caught.value.what
    assert (caught.value.place.row, caught.value.place.column) == (row, column)
    assert caught.value.place.sheet == "S"
    assert caught.value.remedy


def test_a_csv_and_a_workbook_give_true_and_false_the_same_text() -> None:
    assert [level_text(v) for v in (True, "True", " true", False, "FALSE")] == ["TRUE"] * 3 + ["FALSE"] * 2
