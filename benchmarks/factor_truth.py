"""Which method ranks and signs true causes best, where the truth is known?

    python benchmarks/factor_truth.py --seeds 20

Draws of `confounded_line`, with and without a common cause, from seed 100 on: the strength rule was
set after seeing seeds 0 to 2. Truth: |mean slope| times the column's standard deviation. Per method,
mean and standard deviation over draws: Spearman with the truth over all columns, share of true causes
among the five first (there are five), share of wrong signs among true causes it gives a sign to, and
false alarms: columns without effect that it ranks above the weakest true cause. `gain` is the paired
difference of Spearman to SHAP on LightGBM with its 95 % interval over draws.
Encoders have two members, 12 passes and the pooled view.

  shap_lightgbm   mean |SHAP| of LightGBM on held-out machines, sign by rank correlation
  shap_encoder    the same of the encoder (expected gradients)
  integrated_gradients  the same by captum, from the training median (extra [benchmarks])
  training_path   mean |contribution of a column's own updates|, one encoder on all rows
  permutation     loss of LightGBM's R2 within held-out machines; no sign
  adjusted        |adjusted slope| times the standard deviation, 0 where no effect is claimed
  combined_...    `strength` of the factor table with that model's contributions, sign where two
                  methods support it

Each row says on how many draws it stands: the encoder's are the dear ones. A cut run is taken up again.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from captum.attr import IntegratedGradients
from confounded_line import COLUMNS, SLOPES, confounded_line
from parts import resumed
from record import write
from scipy.stats import spearmanr, t

from tabcouce.encoder import CouceRegressor
from tabcouce.evaluation import Candidate, Trial
from tabcouce.evaluation.run import run_trial
from tabcouce.explanation.contributions import attribute
from tabcouce.explanation.effects import slopes
from tabcouce.explanation.factors import factor_table
from tabcouce.explanation.permutation import permutation_importance
from tabcouce.explanation.training_path import path_attribution
from tabcouce.models import BoostingModel
from tabcouce.roles import Dataset
from tabcouce.splits import Split

CAUSES = np.array(SLOPES) != 0
Score = dict[str, float | None]


def scored(size: np.ndarray, sign: np.ndarray | None, truth: np.ndarray) -> Score:
    """Figures of one method on one draw; size and sign (p,), sign 0 where none is claimed."""
    order = np.argsort(-size, kind="stable")
    weakest = size[CAUSES].min()
    said = None if sign is None else CAUSES & (sign != 0)
    return {
        "spearman": float(spearmanr(size, truth).statistic),
        "top": float(CAUSES[order[: CAUSES.sum()]].mean()),
        "sign_errors": None
        if said is None or not said.any()
        else float((sign[said] != np.sign(np.array(SLOPES))[said]).mean()),
        "false_alarms": float((size[~CAUSES] > weakest).mean()),
    }


def sized(X: pd.DataFrame, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p,) mean |contribution| and the sign of its rank correlation with the value."""
    sign = [np.sign(spearmanr(X.iloc[:, j], values[:, j]).statistic) for j in range(values.shape[1])]
    return np.abs(values).mean(axis=0), np.nan_to_num(np.array(sign))


def integrated_gradients(trial: Trial, data: Dataset, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Size and sign per column on held-out rows; the network's inputs are zero at the median.

    Sundararajan et al. 2017, by captum with 32 points.
    """
    values = np.zeros(data.X.shape)
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        u = torch.as_tensor(model.gradient_inputs(data.X.iloc[fold.test]), dtype=torch.float32)
        part = IntegratedGradients(model.network()).attribute(u, target=0, n_steps=32).detach().numpy()
        for q, j in enumerate(model.owner_):
            values[fold.test, j] += part[:, q]
    return sized(data.X, values)


def training_path(model: CouceRegressor, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray] | None:
    """Size and sign per column of the members that left their straight line; None without any."""
    assert model.path_ is not None
    u = model.gradient_inputs(X)
    moved = [m for m, member in enumerate(model.path_.members) if member.steps[-1] > 0]
    if not moved:
        return None
    values = [path_attribution(model.path_.checkpoints(m), u).values for m in moved]
    return sized(X, np.mean(values, axis=0))


def measure(key: str, with_encoder: bool) -> dict[str, Score]:
    setting, seed = key.split(":")
    line = confounded_line(seed=int(seed), confounded=setting == "confounded")
    data, split, truth = line.data, line.split, line.sizes
    proxies = tuple(c for c in COLUMNS if "proxy" in c)
    trees = run_trial(
        Candidate("lightgbm", lambda: BoostingModel(threads=1, pace=2.0)), data, split, known=False
    )
    effects = slopes(data, COLUMNS, split, seed=0)
    loss = permutation_importance(trees, data, split, COLUMNS, draws=100, seed=0)
    found: dict[str, Score] = {}
    trials = {"shap_lightgbm": trees}
    if with_encoder:
        make = partial(CouceRegressor, proxy_columns=proxies, members=2, epochs=12, view="pooled", threads=1)
        trials["shap_encoder"] = run_trial(Candidate("couce", make, True), data, split, known=False)
    for name, trial in trials.items():
        made = attribute(trial, data, split, rows=180, seed=0)
        table = {f.name: f for f in factor_table(made, loss, effects, data, split)}
        rows = [table[c] for c in COLUMNS]
        sign = np.array([{"increases": 1, "decreases": -1}.get(f.direction, 0) for f in rows])
        found[name] = scored(np.array([f.importance for f in rows]), sign, truth)
        found[f"combined_{trial.model}"] = scored(
            np.array([f.strength for f in rows]),
            np.array([{"increases": 1, "decreases": -1}.get(f.supported, 0) for f in rows]),
            truth,
        )
    if with_encoder:
        found["integrated_gradients"] = scored(
            *integrated_gradients(trials["shap_encoder"], data, split), truth
        )
        path = training_path(make(checkpoints=10).fit(data.X, data.y, data.contexts), data.X)
        if path is not None:
            found["training_path"] = scored(*path, truth)
    spread = data.X.std(ddof=0).to_numpy()
    adjusted = [effects[c].adjusted for c in COLUMNS]
    theta = np.array([e.slope if e is not None and e.claimed else 0.0 for e in adjusted])
    found["adjusted"] = scored(np.abs(theta) * spread, np.sign(theta), truth)
    found["permutation"] = scored(np.array([loss[c].value or 0.0 for c in COLUMNS]), None, truth)
    return found


def summary(draws: list[dict[str, Score]]) -> dict[str, Any]:
    """Method -> mean and standard deviation of each figure over draws, and the gain over SHAP."""
    rows: dict[str, Any] = {}
    for method in draws[0]:
        row: dict[str, Any] = {}
        for figure in draws[0][method]:
            told = [d[method][figure] for d in draws if method in d and d[method][figure] is not None]
            row[figure] = [float(np.mean(told)), float(np.std(told, ddof=1))] if told else None
        gain = [d[method]["spearman"] - d["shap_lightgbm"]["spearman"] for d in draws if method in d]
        half = t.ppf(0.975, len(gain) - 1) * np.std(gain, ddof=1) / np.sqrt(len(gain))
        rows[method] = {
            **row,
            "gain": [float(np.mean(gain) + s * half) for s in (0, -1, 1)],
            "draws": len(gain),
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=100, help="first seed")
    parser.add_argument(
        "--encoder-seeds", type=int, default=20, help="draws that the encoder's rows are measured on"
    )
    args = parser.parse_args()
    seeds = range(args.first, args.first + args.seeds)
    table: dict[str, Any] = {}
    for setting in ("confounded", "unconfounded"):
        keys = [f"{setting}:{seed}" for seed in seeds]
        dear = resumed("factor_truth_all", keys[: args.encoder_seeds], lambda key: measure(key, True))
        rest = resumed("factor_truth_trees", keys[args.encoder_seeds :], lambda key: measure(key, False))
        # Each row says on how many draws it stands; its gain is paired within those.
        table[setting] = summary([*dear, *rest])
    settings = {"members": 2, "epochs": 12, "view": "pooled"}
    print(write("factor_truth", {"seeds": list(seeds), "encoder": settings, "methods": table}))
    for setting, methods in table.items():
        for method, row in methods.items():
            print(f"{setting:13s}{method:21s}", {k: v and np.round(v, 3).tolist() for k, v in row.items()})


if __name__ == "__main__":
    main()
