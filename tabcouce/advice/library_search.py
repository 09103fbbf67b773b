"""The next runs by botorch, a well-kept library of Bayesian optimisation, over our own posterior.

Its batch acquisition looks at all runs of a batch together, by draws from their joint distribution, and
takes the limits of the other targets as constraints; what a setting should give is still told by
`Posterior`. An extra: only this module knows botorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tabcouce.advice.goal import Goal
from tabcouce.advice.posterior import Posterior
from tabcouce.advice.suggest import Belief, MakeAcquisition
from tabcouce.errors import MissingExtraError

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]
DRAWS = 128
AT_ONCE = 512
"""Settings scored together: draws x settings x batch numbers are held in memory."""


def library_acquisition(seed: int) -> MakeAcquisition:
    """Log expected improvement of the whole batch (qLogEI, Ament et al., 2023), with constraints.

    Raises  MissingExtraError without botorch
    """
    try:
        import botorch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "botorch is not installed.",
            remedy="Install the extra: pip install 'tabcouce[bo]'; or leave out --search botorch.",
        ) from error
    return lambda belief, best: _Library(belief, best, seed)


class _Library:
    """See `suggest.Acquisition`."""

    def __init__(self, belief: Belief, best: float, seed: int) -> None:
        self.pending: list[Floats] = []
        self.function = _acquisition(belief, best, seed)

    def score(self, Z: Floats) -> Floats:
        import torch

        with torch.no_grad():
            parts = [
                self.function(torch.as_tensor(Z[k : k + AT_ONCE, None])).numpy()
                for k in range(0, len(Z), AT_ONCE)
            ]
        return np.concatenate(parts)

    def take(self, z: Floats) -> None:
        import torch

        self.pending.append(z)
        self.function.set_X_pending(torch.as_tensor(np.stack(self.pending)))


def _acquisition(belief: Belief, best: float, seed: int) -> Any:
    """qLogEI of the first target's merit; once it lies within its limits, the chance that all do."""
    from botorch.acquisition.logei import qLogExpectedImprovement, qLogProbabilityOfFeasibility
    from botorch.acquisition.objective import GenericMCObjective
    from botorch.sampling import SobolQMCNormalSampler
    from torch import Size

    model = _library_model(belief.posteriors)
    sampler = SobolQMCNormalSampler(Size([DRAWS]), seed=seed)
    goal = belief.objectives[0].goal
    limits = [limit for k, one in enumerate(belief.objectives) if k for limit in _limits(one.goal, k)]
    if goal.aim == "within" and best >= 0:
        return qLogProbabilityOfFeasibility(model, [*_limits(goal, 0), *limits], sampler=sampler)
    objective = GenericMCObjective(lambda samples, X=None: _merit(goal, samples[..., 0]))
    return qLogExpectedImprovement(
        model, best_f=best, sampler=sampler, objective=objective, constraints=limits or None
    )


def _merit(goal: Goal, y: Tensor) -> Tensor:
    """`Goal.merit` of draws."""
    if goal.aim == "maximise":
        return y
    if goal.aim == "minimise":
        return -y
    return -((goal.lower - y).clamp(min=0.0) + (y - goal.upper).clamp(min=0.0))


def _limits(goal: Goal, target: int) -> list[Callable[[Tensor], Tensor]]:
    """One function per finite limit, negative where draws (..., targets) of the target keep it."""
    made: list[Callable[[Tensor], Tensor]] = []
    if np.isfinite(goal.lower):
        made.append(lambda samples: goal.lower - samples[..., target])
    if np.isfinite(goal.upper):
        made.append(lambda samples: samples[..., target] - goal.upper)
    return made


def _library_model(posteriors: Sequence[Posterior]) -> Any:
    """Our posteriors as a model of the library, targets independent of each other."""
    import torch
    from botorch.models.model import Model
    from botorch.posteriors import GPyTorchPosterior
    from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal

    class PosteriorModel(Model):  # type: ignore[misc]
        num_outputs = len(posteriors)

        def posterior(self, X: Tensor, **unused: object) -> GPyTorchPosterior:
            sets = X.reshape(-1, *X.shape[-2:]).numpy()
            parts = []
            for k, one in enumerate(posteriors):
                mean, cover = one.jointly(sets)
                # A limit must hold for the run itself, with its noise; the first target is to be
                # improved in expectation. Equal settings make a covariance singular; draws need its root.
                own = one.noise**2 if k else 1e-8 * one.scale**2
                cover += own * np.eye(cover.shape[-1])
                shape = X.shape[:-1]
                parts.append(
                    MultivariateNormal(
                        torch.as_tensor(mean).reshape(shape),
                        torch.as_tensor(cover).reshape(*shape, shape[-1]),
                    )
                )
            joint = parts[0] if len(parts) == 1 else MultitaskMultivariateNormal.from_independent_mvns(parts)
            return GPyTorchPosterior(joint)

    return PosteriorModel()
