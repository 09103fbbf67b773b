"""One alarm limit from an allowed false-alarm rate, with its exact interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, binom

from tabcouce.errors import FitError

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
MOST_ROWS_NEEDED = 10_000_000


@dataclass(frozen=True)
class AlarmLimit:
    """A row whose score is above `limit` is an alarm.

    allowed         false-alarm rate that was asked for
    expected        false-alarm rate the limit has on average, at most `allowed` where n suffices
    rate_low, high  95 % interval of the limit's true false-alarm rate
    limit_low, high 95 % interval of the limit that would have exactly the allowed rate, between
                    order statistics; infinite where n is too small to say
    n               normal rows behind it
    """

    limit: float
    allowed: float
    expected: float
    rate_low: float
    rate_high: float
    limit_low: float
    limit_high: float
    n: int

    @classmethod
    def of(cls, normal: Floats, allowed: float, level: float = LEVEL) -> Self:
        """The limit from scores (n,) of normal rows that the model had not seen.

        With the r-th smallest of n independent scores as the limit, the true false-alarm rate is
        Beta(n - r + 1, r) whatever the scores' distribution (Wilks, 1941), mean
        (n - r + 1) / (n + 1); r is the smallest whose mean is within what is allowed.
        With fewer than 1 / allowed - 1 rows there is none: the largest score is taken and
        `expected` says what that costs.

        Raises  FitError without rows, with a score that is no number, or a rate outside (0, 1)
        """
        if not 0 < allowed < 1:
            raise FitError(f"An allowed false-alarm rate of {allowed:g} is not between 0 and 1.")
        if len(normal) == 0 or not np.isfinite(normal).all():
            raise FitError(
                "There are no finite scores of normal rows to set an alarm limit from.",
                remedy="Give rows that are known to be normal, or an approved period.",
            )
        n, ranked, tail = len(normal), np.sort(normal), (1 - level) / 2
        r = min(n, int(np.ceil((n + 1) * (1 - allowed) - 1e-9)))
        above = n - r + 1
        # P(X_(a) <= quantile) = P(Binomial(n, 1 - allowed) >= a), the usual interval of a quantile.
        a = int(binom.ppf(tail, n, 1 - allowed))
        b = int(binom.ppf(1 - tail, n, 1 - allowed)) + 1
        return cls(
            limit=float(ranked[r - 1]),
            allowed=allowed,
            expected=above / (n + 1),
            rate_low=float(beta.ppf(tail, above, r)),
            rate_high=float(beta.ppf(1 - tail, above, r)),
            limit_low=float(ranked[a - 1]) if a >= 1 else -np.inf,
            limit_high=float(ranked[b - 1]) if b <= n else np.inf,
            n=n,
        )


def rows_needed(allowed: float, factor: float = 2.0, level: float = LEVEL) -> int:
    """Fewest normal rows after which a limit's true false-alarm rate stays below factor x allowed.

    With probability (1 + level) / 2, from the Beta distribution above; by doubling, then halving.
    """

    def upper(n: int) -> float:
        r = min(n, int(np.ceil((n + 1) * (1 - allowed) - 1e-9)))
        return float(beta.ppf((1 + level) / 2, n - r + 1, r))

    high = 1
    while upper(high) > factor * allowed and high < MOST_ROWS_NEEDED:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper(middle) <= factor * allowed else (middle, high)
    return high
