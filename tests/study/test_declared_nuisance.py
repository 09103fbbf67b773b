"""What the roles declare reaches the encoder in its own terms."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from tabcouce.encoder import Nuisance
from tabcouce.errors import RoleError
from tabcouce.read.table import Source
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.study.declared import declared_nuisance


def dataset(*inputs: ColumnRole, order: np.ndarray | None = None) -> Dataset:
    rows = 6
    return Dataset(
        name="line",
        source=Source("line.csv", hashlib.sha256(b"").hexdigest()),
        task="regression",
        target="y",
        X=pd.DataFrame(np.zeros((rows, len(inputs))), columns=[role.name for role in inputs]),
        y=np.zeros(rows),
        classes=(),
        contexts=pd.DataFrame(index=range(rows)),
        group=None,
        order=order,
        rows=np.arange(rows),
        roles=Roles(columns=(*inputs, ColumnRole("y", "target")), targets=("y",), origin="file"),
    )


def test_blocks_their_order_and_every_budget_arrive_under_the_columns_names() -> None:
    found = declared_nuisance(
        dataset(
            ColumnRole("温度[℃]", "sensor", block="zones", ordered=True, repeatability=0.2),
            ColumnRole("b", "sensor", block="zones", loading=-0.5),
            ColumnRole("alone", "sensor", block="card", ordered=True),
            ColumnRole("set", "condition", block="zones", drift=1.0),
            order=np.array([1.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        )
    )
    assert found == Nuisance(
        blocks={"zones": ["温度[℃]", "b"]},
        ordered=("zones",),
        repeatability={"温度[℃]": 0.2},
        loading={"b": -0.5},
        drift={"set": 1.0},
        in_time_order=True,
    )


def test_nothing_declared_is_no_nuisance() -> None:
    assert declared_nuisance(dataset(ColumnRole("a", "sensor"), ColumnRole("b", "sensor", block="x"))) is None


@pytest.mark.parametrize("order", [None, np.array([1.0, 3.0, 2.0, 4.0, 5.0, 6.0])])
def test_a_drift_needs_rows_in_time_order(order: np.ndarray | None) -> None:
    with pytest.raises(RoleError, match="'a' is declared to drift"):
        declared_nuisance(dataset(ColumnRole("a", "sensor", drift=1.0), order=order))
