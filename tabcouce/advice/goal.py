"""What a target should become, and how much better than the best so far a new run may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from tabcouce.errors import RoleError
from tabcouce.roles.role import Aim, ColumnRole

Floats = npt.NDArray[np.float64]
FLOOR = 1e-12


@dataclass(frozen=True)
class Goal:
    """Merit of a value, larger is better: y, -y, or minus its distance from [lower, upper].

    lower, upper  unit of the target: equal for 'target', one may be infinite for 'within', unused else
    """

    aim: Aim
    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self) -> None:
        if self.aim in ("target", "within"):
            if np.isnan(self.lower) or np.isnan(self.upper) or self.lower > self.upper:
                raise RoleError(f"The goal runs from {self.lower:g} to {self.upper:g}.", remedy=_LIMITS)
            if np.isinf(self.lower) and np.isinf(self.upper):
                raise RoleError("The target has no limits to be within.", remedy=_LIMITS)

    def merit(self, y: Floats) -> Floats:
        """(n,) merit of (n,) values; 0 is the best there is for 'target' and 'within'."""
        if self.aim == "maximise":
            return np.asarray(y, float)
        if self.aim == "minimise":
            return -np.asarray(y, float)
        return -np.maximum(np.maximum(self.lower - y, y - self.upper), 0.0)

    def improvement(self, mean: Floats, sd: Floats, best: float) -> Floats:
        """(n,) expected improvement E[(merit(y) - best)+] for y ~ N(mean, sd^2), in closed form.

        best  merit of the best value so far
        With h(c) = E[(y - c)+]: h(best) upwards (Jones, Schonlau and Welch, 1998); for a band at
        distance d = -best the merit gained is a trapezium, h(l - d) - h(l) - h(u) + h(u + d). Once a
        value lies in the band nothing can improve, and the chance to be in it counts instead.
        """
        if self.aim == "maximise":
            return _above(mean, sd, best)
        if self.aim == "minimise":
            return _above(-mean, sd, best)
        if best >= 0 and self.lower < self.upper:
            return self.chance(mean, sd)
        return self._side(mean, sd, best) + 0.0

    def _side(self, mean: Floats, sd: Floats, best: float) -> Floats:
        rise = _rise(mean, sd, self.lower, best) if np.isfinite(self.lower) else np.full_like(mean, -best)
        fall = _rise(-mean, sd, -self.upper, best) if np.isfinite(self.upper) else np.full_like(mean, -best)
        # rise + fall - d: what is above the lower edge, less what is above the upper one.
        return np.maximum(rise + fall + best, 0.0)

    def chance(self, mean: Floats, sd: Floats) -> Floats:
        """(n,) probability that the value lies in [lower, upper]."""
        sd = np.maximum(sd, FLOOR)
        inside = norm.cdf((self.upper - mean) / sd) - norm.cdf((self.lower - mean) / sd)
        return np.asarray(inside, float)


def _above(mean: Floats, sd: Floats, edge: float) -> Floats:
    """E[(y - edge)+]."""
    sd = np.maximum(sd, FLOOR)
    z = (mean - edge) / sd
    return np.asarray(sd * (z * norm.cdf(z) + norm.pdf(z)), float)


def _rise(mean: Floats, sd: Floats, edge: float, best: float) -> Floats:
    """E of the ramp that rises from 0 at distance -best before the edge to -best at the edge."""
    return _above(mean, sd, edge + best) - _above(mean, sd, edge)


_LIMITS = "Give lower and upper, or target_value, in the target's entry of the role file."


def declared_goal(role: ColumnRole) -> Goal | None:
    """The goal that the role file states; None where nobody has said which way is better.

    A `goal` comes first, then a target value, then specification limits.
    """
    if role.goal in ("maximise", "minimise"):
        return Goal(role.goal)
    if role.goal == "target" or (role.goal is None and role.target_value is not None):
        if role.target_value is None:
            raise RoleError(f"'{role.name}' has the goal 'target' but no target_value.", remedy=_LIMITS)
        return Goal("target", role.target_value, role.target_value)
    if role.goal == "within" or role.lower is not None or role.upper is not None:
        lower = -np.inf if role.lower is None else role.lower
        return Goal("within", lower, np.inf if role.upper is None else role.upper)
    return None
