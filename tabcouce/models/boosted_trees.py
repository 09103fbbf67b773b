"""LightGBM under neutral names: settings for n rows, rounds chosen inside the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from lightgbm import Booster as Booster
from scipy.special import expit, softmax

from tabcouce.models.inner_split import InnerFold

Floats = npt.NDArray[np.float64]

SMALL = 2000
THREADED_CELLS = 1_000_000
"""Below, folds side by side on one thread each are faster than one by one on two: five folds of 10,000 rows
of the simulated line in 72 against 105 s of wall (`executor` in benchmarks/results/scale.json)."""


def useful_threads(threads: int, cells: int) -> int:
    """One on small tables: there threads wait for each other longer than they work."""
    return threads if cells >= THREADED_CELLS else 1


@dataclass(frozen=True)
class TreeSettings:
    """How trees are grown.

    classes  0 for regression, else the number of classes
    """

    classes: int
    rate: float
    leaves: int
    min_leaf: int
    row_share: float
    bins: int
    most_rounds: int
    least_rounds: int
    patience: int
    threads: int
    seed: int
    monotone: tuple[int, ...] = ()
    """Per column 1, -1 or 0: the direction that every tree must keep; empty holds none."""

    @classmethod
    def for_rows(cls, n: int, p: int, *, classes: int, threads: int, seed: int) -> TreeSettings:
        """Scaled to n rows and p columns.

        LightGBM's own default asks for 20 rows a leaf and gives a constant on 40 rows. Up to a few
        hundred rows: 7 leaves of max(3, n / 20) rows. Large n: the tuned defaults of pytabkit
        (Holzmueller et al., NeurIPS 2024), 100 leaves at rate 0.05 (regression), 50 leaves of 40
        rows at 0.04 (classes), rows redrawn each round. In between the leaves grow with n.
        DIFF: at most 1000 rounds; at least 10 rows a leaf from 200 rows on; below 2,000 rows rate
        0.08, and 63 bins where columns are many: as good on the development tables in half the time.
        """
        small = n < SMALL
        return cls(
            classes=classes,
            rate=0.08 if small else 0.04 if classes else 0.05,
            leaves=int(np.clip(n // 50, 7, 50 if classes else 100)),
            min_leaf=int(np.clip(n // 20, 3, 40 if classes else 10)),
            row_share=0.75 if classes else 0.7,
            bins=63 if small and p > 20 else 255,
            most_rounds=1000,
            least_rounds=20,
            patience=30 if small else 50,
            threads=useful_threads(threads, n * p),
            seed=seed,
        )

    def parameters(self, n: int) -> dict[str, Any]:
        """LightGBM's names; n is the number of rows to train on."""
        objective = "regression" if self.classes == 0 else "binary" if self.classes == 2 else "multiclass"
        return {
            "objective": objective,
            "num_class": self.classes if self.classes > 2 else 1,
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_leaf,
            "min_sum_hessian_in_leaf": 1e-3,
            # Fewer rows than levels in a group are the rule on small tables.
            "min_data_per_group": min(100, self.min_leaf),
            "min_data_in_bin": 1 if n < 1000 else 3,
            "lambda_l2": 1.0,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "max_bin": self.bins,
            "boost_from_average": False,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": self.threads,
            "seed": self.seed,
            "verbosity": -1,
            **({"monotone_constraints": list(self.monotone)} if any(self.monotone) else {}),
        }


@dataclass(frozen=True)
class Rounds:
    """Chosen number of rounds, and what the inner models say of rows they did not see.

    held_out  (n,) or (n, k) raw score without offset of each training row that was held out;
              NaN for rows that no inner fold tested
    """

    count: int
    held_out: Floats


def base_score(y: Floats, classes: int) -> Floats:
    """Mean, log-odds of the second class, or log shares: where boosting starts; shape () or (k,)."""
    if classes == 0:
        return np.asarray(y.mean())
    # Half a row more for each class keeps the logarithm finite when inner rows lack one.
    share = (np.bincount(y.astype(int), minlength=classes) + 0.5) / (len(y) + 0.5 * classes)
    return np.log(share) if classes > 2 else np.asarray(np.log(share[1] / share[0]))


def choose_rounds(
    codes: Floats,
    y: Floats,
    offset: Floats,
    categorical: Sequence[int],
    folds: Sequence[InnerFold],
    settings: TreeSettings,
) -> Rounds:
    """Rounds of least held-out loss, averaged over the folds; at least `least_rounds`.

    codes   (n, p); y (n,) value or class number
    offset  (n,) or (n, k) raw score the trees add to
    """
    data = lgb.Dataset(
        codes,
        label=y,
        init_score=offset,
        categorical_feature=list(categorical),
        params={**settings.parameters(len(y)), "feature_pre_filter": False},
        free_raw_data=False,
    )
    result = lgb.cv(
        settings.parameters(len(y)),
        data,
        num_boost_round=settings.most_rounds,
        folds=[(fold.train, fold.test) for fold in folds],
        stratified=False,
        callbacks=[lgb.early_stopping(settings.patience, verbose=False)],
        return_cvbooster=True,
    )
    curve = next(values for name, values in result.items() if name.endswith("-mean"))
    count = max(settings.least_rounds, int(np.argmin(curve)) + 1)
    held_out = np.full(offset.shape, np.nan)
    for fold, booster in zip(folds, result["cvbooster"].boosters, strict=True):
        held_out[fold.test] = raw_score(booster, codes[fold.test], settings.threads, rounds=count)
    return Rounds(count, held_out)


def grow(
    codes: Floats,
    y: Floats,
    offset: Floats,
    categorical: Sequence[int],
    rounds: int,
    settings: TreeSettings,
) -> lgb.Booster:
    """Trees on all given rows, on top of `offset`."""
    data = lgb.Dataset(
        codes,
        label=y,
        init_score=offset,
        categorical_feature=list(categorical),
        params={**settings.parameters(len(y)), "feature_pre_filter": False},
    )
    return lgb.train(settings.parameters(len(y)), data, num_boost_round=rounds)


def raw_score(booster: lgb.Booster, codes: Floats, threads: int, rounds: int | None = None) -> Floats:
    """(n,) or (n, k) sum of the trees, without offset."""
    return booster.predict(
        codes, raw_score=True, num_threads=useful_threads(threads, codes.size), num_iteration=rounds
    )


def tree_leaves(booster: lgb.Booster, codes: Floats, threads: int) -> npt.NDArray[np.int32]:
    """(n, trees) number of the leaf that each row ends in."""
    leaves = np.asarray(
        booster.predict(codes, pred_leaf=True, num_threads=useful_threads(threads, codes.size))
    )
    return leaves.reshape(len(codes), -1).astype(np.int32)


def tree_contributions(booster: lgb.Booster, codes: Floats, classes: int, threads: int) -> Floats:
    """(n, p + 1), or (n, k, p + 1) for more than two classes: exact SHAP values, base last.

    Lundberg et al. (2020), path dependent, as LightGBM computes them.
    """
    flat = np.asarray(
        booster.predict(codes, pred_contrib=True, num_threads=useful_threads(threads, codes.size))
    )
    return flat.reshape(len(codes), classes, -1) if classes > 2 else flat


def to_estimate(raw: Floats, classes: int) -> Floats:
    """Raw score as predicted value (n,) or class probabilities (n, k)."""
    if classes == 0:
        return raw
    if classes == 2:
        positive = expit(raw)
        return np.column_stack([1.0 - positive, positive])
    return softmax(raw, axis=1)


def as_text(booster: lgb.Booster) -> str:
    """LightGBM's own text format; it keeps every split exactly."""
    return booster.model_to_string()


def from_text(text: str) -> lgb.Booster:
    return lgb.Booster(model_str=text)
