"""New rows or lots against one golden lot: which process blocks agree, and which fall short.

Structural matching (`explanation.matching`, after DIML) of aligned blocks: a file has the columns of
the training file, so each block meets its own counterpart (D2: optimal transport adds nothing there).
All blocks weigh the same; the paper's cross-correlation marginals would hide the one that differs (D4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.advice.similar import Difference, Search, block_parts, differences, typical
from tabcouce.explanation.matching import diagonal_match

USUAL = 0.05
FEWEST_ROWS = 8
"""Rows of the golden lot from which it can be said what is usual among them."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BlockLikeness:
    """One declared block, or one column where fewer than two are declared.

    likeness  cosine of its readings with the golden lot's, a one put before them; at most 1. Its
              contribution to the similarity is this over the number of blocks
    usual     what 19 of 20 of the golden lot's own rows reach; None where it has few rows
    """

    block: str
    likeness: float
    usual: float | None

    @property
    def falls_short(self) -> bool:
        return self.usual is not None and self.likeness < self.usual


@dataclass(frozen=True)
class GoldenMatch:
    """A new row (or lot, named by `label`) beside the golden lot.

    likeness  mean of its blocks' likeness; usual likewise of the golden lot's own rows
    blocks    the least alike first
    except_   columns that differ from the golden lot's typical row, the largest first
    outcome   the row's value, or the mean of the lot's; None where it is not known, and for classes
    """

    row: int
    label: str
    likeness: float
    usual: float | None
    blocks: tuple[BlockLikeness, ...]
    except_: tuple[Difference, ...]
    outcome: float | None = None

    @property
    def contributions(self) -> dict[str, float]:
        """Block -> what it adds to the similarity; they sum to `likeness`."""
        return {block.block: block.likeness / len(self.blocks) for block in self.blocks}


def against_golden(
    search: Search,
    golden: npt.NDArray[np.bool_],
    X: pd.DataFrame,
    numbers: npt.NDArray[np.int64],
    labels: npt.NDArray[np.object_] | None = None,
    *,
    most: int | None = None,
) -> tuple[GoldenMatch, ...]:
    """Compare new rows X (m, p) with the golden ones among the past rows.

    golden   (n,) past rows of the golden lot, one or more
    numbers  (m,) rows of the new file; labels (m,) their lots, to compare lots by their means. What
             is usual is told of single rows, so a lot has none
    most     keep the so many that are least alike, least first; None: all, in their order
    """
    old = search.scaled(search.past.X[golden])
    names, places = search.parts()
    reference = old.mean(axis=0)
    own = None
    if labels is None and len(old) >= FEWEST_ROWS:
        others = (old.sum(axis=0) - old) / (len(old) - 1)
        own = np.array([likeness(row, rest, places) for row, rest in zip(old, others, strict=True)])
    usual = None if own is None else np.quantile(own, USUAL, axis=0)
    whole = None if own is None else float(np.quantile(own.mean(axis=1), USUAL))
    pattern = typical(search.past.X[golden], np.zeros(int(golden.sum()), np.int64), 1).iloc[0]
    lot = np.arange(len(X)) if labels is None else np.unique(labels.astype(str), return_inverse=True)[1]
    count = int(lot.max()) + 1
    shown = X if labels is None else typical(X, lot, count)
    new = np.zeros((count, old.shape[1]))
    np.add.at(new, lot, search.scaled(X))
    new /= np.bincount(lot)[:, None]
    alike = [likeness(one, reference, places) for one in new]
    kept: list[int] = list(range(count))
    if most is not None:
        kept = sorted(kept, key=lambda i: float(alike[i].mean()))[:most]
    found = []
    for i in kept:
        first, each = int(np.flatnonzero(lot == i)[0]), alike[i]
        order = np.argsort(each if usual is None else each - usual, kind="stable")
        found.append(
            GoldenMatch(
                row=int(numbers[first]),
                label="" if labels is None else str(labels[first]),
                likeness=float(each.mean()),
                usual=whole,
                blocks=tuple(
                    BlockLikeness(names[j], float(each[j]), None if usual is None else float(usual[j]))
                    for j in order
                ),
                except_=differences(search.scaled, shown.iloc[i], new[i], pattern, reference),
            )
        )
    return tuple(found)


def likeness(row: Floats, reference: Floats, places: list[npt.NDArray[np.int64]]) -> Floats:
    """(blocks,) what each block contributes to the similarity, as a share of the most it can."""
    found = diagonal_match(block_parts(row, places), block_parts(reference, places))
    return found.contribution * len(places)
