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
    bags      fits on as many folds inside the training rows whose mean predicts; 1 is a single fit
    """

    key: str
    packages: tuple[str, ...]
    bags: int = 1

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
BAGS = 8
BAGGED = tuple(
    one if one.key == "random_forest_sklearn" else Peer(f"{one.key}_bag{BAGS}", one.packages, BAGS)
    for one in PEERS
    if one.key != "tabm_d"
)
"""The same as bags; a forest is one by itself, and so is TabM (32 networks in one), left out for its time."""
OUTSIDE = frozenset(one.key for one in (*PEERS, *BAGGED))


def pinned() -> dict[str, str]:
    """Package -> version, from the requirements file."""
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def peer(key: str) -> Peer:
    """Raises KeyError for a name that is none of `OUTSIDE`."""
    return {one.key: one for one in (*PEERS, *BAGGED)}[key]
