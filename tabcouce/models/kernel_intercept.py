"""Kernel ridge regression with a random intercept per context, and its held-out answers in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve, lapack, solve_triangular

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Rows = Codes | slice
"""Positions of rows, or a run of them, which costs no copy."""


def same_context(left: Codes, right: Codes) -> Floats:
    """(a, b) number of context columns in which two rows share a level; left (a, c), right (b, c).

    A code below 0 is an unknown level and shares with no row.
    """
    total = np.zeros((len(left), len(right)))
    for mine, other in zip(left.T, right.T, strict=True):
        total += (mine[:, None] == other[None]) & (mine >= 0)[:, None]
    return total


@dataclass(frozen=True)
class InterceptFit:
    """y = f(x) + sum_c b_c + e with f ~ GP(0, k), b ~ N(0, tau^2) per level, e ~ N(0, lambda).

    The mixed model of Wang (1998) and GPBoost (Sigrist, 2022) with a kernel for f: its
    best linear unbiased prediction is kernel ridge regression with k + tau^2 [same context].

    inverse  (n, n) H = (K + tau^2 S + lambda I)^-1
    alpha    (n, k) H y; f(x) = k(x, .) alpha, b_g = tau^2 sum_{i in g} alpha_i
    """

    inverse: Floats
    alpha: Floats

    @classmethod
    def of(cls, kernel: Floats, same: Floats | None, y: Floats, *, ridge: float, tau2: float) -> InterceptFit:
        """Solve once. kernel (n, n), same (n, n) from `same_context`, y (n, k)."""
        return cls.of_system(mixed_system(kernel, same, ridge=ridge, tau2=tau2), y)

    @classmethod
    def of_system(cls, system: Floats, y: Floats) -> InterceptFit:
        """From K + tau^2 S + lambda I, which is overwritten."""
        inverse = positive_inverse(system)
        return cls(inverse, inverse @ y)

    def with_intercepts(self, code: Codes, y: Floats, tau2: float) -> InterceptFit:
        """The same fit with random intercepts added, by a low-rank update (Woodbury).

        With indicators E (n, G) of all levels: H - H E (I / tau^2 + E'HE)^-1 E'H. For a fit
        made without intercepts; code (n, c) without unknown levels.
        """
        if tau2 == 0 or not code.shape[1]:
            return self
        E = np.hstack([(column[:, None] == np.unique(column)).astype(float) for column in code.T])
        HE = self.inverse @ E
        small = E.T @ HE
        small[np.diag_indices_from(small)] += 1.0 / tau2
        # Symmetric by construction: H E small^-1 E'H = V V' with V = H E chol(small)^-T.
        V = solve_triangular(np.linalg.cholesky(small), HE.T, lower=True)
        inverse = self.inverse - V.T @ V
        return InterceptFit(inverse, inverse @ y)

    def left_out_rows(self, y: Floats) -> Floats:
        """(n, k) prediction of each row, its context's intercept included, by a fit without the row.

        y_i - alpha_i / H_ii (Golub, Heath and Wahba, 1979).
        """
        return y - self.alpha / np.diag(self.inverse)[:, None]

    def left_out_error(self, rows: Rows) -> Floats:
        """(b, k) error on some rows of a fit without them: H_BB^-1 alpha_B, no matter how many others stay.

        What the rows have in common with the rest counts, so rows of a known context are told its
        intercept and a whole context is predicted blind, if no other column of contexts ties it.
        """
        mine = self.inverse[rows]
        return np.asarray(np.linalg.solve(mine[:, rows], self.alpha[rows]))

    def cut(self, solved: Floats, block: Rows) -> Floats:
        """H v of the fit without the rows of `block`, where it is 0, from `solved` = H v with them.

        From the inverse by blocks: (H v)_R - H_RB H_BB^-1 (H v)_B.
        """
        mine = self.inverse[block]
        rest = solved - mine.T @ np.linalg.solve(mine[:, block], solved[block])
        rest[block] = 0.0
        return rest


@dataclass(frozen=True)
class ShotKernel:
    """A training context treated as a new one of which s rows are labelled.

    block    its rows; shots (s,) positions in `block` of the labelled ones
    to_rows  (b, n) smooth kernel from its rows to the training rows
    inside   (b, b) smooth kernel among its rows
    """

    block: Rows
    shots: Codes
    to_rows: Floats
    inside: Floats

    @property
    def columns(self) -> Floats:
        """(n, s) kernel from the training rows that remain to the shots."""
        out = self.to_rows[self.shots].T.copy()
        out[self.block] = 0.0
        return out

    def after(self, alpha: Floats, spread: Floats, y: Floats, *, ridge: float, tau2: float) -> Floats:
        """(b, k) prediction of its rows once some of them are labelled.

        alpha   (n, k) coefficients, spread (n, s) H times `columns`, both of the fit without it
        y       (b, k) target of its rows
        """
        S = self.shots
        new = conditioned(
            alpha, spread, self.to_rows[S], self.inside[np.ix_(S, S)], y[S], ridge=ridge, tau2=tau2
        )
        return self.to_rows @ new.alpha + (self.inside[:, S] + tau2) @ new.shot_alpha


@dataclass(frozen=True)
class Conditioned:
    """Coefficients after k rows of one new context were added: f(x) = k(x, R) alpha + k(x, S) shot_alpha.

    The new context's intercept is tau^2 sum(shot_alpha).
    """

    alpha: Floats
    shot_alpha: Floats


def conditioned(
    alpha: Floats,
    spread: Floats,
    to_rows: Floats,
    inside: Floats,
    y: Floats,
    *,
    ridge: float,
    tau2: float,
) -> Conditioned:
    """Exact conditioning of the mixed model on k labelled rows that share a new intercept.

    alpha    (n, k') coefficients before; spread (n, k) H K_RS
    to_rows  (k, n) smooth kernel from the shots to the training rows; inside (k, k) among them
    y        (k, k') their target
    """
    cover = inside + tau2 + ridge * np.eye(len(inside)) - to_rows @ spread
    shot_alpha = np.asarray(np.linalg.solve(cover, y - to_rows @ alpha), dtype=np.float64)
    return Conditioned(alpha - spread @ shot_alpha, shot_alpha)


def runs(code: Codes) -> list[slice]:
    """Rows of each level, where the rows are sorted by level."""
    cuts = [0, *(np.flatnonzero(np.diff(code)) + 1), len(code)]
    return [slice(int(a), int(b)) for a, b in pairwise(cuts)]


def mixed_system(kernel: Floats, same: Floats | None, *, ridge: float, tau2: float) -> Floats:
    """(n, n) K + tau^2 S + lambda I."""
    system = kernel.copy() if same is None or tau2 == 0 else kernel + tau2 * same
    system[np.diag_indices_from(system)] += ridge
    return system


def positive_solve(A: Floats, y: Floats) -> Floats:
    """A^-1 y by Cholesky, at a third of the inverse's cost; A is overwritten.

    Raises  LinAlgError where rounding makes A indefinite
    """
    return np.asarray(cho_solve(cho_factor(A, lower=True, overwrite_a=True, check_finite=False), y))


def positive_inverse(A: Floats) -> Floats:
    """Inverse of a symmetric positive definite matrix, by Cholesky; A is overwritten.

    Raises  LinAlgError where rounding makes A indefinite
    """
    factor, info = lapack.dpotrf(A.T, lower=1, clean=1, overwrite_a=1)
    if info == 0:
        factor, info = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise LinAlgError("The kernel matrix is not positive definite.")
    # LAPACK fills the lower triangle only; the upper one is zero.
    inverse = factor + factor.T
    inverse[np.diag_indices_from(inverse)] *= 0.5
    return np.asarray(inverse)
