"""The outside models that are compared with ours. Standard library only: both environments read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
RECIPE = 2
"""Raise it when the worker prepares or fits differently: what was cached before is then fitted again."""


@dataclass(frozen=True)
class Peer:
    """An outside model.

    key       name in the cache and the table
    packages  what its predictions depend on, as pinned in requirements.txt
    """

    key: str
    packages: tuple[str, ...]

    def version(self) -> str:
        """'lightgbm 4.7.0, pytabkit 1.7.3, recipe 1'."""
        pins = pinned()
        return ", ".join([*(f"{name} {pins[name]}" for name in self.packages), f"recipe {RECIPE}"])


PEERS = (
    Peer("lightgbm_td", ("lightgbm", "pytabkit")),
    Peer("random_forest_sklearn", ("scikit-learn",)),
    Peer("catboost_td", ("catboost", "pytabkit")),
    Peer("xrfm_d", ("xrfm", "pytabkit", "torch")),
    Peer("realmlp_td", ("pytabkit", "torch")),
    Peer("tabm_d", ("pytabkit", "torch")),
)
"""Cheapest first: the order in which they are run."""


def pinned() -> dict[str, str]:
    """Package -> version, from the requirements file."""
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def peer(key: str) -> Peer:
    """Raises KeyError for a name that is none of `PEERS`."""
    return {one.key: one for one in PEERS}[key]
