"""Pure error of replicated settings against loops and against a simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabcouce.evaluation.noise_ceiling import noise_ceiling


def test_pure_error_is_the_pooled_variance_of_a_plain_loop(dataset_of) -> None:
    X = pd.DataFrame(
        {"温度[℃]": [1, 1, 1, 2, 2, 3, 4, 4, 4], "b": [0, 0, 0, 0, 0, np.nan, np.nan, np.nan, 1.0]}
    )
    y = np.array([1.0, 2.0, 4.0, 7.0, 9.0, 5.0, 3.0, 8.0, 1.0])
    y2, X2 = np.append(y, [2.0, 6.0]), pd.concat([X, X.iloc[[5, 0]]], ignore_index=True)
    groups: dict[str, list[float]] = {}
    for cells, value in zip(X2.to_numpy().tolist(), y2, strict=True):
        groups.setdefault(str(cells), []).append(float(value))
    free = sum(len(g) - 1 for g in groups.values())
    within = sum((v - sum(g) / len(g)) ** 2 for g in groups.values() for v in g) / free
    found = noise_ceiling(dataset_of(X2, y2, np.arange(len(y2)) % 2))
    assert found is not None and found.deviation == pytest.approx(within**0.5)
    assert found.settings == sum(len(g) > 1 for g in groups.values())
    assert found.r2 == pytest.approx(max(0.0, 1 - within / y2.var(ddof=1)))


def test_the_ceiling_is_that_of_the_noise(dataset_of) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": np.repeat(rng.normal(size=400), 3)})
    y = 2 * X["a"].to_numpy() + rng.normal(size=1200)
    found = noise_ceiling(dataset_of(X, y, np.arange(1200) % 3))
    assert found is not None
    assert found.deviation == pytest.approx(1.0, rel=0.05) and found.r2 == pytest.approx(0.8, abs=0.03)


def test_without_repeats_nothing_is_said(dataset_of) -> None:
    X = pd.DataFrame({"a": np.arange(30.0)})
    assert noise_ceiling(dataset_of(X, np.arange(30.0), np.arange(30) % 3)) is None
