"""What to see on the map of the embedding, from its numbers."""

from __future__ import annotations

import numpy as np

from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, score
from tabcouce.report.embedding_map import EmbeddingMap
from tabcouce.report.naming import sentences
from tabcouce.report.summary import TargetSummary
from tabcouce.report.verdict_text import unseen

COLOURED = 5


def apart(view: EmbeddingMap) -> list[str]:
    """The contexts whose middle lies furthest from the middle of all rows, in spreads of their own rows."""
    place = np.column_stack([view.across, view.up])
    names = np.array(view.context, object)
    distance = {}
    for name in dict.fromkeys(view.context):
        own = place[names == name]
        # Standard error of the middle: a context of two rows is far from anything by luck alone.
        luck = np.sqrt(place.var(axis=0).sum() / len(own))
        distance[name] = float(np.linalg.norm(own.mean(axis=0) - place.mean(axis=0)) / max(luck, 1e-12))
    return sorted(distance, key=lambda name: -distance[name])[:COLOURED]


def map_say(target: TargetSummary, view: EmbeddingMap, w: Words) -> str:
    """How much of the spread the map shows, how far contexts lie apart, and whether near rows are alike."""
    near = None if target.neighbours is None else target.neighbours.of("encoder")
    value = None if near is None else near.score.value
    told = ""
    if target.neighbours is not None and value is not None:
        told = w(
            "map.neighbours",
            k=target.neighbours.neighbours,
            unseen=unseen(target, w),
            metric=w.label("metric_symbol", target.neighbours.metric),
            value=score(value),
        )
    return sentences(
        w,
        w("map.say", shown=percent(view.shown)),
        "" if view.between is None else w("map.between", percent=percent(view.between)),
        told,
        w("map.trained", n=f"{view.trained_on:,}", total=f"{view.total:,}"),
        w("chart.points_shown", shown=f"{len(view.rows):,}", total=f"{view.total:,}")
        if view.total > len(view.rows)
        else "",
    )
