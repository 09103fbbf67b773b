"""The models that a study keeps for use, fitted on all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_limits

from tabcouce.evaluation import Candidate, Trial
from tabcouce.evaluation.run import contexts_for
from tabcouce.evaluation.stacked import SYSTEM, final_mix, stack_members
from tabcouce.models.boosted_trees import THREADED_CELLS
from tabcouce.models.contract import Model
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import Split, SplitPlan
from tabcouce.study.progress import Report
from tabcouce.system.stack import StackModel
from tabcouce.system.weights import Mix


def stack_mixes(trials: Sequence[Trial], dataset: Dataset, plan: SplitPlan) -> dict[str, Mix]:
    """The stack's weights for use on a new context and, where contexts are known, on those."""
    keys = {"blind": plan.headline}
    if dataset.contexts.shape[1] and any(trial.split == "shuffled" for trial in trials):
        keys["known"] = "shuffled"
    mixes = {}
    for mode, key in keys.items():
        known = mode == "known"
        members = stack_members(trials, plan.of(key), known)
        mixes[mode] = final_mix(members, dataset, plan.of(key), known=known)
    return mixes


def refit(
    candidates: Sequence[Candidate],
    wanted: set[str],
    mixes: Mapping[str, Mix],
    dataset: Dataset,
    split: Split,
    report: Report,
) -> dict[str, Model]:
    """The wanted models on all rows, for `predict`; they tune for what the split holds out.

    mixes  weights of the stack by way of use; every member that counts is fitted for it
    """
    members = {key for mix in mixes.values() for key in mix.counting}
    context = contexts_for(dataset, split)
    chosen = [candidate for candidate in candidates if candidate.key in wanted | members]

    def fitted(candidate: Candidate) -> Model:
        report(candidate.key, 0.5)
        return candidate.make().fit(dataset.X, dataset.y, context)

    side_by_side = 2 if dataset.X.size < THREADED_CELLS else 1  # as in `LocalExecutor`
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(side_by_side) as pool:
        # The dearest stands last in the panel and is begun first.
        models = dict(zip([c.key for c in chosen[::-1]], pool.map(fitted, chosen[::-1]), strict=True))
    final = {candidate.key: models[candidate.key] for candidate in chosen}
    stack = {SYSTEM: StackModel({key: final[key] for key in final if key in members}, mixes)} if mixes else {}
    return {key: model for key, model in {**final, **stack}.items() if key in wanted}
