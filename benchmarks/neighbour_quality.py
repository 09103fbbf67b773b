"""Do the neighbours that the encoder finds predict better? And how long does a search take?

    python benchmarks/neighbour_quality.py ../shared/data [--only nasa_milling ...] [--search 1000000]

Per table: R2 or AUC of the mean outcome of the 5 nearest training rows on the headline split, by
scaled distance, by shared leaves of LightGBM and in the encoder's space, with the gain over scaled
distance. Tried beside them, with the same interval:
length  the encoder's features with their lengths, which the product's unit vectors lack
metric  rows in the metric that the kernel model learnt
`--search` measures one query among so many rows of 192 numbers (6 members x 32).
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import record
import torch
from headline_trials import headline

from tabcouce.advice.neighbour_quality import neighbour_quality
from tabcouce.advice.row_space import Gallery

TABLES = (
    "nasa_milling",
    "nist_ceramic",
    "concrete_strength",
    "garment_productivity",
    "mpea_alloys",
    "gas_turbine",
    "steel_energy",
    "lens_molding",
    "injection_molding",
    "octane_refinery",
    "skab_valve",
    "corn_nir",
    "gas_sensor_drift",
)


@dataclass(frozen=True)
class Lengths:
    """An encoder whose embedding keeps its length."""

    model: Any

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        with torch.no_grad():
            h = self.model.blind_._encode(torch.as_tensor(self.model.gradient_inputs(X))).h
        return h.permute(1, 0, 2).reshape(len(X), -1).numpy()


@dataclass(frozen=True)
class KernelMetric:
    """Rows as the kernel model compares them."""

    model: Any

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        Z = self.model.inputs_(X)
        machine = self.model.machines_["blind"]
        return machine.seen(Z, np.zeros(Z.shape[1])) * np.sqrt(machine.setting.metric.weight)


def one_table(folder: Path, most_rows: int) -> dict[str, Any]:
    found = headline(folder, ("lightgbm", "kernel", "couce"), most_rows=most_rows)
    start = time.process_time()
    quality = neighbour_quality(found.trials, found.dataset, found.split, draws=1000, seed=0)
    seconds = time.process_time() - start
    spaces = {
        each.space: {
            quality.metric: [each.score.value, each.score.low, each.score.high],
            "gain": each.gain and [each.gain.gain, each.gain.low, each.gain.high],
        }
        for each in quality.spaces
    }
    tried = {}
    for name, source, wrap in (("length", "couce", Lengths), ("metric", "kernel", KernelMetric)):
        trial = found.trials[source]
        made = replace(trial, model="couce", fitted=tuple(wrap(model) for model in trial.fitted))
        told = neighbour_quality({"couce": made}, found.dataset, found.split, draws=1000, seed=0).of(
            "encoder"
        )
        assert told is not None and told.gain is not None
        tried[name] = {
            quality.metric: [told.score.value, told.score.low, told.score.high],
            "gain": [told.gain.gain, told.gain.low, told.gain.high],
        }
    return {
        "sha256": found.sha256,
        "commit": record.commit(),
        "rows": len(found.dataset.y),
        "split": quality.split,
        "asked": quality.asked,
        "past": quality.past,
        "spaces": spaces,
        "best": quality.best,
        "tried": tried,
        "process_s": round(seconds, 2),
    }


def search(rows: int) -> dict[str, Any]:
    """Process and wall seconds of one query, the median of five, after one to warm up."""
    rng = np.random.default_rng(0)
    gallery = Gallery("encoder", rng.standard_normal((rows, 192), dtype=np.float32))
    query = rng.standard_normal((6, 192), dtype=np.float32)
    gallery.nearest(query[:1], 5)
    wall, process = [], []
    for row in query[1:]:
        start, busy = time.perf_counter(), time.process_time()
        gallery.nearest(row[None], 5)
        wall.append(time.perf_counter() - start)
        process.append(time.process_time() - busy)
    return {
        "rows": rows,
        "numbers": 192,
        "wall_s": float(np.median(wall)),
        "process_s": float(np.median(process)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(TABLES))
    parser.add_argument("--most-rows", type=int, default=600)
    parser.add_argument("--search", type=int)
    options = parser.parse_args()
    path = record.RESULTS / "neighbour_quality.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    figures = {key: known[key] for key in ("tables", "search") if key in known}
    if options.search:
        figures["search"] = {"commit": record.commit(), **search(options.search)}
        record.write("neighbour_quality", figures)
    for name in options.only:
        row = one_table(options.folder / name, options.most_rows)
        figures.setdefault("tables", {})[name] = row
        print(name, json.dumps(row["spaces"]), row["best"], row["process_s"], "s", flush=True)
        record.write("neighbour_quality", figures)


if __name__ == "__main__":
    main()
