"""Rows that could not be: what an encoder is taught to tell normal rows from, where nothing is labelled.

After the synthetic class of Breiman's unsupervised forests: half of the contrast rows keep every
column's own distribution and lose what ties the columns together, the other half leave that
distribution in a few columns. DIFF: columns are swapped inside a context only, so that what
differs between machines is no sign of a fault.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tabcouce.models.detection import Floats

SHARE = (0.1, 1.0)
"""Smallest and largest share of a row's columns that are swapped."""
STEPS = (1.4, 3.0, 6.0)
"""Sizes of a shift in standard deviations inside contexts."""
SHIFTED = 1.5
"""Columns shifted on average."""


def contrast_rows(z: Floats, context: npt.NDArray[np.int64], *, seed: int) -> Floats:
    """(n, q) one contrast row for each coded normal row z (n, q); context (n,) its number."""
    rng = np.random.default_rng(seed)
    swapped = _swapped(z, context, rng)
    spread = _within_spread(z, context)
    chosen = rng.random(z.shape) < max(0.1, SHIFTED / z.shape[1])
    size = spread * rng.choice(STEPS, (len(z), 1))
    shifted = z + chosen * rng.normal(size=z.shape) * size
    half = rng.random(len(z)) < 0.5
    return np.where(half[:, None], swapped, shifted)


def _swapped(z: Floats, context: npt.NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Each row with a share of its columns from other rows of its context, each from another one."""
    out = z.copy()
    share = rng.uniform(*SHARE, len(z))
    for c in np.unique(context):
        own = np.flatnonzero(context == c)
        for j in range(z.shape[1]):
            donor = z[rng.permutation(own), j]
            out[own, j] = np.where(rng.random(len(own)) < share[own], donor, z[own, j])
    return out


def _within_spread(z: Floats, context: npt.NDArray[np.int64]) -> Floats:
    """(q,) standard deviation about the context's own mean."""
    number = np.unique(context, return_inverse=True)[1]
    count = np.bincount(number)
    mean = np.stack([np.bincount(number, weights=column) / count for column in z.T], axis=1)
    return np.sqrt(np.square(z - mean[number]).mean(axis=0))
