"""The kernel of a recursive feature machine, and how its fit says which columns matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
CONSTANT = 10.0
"""Prior variance of the grand mean, in target variances: hardly shrunk, and still one closed form."""


@dataclass(frozen=True)
class Metric:
    """k(x, z) = exp(-d / L) + linear * x'Mz / u + 10, d^2 = (x - z)' M (x - z), M diagonal.

    The Laplace kernel of xRFM (Beaglehole et al., 2025) beside a straight line, which continues
    where rows end and reads wide spectra, and a constant for the grand mean.

    weight     (u,) diagonal of M, mean 1
    bandwidth  L, in the unit of d
    linear     prior variance of the straight line against the Laplace part
    """

    weight: Floats
    bandwidth: float
    linear: float

    def kernel(self, A: Floats, B: Floats) -> Floats:
        """(a, b) values between the rows of A (a, u) and B (b, u)."""
        return self.of_distances(*self.parts(A, B))

    def parts(self, A: Floats, B: Floats) -> tuple[Floats, Floats]:
        """(a, b) distances d and products x'Mz; both serve every bandwidth."""
        root = np.sqrt(self.weight)
        left, right = A * root, B * root
        product = left @ right.T
        squared = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)[None] - 2 * product
        # Rounding leaves 1e-15 for equal rows, whose root would look like a distance.
        np.maximum(squared - 1e-10, 0.0, out=squared)
        return np.sqrt(squared, out=squared), product

    def pairs(self, A: Floats, B: Floats) -> Floats:
        """(a,) values between row i of A and row i of B, both (a, u)."""
        distance = np.sqrt(np.square(A - B) @ self.weight)
        return self.of_distances(distance, (A * B) @ self.weight)

    def of_distances(self, distance: Floats, product: Floats) -> Floats:
        out = np.exp(distance * (-1.0 / self.bandwidth))
        if self.linear:
            out += (self.linear / len(self.weight)) * product
        out += CONSTANT
        return out

    def gradient(self, A: Floats, B: Floats, alpha: Floats) -> Floats:
        """(a, u) gradient at the rows of A of f(x) = sum_i alpha_i k(x, b_i), alpha (b,).

        d k / d x_j = -exp(-d / L) / (L d) M_j (x_j - z_j) + linear M_j z_j / u; at a training row
        itself the kernel has a tip and that row's own term counts 0.
        """
        return self._slope(A, B, self._pull(self.parts(A, B)[0]), alpha)

    def _pull(self, distance: Floats) -> Floats:
        """(a, b) exp(-d / L) / d, 0 at distance 0; serves every column of coefficients."""
        tip = distance == 0
        pull = np.exp(distance * (-1.0 / self.bandwidth))
        pull /= np.where(tip, 1.0, distance)
        pull[tip] = 0.0
        return pull

    def _slope(self, A: Floats, B: Floats, pull: Floats, alpha: Floats) -> Floats:
        own = pull * alpha
        slope = (own @ B - A * own.sum(axis=1)[:, None]) / self.bandwidth
        slope += (self.linear / len(self.weight)) * (alpha @ B)
        return slope * self.weight

    def learnt(self, rows: Floats, alpha: Floats, power: float = 1.0) -> Floats:
        """(u,) mean squared gradient of the fit over its rows, to a power, mean 1: the next metric.

        The diagonal of the average gradient outer product (AGOP) of a recursive feature machine
        (Radhakrishnan et al., Science 2024).

        rows   (n, u) training rows
        alpha  (n, k) coefficients, one column per output
        """
        energy = np.zeros(len(self.weight))
        pull = self._pull(self.parts(rows, rows)[0])
        for column in alpha.T:
            energy += np.square(self._slope(rows, rows, pull, column)).mean(axis=0)
        energy **= power
        return energy / energy.mean() if energy.any() else np.ones_like(energy)


def median_distance(distance: Floats) -> float:
    """Median over pairs of different rows; 1 where all rows are equal."""
    step = max(1, len(distance) // 300)
    some = distance[::step, ::step]
    away = some[some > 0]
    return float(np.median(away)) if len(away) else 1.0
