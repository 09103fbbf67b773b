"""Does each part of the encoder earn its place? One switch at a time (tabular.md 7.6).

    python benchmarks/encoder_ablation.py ../shared/data [--seeds 1] [--rows 400] [--minutes 40] [--only SET]
    python benchmarks/encoder_ablation.py ../shared/data --parts "even front" --out encoder_front

Sets are the development tables and every simulated process (480 rows of 12 machines), at most `rows`
rows each, on contexts never seen (shuffled where a table has none), blind and after five labelled rows.
A part's gain is the score of the default less the score without it, same folds and seed: R2, or AUC for
classes. Parts that no switch turns off are not here (linear skip, periodic code, gate of the columns).

  proxies        A3, A4: the metric host beside the supervised head
  interventions  A5: operators O1 to O8 and the do-view
  invariance     A5: only the loss between a row and its intervened self
  do view        A2: choosing between the pooled and the do-view; without it always pooled
  atoms          A6: the variance gate of the detector dictionary's atoms
  head           A7: the kernel on the inputs beside the network's answer
  ramps          A8: the target-aware piecewise code (300 rows or more)
  members        A10: the default number against one, and eight against the default
  refit          a second training on all rows, up to the pass that held-out contexts chose
  front          A7: a learned scale before the first layer, from one or from a feature machine's metric

The drop rule asks for a mean gain of 0.003 with a paired 90 % interval above zero over folds; the
interval over the means of the sets stands beside it. Scores are kept where they are finished.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Container
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from encoder_head import GAIN, mean_interval, scores, set_dataset, without_head
from peers.benchmark_set import BenchmarkSet, benchmark_set
from record import RESULTS, commit, write
from verdict_truth import dataset, drawn

from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.simulation import PROCESSES
from tabcouce.splits import Split

DEFAULT = "default"
WITHOUT: dict[str, dict[str, Any]] = {
    "proxies": {"proxy_weight": 0.0},
    "interventions": {"interventions": "off", "view": "pooled"},
    "invariance": {"invariance_weight": 0.0},
    "do view": {"view": "pooled"},
    "atoms": {"variance_gate": False},
    "ramps": {"piecewise": False},
    "members": {"members": 1},
}
MORE: dict[str, dict[str, Any]] = {
    "eight members": {"members": 8},
    "even front": {"front": "even"},
    "machine front": {"front": "feature_machine"},
    "refit": {"refit": True},
}
"""What may be added: its gain is its own score less the default's."""


def read_sets(folder: Path, rows: int, only: list[str] | None) -> list[tuple[str, BenchmarkSet]]:
    """Tables, then simulated processes; each with the one split that decides."""
    found = []
    for roles in sorted(folder.glob("*/roles.toml")):
        name = roles.parent.name
        if not only or name in only:
            found.append((name, benchmark_set(set_dataset(roles.parent), name, rows=rows)))
    for name in PROCESSES:
        if not only or name in only:
            made = drawn(name, seed=0, rows=480, contexts=12, draw="train")
            found.append((f"simulated {name}", benchmark_set(dataset(name, made, 0), name, rows=480)))
    return found


def fitted(one: BenchmarkSet, split: Split, seed: int, settings: dict[str, Any]) -> list[Any]:
    data = one.dataset
    kind = CouceRegressor if data.is_regression else CouceClassifier
    proxies = tuple(name for name in data.X.columns if data.role(name).kind == "proxy")
    held = split.key.removeprefix("unseen:") if split.key.startswith("unseen:") else None
    context = data.contexts if data.contexts.shape[1] else None
    model = kind(proxy_columns=proxies, threads=1, random_state=seed, **settings)
    folds = [fold.train for fold in split.folds]
    return list(model.fit_folds(data.X, data.y, context, folds, [held] * len(folds)))


def measured(one: BenchmarkSet, seed: int, parts: list[str]) -> dict[str, Any]:
    """Per variant and mode the score of every fold, and what training cost."""
    split = one.splits[-1]
    out: dict[str, Any] = {}
    chosen = {name: settings for name, settings in (WITHOUT | MORE).items() if name in parts}
    for name, settings in {DEFAULT: {}, **chosen}.items():
        start = time.process_time()
        models = fitted(one, split, seed, settings)
        spent = time.process_time() - start
        out[name] = {**scores(one, split, models, seed), "cpu_s": round(spent, 1)}
        if name == DEFAULT and "head" in parts:
            out["head"] = scores(one, split, [without_head(model) for model in models], seed)
    return out


def gains(sets: dict[str, Any], parts: list[str], more: Container[str] = MORE) -> dict[str, Any]:
    """Per part and mode: mean gain over folds with its interval, and per set; more: parts that were added."""
    table: dict[str, Any] = {}
    for part in parts:
        for mode in ("blind", "shots"):
            by_set: dict[str, list[float]] = {}
            for name, seeds in sets.items():
                pairs: dict[int, list[float]] = {}
                for run in seeds.values():
                    both = zip(run[DEFAULT].get(mode, []), run[part].get(mode, []), strict=True)
                    for k, (default, other) in enumerate(both):
                        if default is not None and other is not None:
                            gain = other - default if part in more else default - other
                            pairs.setdefault(k, []).append(gain)
                if pairs:
                    by_set[name] = [float(np.mean(values)) for values in pairs.values()]
            if by_set:
                table[f"{part}, {mode}"] = judged(by_set)
    return table


def judged(by_set: dict[str, list[float]]) -> dict[str, Any]:
    mean, over_folds = mean_interval([gain for values in by_set.values() for gain in values])
    means = {name: float(np.mean(values)) for name, values in by_set.items()}
    real = [value for name, value in means.items() if not name.startswith("simulated ")]
    made = [value for name, value in means.items() if name.startswith("simulated ")]
    return {
        "gain": mean,
        "interval_90_over_folds": over_folds,
        "earns_its_place": mean >= GAIN and over_folds[0] > 0,
        "real_tables": mean_interval(real) if len(real) > 1 else None,
        "simulated": mean_interval(made) if len(made) > 1 else None,
        "helped_alike_hurt": [
            sum(v > GAIN for v in means.values()),
            sum(abs(v) <= GAIN for v in means.values()),
            sum(v < -GAIN for v in means.values()),
        ],
        "sets": {name: round(value, 4) for name, value in means.items()},
    }


def asked(parser: argparse.ArgumentParser, parts: list[str], out: str) -> argparse.Namespace:
    """What both benchmarks of the encoder's parts are asked for."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=40.0, help="no set is begun later")
    parser.add_argument("--parts", nargs="*", choices=parts, default=parts)
    parser.add_argument("--out", default=out, help="name of the result")
    return parser.parse_args()


def run_sets(
    args: argparse.Namespace,
    tables: list[tuple[str, BenchmarkSet]],
    measure: Callable[[BenchmarkSet, int], dict[str, Any]],
    more: Container[str],
) -> None:
    """Measure every set with every seed; finished ones of this commit are kept, each is written at once."""
    path, end = RESULTS / f"{args.out}.json", time.monotonic() + 60 * args.minutes
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    sets: dict[str, Any] = before["runs"] if before.get("commit") == commit() else {}
    for seed in range(args.seeds):
        for name, one in tables:
            if str(seed) in sets.get(name, {}) or time.monotonic() > end:
                continue
            sets.setdefault(name, {})[str(seed)] = measure(one, seed)
            print(name, seed, sets[name][str(seed)], flush=True)
            write(args.out, {"rows": args.rows, "gains": gains(sets, args.parts, more), "runs": sets})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args = asked(parser, [*WITHOUT, "head", *MORE], "encoder_ablation")
    tables = read_sets(args.folder, args.rows, args.only)
    run_sets(args, tables, partial(measured, parts=args.parts), MORE)


if __name__ == "__main__":
    main()
