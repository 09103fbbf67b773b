"""Which past lots are most like each lot of the file: the cards of the page."""

from __future__ import annotations

import numpy as np

from tabcouce.advice.row_space import SpaceName
from tabcouce.advice.similar import Search
from tabcouce.study.similar import SimilarRows
from tabcouce.study.value import TargetStudy

CARDS = 40
"""Lots with a card of their own, those with most rows; more would bury the list."""
NEAREST = 5
FEWEST = 3


def lot_cards(study: TargetStudy) -> SimilarRows | None:
    """The five nearest lots of each lot, by their means; None without a context of 3 levels.

    Lots are levels of the context that the study holds out, else of the first context. Each lot
    also stands among its own neighbours, with its outcome and number of rows: see `own_entry`.
    """
    column = _column(study)
    if column is None or study.advice is None:
        return None
    past = study.advice.past
    level = past.contexts[column].to_numpy(dtype=str)
    names, count = np.unique(level, return_counts=True)
    shown = names[np.argsort(-count, kind="stable")[:CARDS]]
    mine = np.flatnonzero(np.isin(level, shown))
    # Leaves of trees have no mean, so lots are never compared by them.
    space: SpaceName = "encoder" if study.advice.neighbours.best == "encoder" else "scaled"
    search = Search.of(past, space, model=study.advice.encoder)
    found = search.contexts(
        past.X.iloc[mine].reset_index(drop=True),
        past.rows[mine],
        level[mine].astype(object),
        column,
        min(NEAREST + 1, len(names)),
    )
    return SimilarRows(
        target=study.dataset.target,
        unit=study.dataset.role(study.dataset.target).unit,
        classes=study.dataset.classes,
        space=search.space,
        reason={"encoder": "best", "leaves": "no-means"}.get(study.advice.neighbours.best, "tie"),
        by=column,
        units={str(name): study.dataset.role(str(name)).unit for name in study.dataset.X.columns},
        found=found,
    )


def _column(study: TargetStudy) -> str | None:
    contexts = study.dataset.contexts
    headline = study.plan.of(study.plan.headline).column
    wanted = [*([] if headline is None else [headline]), *map(str, contexts.columns)]
    return next(
        (name for name in wanted if name in contexts.columns and contexts[name].nunique() >= FEWEST), None
    )
