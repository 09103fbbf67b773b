"""After five labels of a new context: what other mixes of the same answers would have scored.

    python benchmarks/label_mixes.py ../shared/data [--only nasa_milling injection_molding]

The panel of benchmarks/peer_table.py on its folds and draws; every model answers after the labels in its
own way. Scored as there, R2 or AUC over the rows that nobody labelled, mean over the draws:

  the system            the stack as the product weights it after labels
  learners, alike       equal parts of all but the constant
  trees, alike          equal parts of LightGBM and Random Forest
  blind weights         the stack's weights for a context without labels, on the answers after labels
  the best blind        the model that scored best on these contexts without labels
  in hindsight          the convex mix of least error on the scored rows themselves, which nobody can know:
                        what a mix of these models could reach at all
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import record
from peers.benchmark_set import SEED, BenchmarkSet, read_sets
from peers.own_models import candidates
from peers.shots import draws, score, scored_rows

from tabcouce.evaluation import Trial, run_trials
from tabcouce.evaluation.deployment import SHOTS_MODE, deployed_trials
from tabcouce.evaluation.stacked import PEERS, SYSTEM, stacked_trials
from tabcouce.splits import SplitPlan
from tabcouce.system.stack import StackModel
from tabcouce.system.weights import simplex_weights

Floats = npt.NDArray[np.float64]
TREES = ("lightgbm", "random_forest")


def in_hindsight(told: Floats, one: BenchmarkSet, scored: npt.NDArray[np.bool_]) -> Floats:
    """(n,) or (n, k) the mix of least squared error on the scored rows."""
    y = one.dataset.y[scored]
    truth = y if one.dataset.is_regression else (y[:, None] == np.arange(len(one.dataset.classes)))
    errors = (told[:, scored] - truth).reshape(len(told), -1)
    return np.tensordot(simplex_weights(errors @ errors.T / errors.shape[1]), told, axes=1)


def with_blind_weights(of: dict[str, Floats], stack: Trial, one: BenchmarkSet) -> Floats:
    out = np.full_like(stack.prediction, np.nan)
    for fold, model in zip(one.splits[-1].folds, stack.fitted, strict=True):
        assert isinstance(model, StackModel)
        mix = model.mix("blind")
        out[fold.test] = mix(np.stack([of[key][fold.test] for key in mix.members]))
    return out


def measured(one: BenchmarkSet) -> dict[str, Any]:
    split = one.splits[-1]
    plan = SplitPlan((split,), headline=split.key)
    trials = [t for t in run_trials(candidates(one), one.dataset, plan) if t.mode == "blind"]
    (stack,) = stacked_trials(trials, one.dataset, plan)
    blind = (*trials, *stacked_trials(trials, one.dataset, plan, key=PEERS), stack)
    answers = {
        t.model: t for t in deployed_trials(blind, one.dataset, plan, seed=SEED) if t.mode == SHOTS_MODE
    }
    single = [t.model for t in trials]
    tested = np.isfinite(stack.prediction).reshape(len(one.dataset.y), -1).all(axis=1)
    blind_score = {t.model: score(one, t.prediction, tested) or 0.0 for t in trials}
    found: dict[str, list[float]] = {}
    for k, drawn in enumerate(draws(split)):
        scored = scored_rows(one, drawn)
        of = {key: (trial.prediction, *trial.repeats)[k] for key, trial in answers.items()}
        learners = [key for key in single if key != "constant"]
        ways = {
            "the system": of[SYSTEM],
            "learners, alike": np.mean([of[key] for key in learners], axis=0),
            "trees, alike": np.mean([of[key] for key in TREES], axis=0),
            "blind weights": with_blind_weights(of, stack, one),
            "the best blind": of[max(blind_score, key=lambda key: blind_score[key])],
            "in hindsight": in_hindsight(np.stack([of[key] for key in single]), one, scored),
            **{key: of[key] for key in single},
        }
        for way, prediction in ways.items():
            value = score(one, prediction, scored)
            if value is not None:
                found.setdefault(way, []).append(value)
    return {
        "sha256": one.dataset.source.sha256,
        "rows": len(one.dataset.y),
        "contexts": len(np.unique(split.apart)),
        "draws": max(map(len, found.values())),
        "scores": {way: round(float(np.mean(values)), 4) for way, values in found.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    found = {}
    for one in read_sets(asked.folder, only=asked.only):
        if not one.splits[-1].key.startswith("unseen:"):
            continue
        found[one.name] = measured(one)
        print(one.name, found[one.name], flush=True)
        record.write("label_mixes", {"sets": found})


if __name__ == "__main__":
    main()
