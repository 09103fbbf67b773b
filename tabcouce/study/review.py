"""What a review costs: LightGBM as it was, with held directions, and without excluded columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from tabcouce.advice.review import Review
from tabcouce.evaluation import Candidate, Difference, Trial, paired_difference, score
from tabcouce.evaluation.run import run_trial
from tabcouce.models import BoostingModel, ModelTask
from tabcouce.roles import datasets
from tabcouce.roles.dataset import Dataset
from tabcouce.splits import Split, plan_splits
from tabcouce.study.effort import Effort
from tabcouce.study.inputs import Inputs


@dataclass(frozen=True)
class Change:
    """One consequence of a review on one target.

    what           'monotone', 'exclude', or 'both' where both were decided
    metric         'r2' or 'auc', on contexts held out by the headline split
    before, after  score of LightGBM; cost: after minus before, paired over held-out contexts
    """

    target: str
    what: str
    columns: tuple[str, ...]
    split: str
    metric: str
    before: float | None
    after: float | None
    cost: Difference


def review_costs(
    inputs: Inputs, review: Review, effort: Effort, *, name: str, seed: int
) -> tuple[Change, ...]:
    """Refit LightGBM with what the review decided, on the same folds; () where it decided nothing.

    A held direction cannot be given to a category, and says nothing where the column is excluded.
    """
    changes: list[Change] = []
    for dataset in datasets(inputs.table, inputs.roles, name=name):
        plan = plan_splits(dataset, folds=effort.folds, seed=seed)
        changes += target_costs(dataset, plan.of(plan.headline), review, effort, seed=seed)
    return tuple(changes)


def target_costs(
    dataset: Dataset, split: Split, review: Review, effort: Effort, *, seed: int
) -> list[Change]:
    out = tuple(c for c in review.excluded if c in dataset.X.columns)
    held = {c: s for c, s in review.monotone.items() if c in dataset.X.columns and c not in out}
    if dataset.task == "multiclass":
        held = {}  # no one score could be monotone
    if len(out) == dataset.X.shape[1] or not (out or held):
        return []
    task: ModelTask = "regression" if dataset.is_regression else "classification"
    make = partial(BoostingModel, task, seed=seed, pace=effort.pace)

    def trial(data: Dataset, model: Callable[[], BoostingModel]) -> Trial:
        return run_trial(Candidate("lightgbm", model), data, split, known=False)

    before = trial(dataset, make)
    less = replace(dataset, X=dataset.X.drop(columns=list(out)))
    made: list[tuple[str, tuple[str, ...], Trial]] = []
    if held:
        made.append(("monotone", tuple(held), trial(dataset, partial(make, monotone=held))))
    if out:
        made.append(("exclude", out, trial(less, make)))
    if held and out:
        made.append(("both", (*held, *out), trial(less, partial(make, monotone=held))))
    metric = "r2" if dataset.is_regression else "auc"

    def value(one: Trial) -> float | None:
        return score(one, dataset, split, draws=1, seed=seed).metrics[metric].value

    return [
        Change(
            target=dataset.target,
            what=what,
            columns=columns,
            split=split.key,
            metric=metric,
            before=value(before),
            after=value(after),
            cost=paired_difference(after, before, dataset, split, draws=effort.draws, seed=seed),
        )
        for what, columns, after in made
    ]
