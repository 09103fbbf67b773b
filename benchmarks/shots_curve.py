"""What are k labelled rows of a new machine worth, per model, and which rows should one measure?

    python benchmarks/shots_curve.py ../shared/data [--only nasa_milling ...] [--most-rows 3000]

Curve: error on held-out contexts against the number of labelled rows, every peer given the same rows.
First rows: the same for LightGBM's offset when the k rows are drawn at random, span
the context (farthest first, from its middle) or are its most ordinary ones (nearest to the middle);
scored on rows that none of the three measured.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import record
from headline_trials import Headline, headline

from tabcouce.advice.row_space import ScaledCode
from tabcouce.evaluation.deployment import shot_prior
from tabcouce.evaluation.shots_curve import shots_curve
from tabcouce.models.calibration import ShotOffset

TABLES = ("nasa_milling", "garment_productivity", "gas_turbine")
MODELS = ("linear", "random_forest", "lightgbm", "lightgbm_context", "kernel", "couce", "system")
FIRST = (1, 2, 3, 5)
DRAWS = 20


def farthest_first(z: np.ndarray, k: int) -> np.ndarray:
    """Positions of k rows (n, q): the one nearest the middle, then ever the farthest from those taken."""
    taken = [int(np.linalg.norm(z - np.median(z, axis=0), axis=1).argmin())]
    apart = np.linalg.norm(z - z[taken[0]], axis=1)
    while len(taken) < k:
        taken.append(int(apart.argmax()))
        apart = np.minimum(apart, np.linalg.norm(z - z[taken[-1]], axis=1))
    return np.array(taken)


def first_rows(found: Headline, model: str) -> dict[str, Any]:
    """RMSE after k labelled rows per way of choosing them, and the gain over random with its error.

    Each context counts alike in the gain; rows chosen by any way at the largest k are never scored.
    """
    data, split, trial = found.dataset, found.split, found.trials[model]
    rng = np.random.default_rng(0)
    loss: dict[str, list[list[float]]] = {"random": [], "spanning": [], "ordinary": []}
    most = FIRST[-1]
    for number, fold in enumerate(split.folds):
        prior = shot_prior(trial.fitted[number], data, split, fold)
        code = ScaledCode.of(data.X.iloc[fold.train].reset_index(drop=True))
        for unit in np.unique(split.unit[fold.test]):
            rows = fold.test[split.unit[fold.test] == unit]
            if len(rows) < 4 * most:
                continue
            z = code(data.X.iloc[rows].reset_index(drop=True))
            middle = np.linalg.norm(z - np.median(z, axis=0), axis=1)
            ways = {"spanning": farthest_first(z, most), "ordinary": np.argsort(middle, kind="stable")[:most]}
            fixed = np.unique(np.concatenate(list(ways.values())))
            residual = data.y[rows] - trial.prediction[rows]
            drawn = [rng.choice(len(rows), most, replace=False) for _ in range(DRAWS)]
            made: dict[str, np.ndarray] = {way: np.zeros(len(FIRST)) for way in loss}
            for draw in drawn:
                rest = np.setdiff1d(np.arange(len(rows)), np.union1d(fixed, draw))
                for way, chosen in {**ways, "random": draw}.items():
                    for j, k in enumerate(FIRST):
                        few = rows[chosen[:k]]
                        shift = ShotOffset.of_values(data.y[few], trial.prediction[few], prior).shift
                        made[way][j] += np.square(residual[rest] - shift).mean() / DRAWS
            for way in loss:
                loss[way].append(made[way].tolist())
    table = {way: np.array(values) for way, values in loss.items()}
    if not len(table["random"]):
        return {"contexts": 0}
    spread = data.y.var()
    gains = {way: (table["random"] - table[way]) / spread for way in ("spanning", "ordinary")}
    return {
        "model": model,
        "contexts": len(table["random"]),
        "k": list(FIRST),
        "rmse": {way: np.sqrt(values.mean(axis=0)).round(5).tolist() for way, values in table.items()},
        "gain_over_random_in_r2": {
            way: {
                "mean": gain.mean(axis=0).round(4).tolist(),
                "standard_error": standard_error(gain),
            }
            for way, gain in gains.items()
        },
    }


def standard_error(gain: np.ndarray) -> list[float] | None:
    """Of the mean over contexts (C, K); None with one context."""
    if len(gain) < 2:
        return None
    return (gain.std(axis=0, ddof=1) / np.sqrt(len(gain))).round(4).tolist()


def one_table(folder: Path, most_rows: int) -> dict[str, Any]:
    found = headline(folder, MODELS, most_rows=most_rows)
    curve = shots_curve(found.trials, MODELS, found.dataset, found.split, draws=1000, seed=0)
    drawn = None
    if curve is not None:
        drawn = {
            "metric": curve.metric,
            "k": list(curve.shots),
            "contexts": curve.contexts,
            "left_out": curve.left_out,
            "sets": curve.sets,
            "error": {
                each.model: {"value": each.error, "low": each.low, "high": each.high} for each in curve.curves
            },
        }
    return {
        "sha256": found.sha256,
        "commit": record.commit(),
        "rows": len(found.dataset.y),
        "split": found.split.key,
        "curve": drawn,
        "first_rows": first_rows(found, "lightgbm"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(TABLES))
    parser.add_argument("--most-rows", type=int, default=3000)
    options = parser.parse_args()
    path = record.RESULTS / "shots_curve.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    tables = known.get("tables", {})
    for name in options.only:
        tables[name] = one_table(options.folder / name, options.most_rows)
        print(name, json.dumps(tables[name]["curve"]), json.dumps(tables[name]["first_rows"]), flush=True)
        record.write("shots_curve", {"tables": tables})


if __name__ == "__main__":
    main()
