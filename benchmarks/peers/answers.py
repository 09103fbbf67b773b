"""Out-of-fold predictions of every model on a split, put together from the cache; ours run where asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peers.benchmark_set import BenchmarkSet
from peers.cache import Cache, Cached, FitKey
from peers.own_models import STACKS, run_own
from peers.registry import PEERS, Peer
from tabcouce.evaluation import Candidate
from tabcouce.evaluation.deployment import SHOTS_MODE
from tabcouce.splits import Split


@dataclass(frozen=True)
class Answers:
    """Out-of-fold predictions of one model on one split, or why there are none.

    where       'set, split'
    prediction  (n,) or (n, k), NaN where no fold tested the row; None with a reason
    """

    model: str
    version: str
    where: str
    prediction: npt.NDArray[np.float64] | None
    reason: str
    seconds: tuple[float, ...]
    shot_scores: tuple[float, ...] = ()


def answers(one: BenchmarkSet, split: Split, cached: Cached) -> Answers:
    """Put the folds of a cache file together."""
    key, found = cached.key, cached.outcomes
    where = f"{key.set}, {key.split}"
    seconds = tuple(outcome.seconds for outcome in found.values() if not outcome.failure)
    failed = [outcome.failure for outcome in found.values() if outcome.failure]
    if failed or len(found) < len(split.folds):
        reason = failed[0] if failed else f"not run yet ({len(found)} of {len(split.folds)} folds)"
        return Answers(key.model, key.version, where, None, reason, seconds)
    shape = (len(one.dataset.y), *found[0].prediction.shape[1:])
    whole = np.full(shape, np.nan)
    for k, fold in enumerate(split.folds):
        whole[fold.test] = found[k].prediction
    return Answers(
        key.model, key.version, where, whole, "", seconds, tuple(cached.scores.get(SHOTS_MODE, ()))
    )


@dataclass(frozen=True)
class Source:
    """Where predictions come from.

    ours     the panel of a set, by the keys of its candidates
    version  of ours; None takes whichever is cached
    outside  the outside models
    """

    cache: Cache
    ours: Callable[[BenchmarkSet], Sequence[Candidate]]
    version: str | None
    outside: Sequence[Peer] = PEERS

    def models(self, one: BenchmarkSet) -> list[str]:
        """Keys of ours, stacks last."""
        return [*(candidate.key for candidate in self.ours(one)), *STACKS]

    def answers(self, one: BenchmarkSet, split: Split) -> list[Answers]:
        """Every model's, outside ones first."""
        others = [FitKey.of(one, split, peer.key, peer.version()) for peer in self.outside]
        ours = [FitKey.of(one, split, model, self.version or "") for model in self.models(one)]
        found = [self.cache.load(key) for key in others]
        found += [self.cache.load(key, any_version=self.version is None) for key in ours]
        return [answers(one, split, cached) for cached in found]

    def run_missing(self, one: BenchmarkSet) -> None:
        """Fit ours where the cache lacks this version."""
        if self.version is None:
            return
        last = FitKey.of(one, one.splits[-1], self.models(one)[-1], self.version)
        if not self.cache.load(last).outcomes:
            run_own(one, self.ours(one), self.version, self.cache)
            print(f"panel on {one.name}", flush=True)
