"""What a training path says, as a value that needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Formation:
    """Mean over the members of one encoder.

    columns  the p inputs; proxies: those of them that give the context away
    progress (T,) share of training, 0 to 1
    evidence (T, p) share of all evidence that each column holds by then; 0 at the start
    size     (p,) mean |contribution| of a column's own updates; unit of the target or log-odds
    shared   mean |contribution| of all other parameters over mean |change of the answer|
    gap      mean |change that neither explains| over mean |change of the answer|
    members  networks that moved away from their start; the others add nothing
    """

    columns: tuple[str, ...]
    proxies: tuple[str, ...]
    progress: Floats
    evidence: Floats
    size: Floats
    shared: float
    gap: float
    members: int

    @property
    def proxy_share(self) -> Floats:
        """(T,) share of the evidence that the proxies hold."""
        return np.asarray(self.evidence[:, [self.columns.index(name) for name in self.proxies]].sum(axis=1))
