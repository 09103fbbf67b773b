"""Runs until the top 1 % of a table: our search, two peers and random order, from the same starts.

    python benchmarks/replay_tables.py ../shared/data [--only concrete_strength] [--searches kernel]

First target, maximised, all inputs of the table scaled alike for all; 20 starts of 5 rows that are not good.
kernel     tabcouce.advice.replay.KernelSearch
lightgbm   the panel's LightGBM, tuned to n, refitted after each run; the highest prediction is taken
gp_sklearn scikit-learn's Gaussian process, Matern 5/2 and noise by marginal likelihood, with expected
           improvement; a length scale per column up to 15 columns, one for all beyond
gp_botorch SingleTaskGP and LogExpectedImprovement as botorch ships them (the extra `bo`)
Random order is exact; a campaign that has no good row after 100 picks (octane 40) goes on in random
order, counted at its expectation. Per table the paired difference of runs, kernel less each peer, over
the starts.
Adds to benchmarks/results/replay_tables.json after each search, with the commit it ran on.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import RESULTS, commit, write
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from tabcouce.advice.goal import Goal
from tabcouce.advice.replay import KernelSearch, MakeSearch, Pool, Replay, good_rows, replay
from tabcouce.models import BoostingModel
from tabcouce.models.kernel_inputs import KernelInputs
from tabcouce.roles import Dataset, datasets
from tabcouce.study.inputs import open_inputs

TABLES = ("concrete_strength", "mpea_alloys", "octane_refinery")
STARTS = 20
LIMIT = {"octane_refinery": 40}
"""Picks per campaign at most; 100 where none is named. LightGBM on 366 columns takes too long for more."""


class BoostingGreedy:
    """Takes the row with the highest prediction; equal ones in random order."""

    def __init__(self, X: pd.DataFrame, seed: int) -> None:
        self.X, self.seed = X, seed
        self.rng = np.random.default_rng(seed)

    def merit(self, seen: np.ndarray, y: np.ndarray) -> np.ndarray:
        model = BoostingModel(threads=1, seed=self.seed).fit(self.X.iloc[seen].reset_index(drop=True), y)
        told = model.estimate(self.X)
        return told + 1e-9 * (np.ptp(y) or 1.0) * self.rng.random(len(told))


class GaussianProcessSearch:
    """Expected improvement of scikit-learn's Gaussian process, one restart per refit."""

    def __init__(self, Z: np.ndarray, seed: int) -> None:
        sd = Z.std(axis=0)
        self.Z, self.seed = Z / np.where(sd > 0, sd, 1.0), seed

    def merit(self, seen: np.ndarray, y: np.ndarray) -> np.ndarray:
        width = self.Z.shape[1]
        scale = np.full(width, np.sqrt(width)) if width <= 15 else np.sqrt(width)
        kernel = ConstantKernel() * Matern(scale, (1e-2, 1e3), nu=2.5) + WhiteKernel(1e-2, (1e-6, 1.0))
        model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=self.seed)
        mean, sd = model.fit(self.Z[seen], y).predict(self.Z, return_std=True)
        return Goal("maximise").improvement(mean, sd, float(y.max()))


class BotorchSearch:
    """The library's default Gaussian process and expected improvement."""

    def __init__(self, Z: np.ndarray) -> None:
        import torch

        low, high = Z.min(axis=0), Z.max(axis=0)
        self.Z = torch.tensor((Z - low) / np.where(high > low, high - low, 1.0), dtype=torch.double)

    def merit(self, seen: np.ndarray, y: np.ndarray) -> np.ndarray:
        import torch
        from botorch import fit_gpytorch_mll
        from botorch.acquisition import LogExpectedImprovement
        from botorch.models import SingleTaskGP
        from gpytorch.mlls import ExactMarginalLogLikelihood

        target = torch.tensor(y, dtype=torch.double)[:, None]
        model = SingleTaskGP(self.Z[seen], target)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        with torch.no_grad():
            told = LogExpectedImprovement(model, best_f=float(y.max()))(self.Z[:, None])
        return told.numpy()


def table(folder: Path) -> Dataset:
    declared = tomllib.loads((folder / "roles.toml").read_text("utf-8"))
    inputs = open_inputs(folder / declared["file"], role_file=folder / "roles.toml")
    return datasets(inputs.table, inputs.roles, name=folder.name)[0]


def searches(data: Dataset, Z: np.ndarray) -> dict[str, MakeSearch]:
    return {
        "kernel": lambda seed: KernelSearch(Z, Goal("maximise")),
        "lightgbm": lambda seed: BoostingGreedy(data.X, seed),
        "gp_sklearn": lambda seed: GaussianProcessSearch(Z, seed),
        "gp_botorch": lambda seed: BotorchSearch(Z),
    }


def told(found: Replay, seconds: float) -> dict[str, Any]:
    return {
        "commit": commit(),
        "mean_runs": round(float(np.mean(found.trials)), 1),
        "fewer_than_random": round(found.reduction, 3),
        "low": round(found.low, 3),
        "high": round(found.high, 3),
        "reached": float(np.mean(found.reached)),
        "trials": [round(t, 1) for t in found.trials],
        "process_seconds": round(seconds, 1),
    }


def against_peers(figures: dict[str, Any]) -> dict[str, Any]:
    """Runs of the kernel less those of each peer from the same starts, with the 95 % interval of the mean."""
    rng = np.random.default_rng(0)
    ours = np.array(figures["kernel"]["trials"])
    against = {}
    for name in sorted(figures.keys() - {"kernel"}):
        gap = ours - np.array(figures[name]["trials"])
        low, high = np.quantile(rng.choice(gap, (2000, len(gap))).mean(axis=1), [0.025, 0.975])
        against[name] = {"runs": round(float(gap.mean()), 2), "low": round(low, 2), "high": round(high, 2)}
    return against


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", default=TABLES)
    parser.add_argument("--searches", nargs="+", default=("kernel", "lightgbm", "gp_sklearn", "gp_botorch"))
    options = parser.parse_args()
    path = RESULTS / "replay_tables.json"
    held = json.loads(path.read_text("utf-8"))["tables"] if path.exists() else {}
    for name in options.only:
        data = table(options.data / name)
        Z = KernelInputs.of(data.X)(data.X)
        pool = Pool(Z, data.y, good_rows(Goal("maximise"), data.y))
        figures = held.get(name, {}).get("searches", {})
        for search in options.searches:
            clock = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                make = searches(data, Z)[search]
                found = replay(
                    pool, make, campaigns=STARTS, limit=LIMIT.get(name, 100), seed=0, when=data.order
                )
            assert found is not None
            figures[search] = told(found, time.process_time() - clock)
            if search == "gp_botorch":
                figures[search]["botorch"] = version("botorch")
            print(name, search, figures[search] | {"trials": None}, flush=True)
            about = {key: getattr(found, key) for key in ("n", "good", "start", "limit", "random", "as_run")}
            held[name] = about | {"sha256": data.source.sha256, "searches": figures}
            if "kernel" in figures:
                held[name]["kernel_less_peer"] = against_peers(figures)
            write("replay_tables", {"starts": STARTS, "tables": held})


if __name__ == "__main__":
    main()
