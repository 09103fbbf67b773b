"""Where the encoder places each row: two principal components of its embedding, for the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tabcouce.report.sampling import thin_by_context

Floats = npt.NDArray[np.float64]
MAP_POINTS = 800
"""Rows of the map; it is drawn twice, once by outcome and once by context."""


@dataclass(frozen=True)
class EmbeddingMap:
    """Rows in the encoder's space.

    across, up  first and second principal component, no unit
    rows        1-based rows of the file; context and observed value (or class number) of each
    shown       share of the embedding's variance that the two components hold
    between     share of the embedding's variance that lies between contexts, corrected for chance:
                0 where contexts mix fully; None with a context per row or a single context
    trained_on  rows that the encoder was trained on
    total       rows there were before thinning
    """

    across: tuple[float, ...]
    up: tuple[float, ...]
    rows: tuple[int, ...]
    context: tuple[str, ...]
    observed: tuple[float, ...]
    shown: float
    between: float | None
    trained_on: int
    total: int


def embedding_map(
    embedding: npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
    context: npt.NDArray[np.object_],
    observed: Floats,
    *,
    trained_on: int,
    limit: int = MAP_POINTS,
    seed: int,
) -> EmbeddingMap | None:
    """Two components of the (n, d) embedding; None with fewer than 3 rows or no spread.

    The sign of a component is arbitrary; each is turned so that it rises with the outcome.
    """
    centred = np.asarray(embedding, float) - np.mean(embedding, axis=0, dtype=float)
    spread = float(np.square(centred).sum())
    if len(centred) < 3 or spread <= 0:
        return None
    # Right singular vectors by the small (d, d) matrix: n may be 36,000, d is at most 64.
    value, vector = np.linalg.eigh(centred.T @ centred)
    axes = vector[:, ::-1][:, :2]
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros(len(axes))])
    place = centred @ axes
    place *= np.where(place.T @ (observed - np.nanmean(observed)) < 0, -1.0, 1.0)
    keep = thin_by_context(context, limit, seed=seed)
    return EmbeddingMap(
        across=_short(place[keep, 0]),
        up=_short(place[keep, 1]),
        rows=tuple(int(row) for row in rows[keep]),
        context=tuple(str(text) for text in context[keep]),
        observed=_short(observed[keep]),
        shown=float(np.clip(value[::-1][:2].sum() / spread, 0.0, 1.0)),
        between=share_between(centred, context),
        trained_on=trained_on,
        total=len(rows),
    )


def share_between(centred: Floats, context: npt.NDArray[np.object_]) -> float | None:
    """Share of the variance of the (n, d) rows that lies between contexts, corrected for chance.

    1 - MS_within / MS_total, the epsilon squared of Kelley (PNAS 21, 1935): its mean is 0 where
    contexts are labels drawn at random; below 0 is told as 0.
    """
    names, member, count = np.unique(context.astype(str), return_inverse=True, return_counts=True)
    n = len(member)
    if len(names) < 2 or len(names) == n:
        return None
    total = np.zeros((len(names), centred.shape[1]))
    np.add.at(total, member, centred)
    within = float(np.square(centred - (total / count[:, None])[member]).sum())
    mean_within = within / (n - len(names))
    mean_total = float(np.square(centred - centred.mean(axis=0)).sum()) / (n - 1)
    return max(0.0, 1.0 - mean_within / mean_total)


def _short(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values)
