"""What few runs tell of all others: the kernel expert's kernel as a Gaussian process with its uncertainty.

The panel's `KernelModel` answers with a mean alone and chooses by squared error. A search needs the
variance too, so the shape is chosen here by the density that each run has when it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tabcouce.models.feature_machine import Metric, median_distance
from tabcouce.models.kernel_intercept import InterceptFit

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
BANDWIDTHS = (0.5, 1.0, 4.0, 16.0)
"""In median distances. Wide ones make the kernel a cone: nearly linear interpolation."""
RIDGES = (1e-3, 0.02, 0.2)
INTERCEPTS = (0.0, 0.3, 3.0)
"""Variances of noise and of the contexts' intercepts, in variances of the smooth part."""
LINEAR = 1.0
POWERS = (0.5, 1.0)


@dataclass(frozen=True)
class Shape:
    """Kernel and variances, all relative to the variance of the smooth part."""

    metric: Metric
    ridge: float
    tau2: float = 0.0


@dataclass(frozen=True)
class Runs:
    """What was measured.

    Z       (n, q) scaled settings; y (n,)
    member  (n, L) share of each context level in a run: 1 for its own, see `membership`; L may be 0
    """

    Z: Floats
    y: Floats
    member: Floats


def membership(code: Codes) -> Floats:
    """(n, L) indicators of the levels of all context columns, code (n, c)."""
    parts = [(column[:, None] == np.unique(column)).astype(float) for column in code.T]
    return np.hstack(parts) if parts else np.zeros((len(code), 0))


@dataclass(frozen=True)
class Posterior:
    """g(x) = f(x) + mean b over the contexts so far, where y = f(x) + b_context + e, f ~ GP(0, s^2 k).

    What to expect of a setting, whichever of the known contexts it is run in. f alone would carry
    the doubt about where the mean of all contexts lies, which no choice of a setting can change.

    inverse, alpha  of the standardised target; amplitude s^2 in its unit
    """

    runs: Runs
    shape: Shape
    centre: float
    scale: float
    inverse: Floats
    alpha: Floats
    amplitude: float

    @classmethod
    def of(cls, runs: Runs, shape: Shape) -> Posterior:
        centre, scale = float(runs.y.mean()), float(runs.y.std()) or 1.0
        kernel = shape.metric.kernel(runs.Z, runs.Z)
        fit = _solved(kernel, runs, shape, (runs.y - centre) / scale)
        alpha = fit.alpha[:, 0]
        amplitude = _left_out(fit.inverse, alpha).amplitude
        return cls(runs, shape, centre, scale, fit.inverse, alpha, amplitude)

    @property
    def average(self) -> Floats:
        """(1, L) equal share of each level of each context column."""
        member = self.runs.member
        if not member.shape[1]:
            return np.zeros((1, 0))
        # Every run has one level per column, so the rows of `member` sum to the number of columns.
        same_column = np.cumsum(np.append(0.0, member.mean(axis=0)))[:-1]
        column = np.floor(same_column + 1e-9)
        sizes = np.array([(column == own).sum() for own in column], float)
        return 1.0 / sizes[None]

    def at(self, Z: Floats) -> tuple[Floats, Floats]:
        """(m,) mean and standard deviation of g, unit of the target; noise left aside.

        var = s^2 (k(x, x) - k_x' H k_x), k with the intercepts' part tau^2 [shares in common]
        """
        share, tau2 = self.average, self.shape.tau2
        near = self.shape.metric.kernel(Z, self.runs.Z) + tau2 * share @ self.runs.member.T
        own = _diagonal(self.shape.metric, Z) + tau2 * float((share @ share.T)[0, 0])
        variance = self.amplitude * (own - np.einsum("ij,ij->i", near @ self.inverse, near))
        # The grand mean's wide prior cancels in the difference; rounding may leave -1e-16.
        return self.centre + self.scale * (near @ self.alpha), self.scale * np.sqrt(np.maximum(variance, 0.0))

    def jointly(self, Z: Floats) -> tuple[Floats, Floats]:
        """(b, q) mean and (b, q, q) covariance of g within each of b sets of q settings, Z (b, q, u)."""
        rows, back = np.unique(Z.reshape(-1, Z.shape[-1]), axis=0, return_inverse=True)
        at = back.reshape(Z.shape[:2])
        share, tau2 = self.average, self.shape.tau2
        near = self.shape.metric.kernel(rows, self.runs.Z) + tau2 * share @ self.runs.member.T
        told, own = near @ self.inverse, tau2 * float((share @ share.T)[0, 0])
        cover = np.empty((*Z.shape[:2], Z.shape[1]))
        for i in range(Z.shape[1]):
            for j in range(i + 1):
                kernel = self.shape.metric.pairs(rows[at[:, i]], rows[at[:, j]]) + own
                cover[:, i, j] = kernel - np.einsum("ij,ij->i", told[at[:, i]], near[at[:, j]])
                cover[:, j, i] = cover[:, i, j]
        mean = self.centre + self.scale * (near @ self.alpha)
        return mean[at], self.amplitude * self.scale**2 * cover

    def new_context(self, Z: Floats) -> Floats:
        """(m, m) covariance of f + b over rows of one new context, in variances of the smooth part.

        Nothing is known of its b, so no level of the past is shared.
        """
        near = self.shape.metric.kernel(Z, self.runs.Z)
        columns = float(self.runs.member[:1].sum())
        own = self.shape.metric.kernel(Z, Z) + self.shape.tau2 * columns
        return own - near @ self.inverse @ near.T

    @property
    def noise(self) -> float:
        """Standard deviation of one run around g in a given context, unit of the target."""
        return float(self.scale * np.sqrt(self.amplitude * self.shape.ridge))

    def believing(self, z: Floats) -> Posterior:
        """As if the run z (q,) had given its expected value: the kriging believer (Ginsbourger et al., 2010).

        Only the variance changes; the amplitude stays, for nothing was learnt.
        """
        value = self.at(z[None])[0]
        runs = Runs(
            np.vstack([self.runs.Z, z]),
            np.append(self.runs.y, value),
            np.vstack([self.runs.member, self.average]),
        )
        kernel = self.shape.metric.kernel(runs.Z, runs.Z)
        fit = _solved(kernel, runs, self.shape, (runs.y - self.centre) / self.scale)
        return replace(self, runs=runs, inverse=fit.inverse, alpha=fit.alpha[:, 0])


@dataclass(frozen=True)
class LeftOut:
    """Leave-one-out density of a shape: amplitude s^2 that is most likely, and the loss with it."""

    amplitude: float
    loss: float


def choose_shape(runs: Runs) -> Shape:
    """The shape under which each run is least surprising to the others.

    Leave-one-out predictive density in closed form (Sundararajan and Keerthi, 2001), with the
    amplitude at its maximum. The metric is learnt as in a recursive feature machine, step by
    step from the best fit before; with few runs the plain one often wins.
    """
    y = (runs.y - runs.y.mean()) / (float(runs.y.std()) or 1.0)
    best: tuple[float, Shape, Floats] | None = None
    weight = np.ones(runs.Z.shape[1])
    for power in (*POWERS, None):
        for shape, fit in _tried(runs, y, weight):
            loss = _left_out(fit.inverse, fit.alpha[:, 0]).loss
            if best is None or loss < best[0]:
                best = (loss, shape, fit.alpha)
        if best is None or power is None:
            break
        weight = best[1].metric.learnt(runs.Z, best[2], power)
    assert best is not None  # the grid is not empty
    return best[1]


def _tried(runs: Runs, y: Floats, weight: Floats) -> Iterator[tuple[Shape, InterceptFit]]:
    plain = Metric(weight, 1.0, LINEAR)
    distance, product = plain.parts(runs.Z, runs.Z)
    typical = median_distance(distance)
    for wide in BANDWIDTHS:
        metric = Metric(weight, wide * typical, LINEAR)
        kernel = metric.of_distances(distance, product)
        for ridge in RIDGES:
            for tau2 in INTERCEPTS if runs.member.shape[1] else INTERCEPTS[:1]:
                shape = Shape(metric, ridge, tau2)
                yield shape, _solved(kernel, runs, shape, y)


def _solved(kernel: Floats, runs: Runs, shape: Shape, y: Floats) -> InterceptFit:
    same = runs.member @ runs.member.T if shape.tau2 else None
    return InterceptFit.of(kernel, same, y[:, None], ridge=shape.ridge, tau2=shape.tau2)


def _left_out(inverse: Floats, alpha: Floats) -> LeftOut:
    """e_i = alpha_i / H_ii with variance s^2 / H_ii; s^2 = mean e_i^2 H_ii maximises the density."""
    own = np.diag(inverse)
    amplitude = max(float(np.mean(alpha**2 / own)), 1e-12)
    return LeftOut(amplitude, float(np.log(amplitude) - np.log(own).mean()))


def _diagonal(metric: Metric, Z: Floats) -> Floats:
    """k(x, x) without the m x m matrix."""
    product = (Z**2 * metric.weight).sum(axis=1)
    return metric.of_distances(np.zeros(len(Z)), product)
