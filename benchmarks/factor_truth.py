"""Which method ranks and signs true causes best, where the truth is known?

    python benchmarks/factor_truth.py --seeds 3

Draws of `confounded_line`, with and without a common cause. Truth: |mean slope| times the column's
standard deviation. Per method: Spearman with the truth over all columns, share of true causes among
the five first (there are five), share of wrong signs among true causes it gives a sign to, and false
alarms: columns without effect that it ranks above the weakest true cause.

  shap_lightgbm   mean |SHAP| of LightGBM on held-out machines, sign by rank correlation
  shap_encoder    the same of the encoder (expected gradients)
  integrated_gradients  mean |integrated gradient| of the encoder on held-out machines, from the
                  training median, 32 midpoints
  training_path   mean |contribution of a column's own updates|, one encoder on all rows; no sign
  permutation     loss of LightGBM's R2 within held-out machines; no sign
  adjusted        |adjusted slope| times the standard deviation, 0 where no effect is claimed
  combined_...    `strength` of the factor table with that model's contributions, sign where two
                  methods support it

A cut run is taken up again.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
import torch
from confounded_line import COLUMNS, SLOPES, confounded_line
from parts import resumed
from record import write
from scipy.stats import spearmanr

from tabcouce.encoder import CouceRegressor
from tabcouce.evaluation import Candidate, Trial
from tabcouce.evaluation.run import run_trial
from tabcouce.explanation.contributions import attribute
from tabcouce.explanation.effects import slopes
from tabcouce.explanation.factors import factor_table
from tabcouce.explanation.formation import formation
from tabcouce.explanation.permutation import permutation_importance
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


def integrated_gradients(trial: Trial, data: Dataset, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """(p,) mean |integrated gradient| over held-out rows, and sign of its correlation with the value.

    Sundararajan et al. 2017, eq. 1 with 32 midpoints; the network's inputs are zero at the median.
    """
    values = np.zeros(data.X.shape)
    for fold, model in zip(split.folds, trial.fitted, strict=True):
        u = torch.as_tensor(model.gradient_inputs(data.X.iloc[fold.test]))
        net, total = model.network(), torch.zeros_like(u)
        for k in range(32):
            at = ((k + 0.5) / 32 * u).requires_grad_(True)
            total += torch.autograd.grad(net(at).sum(), at)[0]
        part = (total / 32 * u).numpy()
        for q, j in enumerate(model.owner_):
            values[fold.test, j] += part[:, q]
    sign = [np.sign(np.corrcoef(data.X.iloc[:, j], values[:, j])[0, 1]) for j in range(values.shape[1])]
    return np.abs(values).mean(axis=0), np.nan_to_num(np.array(sign))


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
        make = partial(CouceRegressor, proxy_columns=proxies, threads=1)
        trials["shap_encoder"] = run_trial(Candidate("couce", make, True), data, split, known=False)
    for name, trial in trials.items():
        made = attribute(trial, data, split, rows=360, seed=0)
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
        path = formation(make(checkpoints=10).fit(data.X, data.y, data.contexts), data.X, proxies)
        if path is not None:
            found["training_path"] = scored(path.size, None, truth)
    spread = data.X.std(ddof=0).to_numpy()
    adjusted = [effects[c].adjusted for c in COLUMNS]
    theta = np.array([e.slope if e is not None and e.claimed else 0.0 for e in adjusted])
    found["adjusted"] = scored(np.abs(theta) * spread, np.sign(theta), truth)
    found["permutation"] = scored(np.array([loss[c].value or 0.0 for c in COLUMNS]), None, truth)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--no-encoder", action="store_true", help="trees and effects only: a tenth of the time"
    )
    args = parser.parse_args()
    table: dict[str, Any] = {}
    for setting in ("confounded", "unconfounded"):
        keys = [f"{setting}:{seed}" for seed in range(args.seeds)]
        draws = resumed(
            f"factor_truth_{'trees' if args.no_encoder else 'all'}",
            keys,
            lambda key: measure(key, not args.no_encoder),
        )
        table[setting] = {
            method: {
                figure: float(np.mean(values)) if values else None
                for figure in draws[0][method]
                for values in [
                    [d[method][figure] for d in draws if method in d and d[method][figure] is not None]
                ]
            }
            for method in draws[0]
        }
    name = "factor_truth" if args.no_encoder else "factor_truth_encoder"
    print(write(name, {"seeds": args.seeds, "encoder": not args.no_encoder, "methods": table}))
    for setting, methods in table.items():
        for method, row in methods.items():
            print(
                f"{setting:13s}{method:20s}", {k: None if v is None else round(v, 3) for k, v in row.items()}
            )


if __name__ == "__main__":
    main()
