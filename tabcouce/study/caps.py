"""Every limit on rows, folds and columns that bit, for the report: nothing is thinned in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tabcouce.advice.neighbour_quality import MOST_ASKED, MOST_PAST
from tabcouce.advice.savings import MOST_ROWS as MOST_REPLAYED
from tabcouce.checks.leaks import MOST_ROWS as MOST_CHECKED
from tabcouce.evaluation import Trial
from tabcouce.explanation.accumulated import MOST_ROWS as MOST_IN_CURVES
from tabcouce.models.forest import ROWS_PER_TREE
from tabcouce.models.inner_split import INNER_FOLDS, MANY_CELLS, MANY_ROWS, MOST_TRAINED
from tabcouce.roles.dataset import Dataset
from tabcouce.splits.split import SplitPlan
from tabcouce.study.effort import Effort
from tabcouce.study.run_history import MOST_ROWS as MOST_KEPT
from tabcouce.study.value import Cap

BOOSTED = ("lightgbm", "lightgbm_context")


def compared(dataset: Dataset, whole: Dataset) -> tuple[Cap, ...]:
    """That not all rows were compared, where it is so."""
    return _bit(Cap("rows compared", len(dataset.y), len(whole.y)))


def caps(
    trials: Sequence[Trial], plan: SplitPlan, dataset: Dataset, whole: Dataset, effort: Effort
) -> tuple[Cap, ...]:
    """Limits of the models, then of what is made of them, each with what there would have been."""
    trained = {trial.model: max(len(f.train) for f in plan.of(trial.split).folds) for trial in trials}
    found = [*_rows_used(trials, plan), *_inner(trained, dataset, whole)]
    if "random_forest" in trained:
        found.append(Cap("rows a tree, random_forest", ROWS_PER_TREE, trained["random_forest"]))
    if "kernel" in trained:
        found.append(Cap("rows of choices, kernel", effort.kernel_choice, trained["kernel"]))
    rows, columns = dataset.X.shape
    most = max(trained.values(), default=0)
    found += [
        Cap("rows explained", effort.explained_rows, rows),
        Cap("columns shuffled", effort.permuted, columns),
        Cap("rows of a factor's curve", MOST_IN_CURVES, rows),
        Cap("rows asked for neighbours", MOST_ASKED, rows),
        Cap("rows searched for neighbours", MOST_PAST, most),
        Cap("rows kept for the next runs", MOST_KEPT, len(whole.y)),
        Cap("rows checked for leaks", MOST_CHECKED, len(whole.y)),
    ]
    if dataset.is_regression:
        found.append(Cap("rows replayed", MOST_REPLAYED, rows))
    return _bit(*found)


def _bit(*found: Cap) -> tuple[Cap, ...]:
    return tuple(cap for cap in found if cap.limit < cap.had)


def _rows_used(trials: Sequence[Trial], plan: SplitPlan) -> Iterator[Cap]:
    """What each model said itself of the training rows of a fold that it used."""
    found: dict[str, Cap] = {}
    for trial in trials:
        had = max(len(fold.train) for fold in plan.of(trial.split).folds)
        if trial.rows_used < had:
            cap = Cap(f"training rows per fold, {trial.model}", trial.rows_used, had)
            found[trial.model] = max(found.get(trial.model, cap), cap, key=lambda c: c.had)
    yield from found.values()


def _inner(trained: dict[str, int], dataset: Dataset, whole: Dataset) -> Iterator[Cap]:
    """Inner folds that choose the number of trees; on all rows the final models train them on a part."""
    classes = len(dataset.classes)
    trees = classes if classes > 2 else 1
    for model in BOOSTED:
        rows = trained.get(model, 0)
        if rows * dataset.X.shape[1] * trees > MANY_CELLS:
            yield Cap(f"inner folds over contexts, {model}", 2, INNER_FOLDS)
        if model == "lightgbm_context" and rows > MANY_ROWS:
            yield Cap(f"inner folds over rows, {model}", 1, INNER_FOLDS)
        if rows:
            inner = len(whole.y) * (INNER_FOLDS - 1) // INNER_FOLDS
            yield Cap(f"inner training rows, {model}", MOST_TRAINED, inner)
