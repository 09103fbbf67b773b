"""Out-of-fold predictions of one model on one split of one set, in a small file that is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from peers.benchmark_set import BenchmarkSet, fold_digest
from tabcouce.splits import Split

COMMITTED = Path(__file__).with_name("cache")
COMMITTED_BAGS = COMMITTED.with_name("cache_bags")
TIMED_OUT = "timed out"


@dataclass(frozen=True)
class FitKey:
    """What a prediction depends on; a file with another key counts for nothing.

    data     sha256 of the file as found;  inputs  of the rows that the models were given
    rows     rows after thinning;  whole  rows before it
    folds    sha256 of the positions
    version  of the packages (outside models) or the commit (ours)
    """

    set: str
    target: str
    data: str
    inputs: str
    rows: int
    whole: int
    split: str
    folds: str
    model: str
    version: str

    @classmethod
    def of(cls, one: BenchmarkSet, split: Split, model: str, version: str) -> FitKey:
        dataset = one.dataset
        return cls(
            one.name,
            dataset.target,
            dataset.source.sha256,
            one.inputs,
            len(dataset.y),
            one.whole,
            split.key,
            fold_digest(split),
            model,
            version,
        )


@dataclass(frozen=True)
class FoldOutcome:
    """What became of one fit.

    prediction  (m,) value or (m, k) probabilities of the fold's test rows; empty where it failed
    seconds     CPU seconds of the fit
    failure     '' or why there is no prediction
    """

    prediction: npt.NDArray[np.float32]
    seconds: float
    failure: str = ""


@dataclass(frozen=True)
class Cached:
    """The outcomes so far.

    outcomes  fold number -> outcome
    scores    mode -> scores that need the fitted model and so cannot be had from predictions:
              ours with labelled rows of the context, one score a draw
    """

    key: FitKey
    outcomes: Mapping[int, FoldOutcome] = field(default_factory=dict)
    scores: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def having(self, fold: int, outcome: FoldOutcome) -> Cached:
        return replace(self, outcomes={**self.outcomes, fold: outcome})


@dataclass(frozen=True)
class Cache:
    """A folder of small files, one per set, kind of split and model; a newer version takes its place."""

    folder: Path

    def path_of(self, key: FitKey) -> Path:
        kind = key.split.partition(":")[0]
        return self.folder / key.set / f"{kind}.{key.model}.npz"

    def load(self, key: FitKey, *, any_version: bool = False) -> Cached:
        """What is cached under this key, of any version where asked so; nothing where there is none."""
        path = self.path_of(key)
        stored = _read(path) if path.exists() else Cached(key)
        expected = replace(key, version=stored.key.version) if any_version else key
        return stored if stored.key == expected else Cached(key)

    def store(self, cached: Cached) -> Path:
        """Write atomically: an interrupted run leaves the file before or after, never half of it."""
        path = self.path_of(cached.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        meta = {
            "key": asdict(cached.key),
            "folds": {k: [round(one.seconds, 3), one.failure] for k, one in cached.outcomes.items()},
            "scores": dict(cached.scores),
        }
        arrays = {
            f"prediction_{k}": np.asarray(one.prediction, np.float32) for k, one in cached.outcomes.items()
        }
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(file, meta=np.array(json.dumps(meta, ensure_ascii=False)), **arrays)
        part.replace(path)
        return path


def _read(path: Path) -> Cached:
    with np.load(path, allow_pickle=False) as file:
        meta = json.loads(str(file["meta"]))
        outcomes = {
            int(k): FoldOutcome(file[f"prediction_{k}"], seconds, failure)
            for k, (seconds, failure) in meta["folds"].items()
        }
    scores = {mode: tuple(values) for mode, values in meta["scores"].items()}
    return Cached(FitKey(**meta["key"]), outcomes, scores)
