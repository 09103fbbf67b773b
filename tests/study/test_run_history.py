"""The rows that `suggest` starts from: all of a table, or a bounded part of a long one with its addresses."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from tabcouce.read.table import Column, Source, Table
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.study import run_history
from tabcouce.study.run_history import RunHistory


def study(rows: int):
    """What a history reads of a study; 'x' names the row it stands in."""
    frame = pd.DataFrame({"x": np.arange(rows) + 2.0, "machine": "M1", "y": np.nan, "note": "-"})
    kinds = {"x": "condition", "machine": "context", "y": "target", "note": "ignored"}
    table = Table(
        Source("line.csv", ""), tuple(Column(n, "A") for n in frame), frame, np.arange(rows) + 2, (1,)
    )
    roles = Roles(tuple(ColumnRole(name, kind) for name, kind in kinds.items()), ("y",))
    return SimpleNamespace(table=table, roles=roles, derive=(), seed=0)


def test_a_table_within_the_bound_is_kept_whole_and_comes_back_from_its_text():
    past = RunHistory.of(study(30))
    assert list(past.cells.columns) == ["x", "machine", "y"] and past.rows.tolist() == list(range(2, 32))
    back = RunHistory.from_text(past.text(), past.settings())
    assert back.cells.equals(past.cells) and back.rows.tolist() == past.rows.tolist()
    assert back.values("x").tolist() == (np.arange(30) + 2.0).tolist()


def test_of_a_longer_table_rows_from_beginning_to_end_are_kept_with_their_addresses(monkeypatch):
    monkeypatch.setattr(run_history, "MOST_ROWS", 100)
    past = RunHistory.of(study(1000))
    assert len(past.rows) == len(past.cells) == 100 and (np.diff(past.rows) > 0).all()
    assert past.values("x").tolist() == past.rows.tolist()
    assert past.rows.min() < 100 and past.rows.max() > 900
