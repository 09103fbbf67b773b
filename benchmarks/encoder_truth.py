"""Does the encoder do what it claims, where the truth is known?

    python benchmarks/encoder_truth.py --seeds 5

C1  backdoor sum on and off under a common cause: error of the causal surface when inputs are set
    by hand on other machines (must fall by 25 % or more).
C6  donor swap of declared proxies on and off where products are routed by quality: error on other
    machines without that routing, beside an oracle that never saw the proxies (must come within
    3 % of it or close half of the gap).
Head  proxy head against the same network with a plain head, no context effects (at most 5 % worse).
R2  blind prediction on other machines of every simulated process, encoder and LightGBM.

Writes benchmarks/results/encoder_truth.json: every seed, the means, versions, commit and command.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from record import write

from tabcouce.encoder import CouceRegressor
from tabcouce.models import BoostingModel
from tabcouce.simulation import PROCESSES, assignment, common_cause, none

Row = dict[str, float]


def rmse(prediction: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((prediction - truth) ** 2)))


def r2(prediction: np.ndarray, truth: np.ndarray) -> float:
    return float(1 - np.mean((prediction - truth) ** 2) / np.var(truth))


def backdoor_sum(seed: int, threads: int) -> Row:
    """C1."""
    seen, hand_set = common_cause(seed=seed), common_cause(seed=seed, draw="interventional")
    off = CouceRegressor(view="pooled", threads=threads).fit(seen.X, seen.y, seen.context)
    on = CouceRegressor(view="do", threads=threads).fit(seen.X, seen.y, seen.context)
    without = rmse(off.predict(hand_set.X), hand_set.surface)
    summed = rmse(on.predict_do(hand_set.X), hand_set.surface)
    return {"off": without, "on": summed, "change": summed / without - 1}


def donor_swap(seed: int, threads: int) -> Row:
    """C6."""
    seen, unseen = assignment(seed=seed), assignment(seed=seed, draw="unseen")
    turned = assignment(seed=seed, draw="reversed")
    kept = [name for name in seen.X if name not in seen.proxies]

    def errors(interventions: str) -> tuple[float, float, bool]:
        model = CouceRegressor(
            view="pooled", interventions=interventions, proxy_columns=seen.proxies, threads=threads
        ).fit(seen.X, seen.y, seen.context)
        pair = (rmse(model.predict(new.X), new.y) for new in (unseen, turned))
        return *pair, model.intervention_

    off, off_turned, _ = errors("off")
    on, on_turned, _ = errors("on")
    auto, _, chosen = errors("auto")
    oracle = CouceRegressor(view="pooled", threads=threads).fit(seen.X[kept], seen.y, seen.context)
    best = rmse(oracle.predict(unseen.X[kept]), unseen.y)
    return {
        "off": off,
        "on": on,
        "auto": auto,
        "auto_chose_it": float(chosen),
        "oracle": best,
        "above_oracle": on / best - 1,
        "gap_closed": (off - on) / (off - best),
        "reversed_off": off_turned,
        "reversed_on": on_turned,
    }


def proxy_head(seed: int, threads: int) -> Row:
    """Head equality."""
    seen, new = none(seed=seed), none(seed=seed, draw="unseen")

    def error(weight: float) -> float:
        model = CouceRegressor(view="pooled", proxy_weight=weight, threads=threads)
        return rmse(model.fit(seen.X, seen.y, seen.context).predict(new.X), new.y)

    proxies, plain = error(0.1), error(0.0)
    return {"proxies": proxies, "plain": plain, "change": proxies / plain - 1}


def process_scores(name: str, seed: int, threads: int) -> Row:
    """R2 on other machines, and on known machines (new rows are not simulated for those)."""
    seen, new = PROCESSES[name](seed=seed), PROCESSES[name](seed=seed, draw="unseen")
    start = time.perf_counter()
    model = CouceRegressor(proxy_columns=seen.proxies, tolerances=dict(seen.tolerances), threads=threads).fit(
        seen.X, seen.y, seen.context
    )
    seconds = time.perf_counter() - start
    trees = BoostingModel("regression", seed=seed).fit(seen.X, seen.y, None)
    return {
        "encoder": r2(model.predict(new.X), new.y),
        "encoder_do": r2(model.predict_do(new.X), new.y),
        "lightgbm": r2(trees.estimate(new.X), new.y),
        "chose_do": float(model.view_ == "do"),
        "chose_intervention": float(model.intervention_),
        "seconds": seconds,
    }


def summary(rows: list[Row]) -> dict[str, object]:
    """Every seed and the mean, and the standard deviation where seeds are several."""
    mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    spread = (
        {key: float(np.std([row[key] for row in rows], ddof=1)) for key in rows[0]} if len(rows) > 1 else {}
    )
    return {"mean": mean, "sd": spread, "seeds": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    seeds = range(args.seeds)
    start = time.perf_counter()
    result: dict[str, object] = {}
    for key, experiment in (("C1", backdoor_sum), ("C6", donor_swap), ("head", proxy_head)):
        result[key] = summary([experiment(seed, args.threads) for seed in seeds])
        print(key, result[key]["mean"], file=sys.stderr)  # type: ignore[index]
    scores = {}
    for name in PROCESSES:
        scores[name] = summary([process_scores(name, seed, args.threads) for seed in seeds])
        print(name, scores[name]["mean"], file=sys.stderr)
    result["r2_other_machines"] = scores
    result["seconds"] = time.perf_counter() - start
    print(write("encoder_truth", result))


if __name__ == "__main__":
    main()
