"""Every limit that bit is told with what there would have been, and none that did not bite."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation import Trial
from tabcouce.read.table import Source
from tabcouce.report.catalogue import words
from tabcouce.report.naming import cap_text
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits import plan_splits
from tabcouce.study.caps import caps, compared
from tabcouce.study.effort import EFFORTS

QUICK = EFFORTS["quick"]


def dataset(rows: int, columns: int = 40) -> Dataset:
    names = [f"x{k}" for k in range(columns)]
    kinds = [ColumnRole(name, "sensor") for name in names]
    kinds += [ColumnRole("machine", "context"), ColumnRole("y", "target")]
    return Dataset(
        name="line",
        source=Source("line.csv", ""),
        task="regression",
        target="y",
        X=pd.DataFrame(np.zeros((rows, columns)), columns=names),
        y=np.arange(rows, dtype=float),
        classes=(),
        contexts=pd.DataFrame({"machine": (np.arange(rows) % 8).astype(str)}),
        group=None,
        order=None,
        rows=np.arange(rows),
        roles=Roles(tuple(kinds), ("y",)),
    )


def told(compared_rows: int, whole_rows: int, **used: int) -> dict[str, tuple[int, int]]:
    data = dataset(compared_rows)
    plan = plan_splits(data, folds=5, seed=0)
    trials = [
        Trial(model, plan.headline, np.zeros(compared_rows), (), 0.0, rows) for model, rows in used.items()
    ]
    whole = dataset(whole_rows)
    found = (*compared(data, whole), *caps(trials, plan, data, whole, QUICK))
    return {cap.what: (cap.limit, cap.had) for cap in found}


def test_nothing_is_told_of_a_small_table():
    assert set(told(80, 80, random_forest=70, lightgbm=70, couce=70)) == {"columns shuffled"}


def test_a_large_table_tells_the_caps_of_every_model_that_competed():
    found = told(10_000, 1_000_000, random_forest=10_000, lightgbm=8_750, kernel=2_000, couce=4_000)
    assert found["rows compared"] == (10_000, 1_000_000)
    trained = max(had for what, (_, had) in found.items() if what.startswith("training rows"))
    assert found["training rows per fold, couce"] == (4_000, trained)
    assert found["rows of choices, kernel"] == (QUICK.kernel_choice, trained)
    assert "inner folds over contexts, lightgbm" not in found  # fewer than a million cells
    more = told(40_000, 40_000, lightgbm=35_000, lightgbm_context=35_000)
    assert more["inner folds over contexts, lightgbm"] == (2, 4)
    assert more["inner folds over rows, lightgbm_context"] == (1, 4)
    assert "inner training rows, lightgbm" not in more
    assert found["inner training rows, lightgbm"] == (100_000, 750_000)
    assert not [what for what in found if what.endswith("lightgbm_context")]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_cap_has_words_of_its_own(lang):
    data, whole = dataset(30_000), dataset(900_000)
    plan = plan_splits(data, folds=5, seed=0)
    models = ("random_forest", "lightgbm", "lightgbm_context", "kernel", "couce")
    trials = [Trial(model, plan.headline, np.zeros(30_000), (), 0.0, 100) for model in models]
    found = (*compared(data, whole), *caps(trials, plan, data, whole, QUICK))
    assert len(found) > 15 and all(cap.limit < cap.had for cap in found)
    w = words(lang)
    for cap in found:
        text = cap_text(cap, w)
        assert cap.what.partition(", ")[0] not in text or lang == "en", text
        assert "{" not in text and "cap." not in text, text
        assert f"cap.{cap.what.partition(', ')[0]}" in w.messages
