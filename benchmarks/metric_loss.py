"""Does the metric loss earn its place where its space is used: among neighbours on contexts never seen?

    python benchmarks/metric_loss.py ../shared/data [--only SET ...] [--most-rows 600]

The encoder of a quick study is trained on the headline split of each table with the proxies' loss and
without it (`proxy_weight=0`), same folds and seed. R2 or AUC of the mean outcome of the 5 nearest training
rows in either space, and of the encoder's own prediction. The gain is the mean over tables with its 90 % t
interval; the drop rule of tabular.md 7.6 asks for 0.003 with the interval above zero. What the loss does
for detectors is not measured here.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import record
from encoder_head import GAIN, mean_interval, set_dataset
from headline_trials import thinned
from neighbour_quality import TABLES

from tabcouce.advice.neighbour_quality import neighbour_quality
from tabcouce.encoder import CouceClassifier, CouceRegressor
from tabcouce.evaluation import Candidate, run_trials
from tabcouce.evaluation.metrics import auc, r2
from tabcouce.splits import SplitPlan, plan_splits
from tabcouce.study.effort import EFFORTS
from tabcouce.study.panel import panel


def one_table(folder: Path, most_rows: int) -> dict[str, Any]:
    dataset = thinned(set_dataset(folder), most_rows)
    effort = EFFORTS["quick"]
    plan = plan_splits(dataset, folds=effort.folds, seed=0)
    split = plan.of(plan.headline)
    made = next(c.make for c in panel(dataset, effort, seed=0, device="cpu") if c.key == "couce")
    assert isinstance(made, partial) and made.func in (CouceRegressor, CouceClassifier)
    metric = r2 if dataset.is_regression else auc
    out: dict[str, Any] = {"rows": len(dataset.y), "sha256": dataset.source.sha256, "split": split.key}
    for name, weight in (("with", made.keywords.get("proxy_weight", 0.1)), ("without", 0.0)):
        candidate = Candidate("couce", partial(made, proxy_weight=weight), uses_context=True)
        trials = run_trials([candidate], dataset, SplitPlan((split,), split.key))
        trial = next(t for t in trials if t.mode == "blind")
        told = neighbour_quality({"couce": trial}, dataset, split, draws=100, seed=0).of("encoder")
        assert told is not None
        out[name] = {"neighbours": told.score.value, "prediction": metric(dataset.y, trial.prediction)}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(TABLES))
    parser.add_argument("--most-rows", type=int, default=600)
    args = parser.parse_args()
    path = record.RESULTS / "metric_loss.json"
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    tables: dict[str, Any] = before["tables"] if before.get("commit") == record.commit() else {}
    for name in args.only:
        if name not in tables:
            tables[name] = one_table(args.folder / name, args.most_rows)
            print(name, tables[name], flush=True)
        gains: dict[str, Any] = {}
        for use in ("neighbours", "prediction"):
            gain = [each["with"][use] - each["without"][use] for each in tables.values()]
            mean, interval = mean_interval(gain)
            earns = mean >= GAIN and interval[0] > 0
            gains[use] = {"gain": mean, "interval_90": interval, "earns_its_place": earns}
        record.write("metric_loss", {"gains": gains, "tables": tables})


if __name__ == "__main__":
    main()
