"""What a person declares to vary without the product changing, beyond proxies and tolerances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from tabcouce.encoder.fourier_bands import BANDS, check_ordered
from tabcouce.errors import FitError


@dataclass(frozen=True)
class Nuisance:
    """Declared budgets of the operators O2, O3 and O5 to O8; everything in the unit of its column.

    blocks         block name -> columns that deviate together (one card, one transmitter), in
                   physical order where they have one
    ordered        blocks whose columns follow a physical order (waveform, zones, spectrum)
    bands          ordered block -> bands to randomise ('low', 'mid', 'high'); a block left out
                   here gets those that tell the context and not the target, or none
    repeatability  column -> standard deviation of repeated readings (O8)
    loading        column -> change per unit of a common ambient factor (O3)
    mixed          columns whose shift between contexts is declared to be mere nuisance (O5)
    drift          column -> largest slow excursion (O7)
    in_time_order  whether rows are in time order, which O7 needs
    """

    blocks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ordered: Sequence[str] = ()
    bands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    repeatability: Mapping[str, float] = field(default_factory=dict)
    loading: Mapping[str, float] = field(default_factory=dict)
    mixed: Sequence[str] = ()
    drift: Mapping[str, float] = field(default_factory=dict)
    in_time_order: bool = False

    def settings(self) -> dict[str, Any]:
        """JSON form, read back by `from_settings`."""
        return asdict(self)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**settings)

    def check(self, columns: Iterable[str]) -> None:
        """Refuse what cannot be done on these columns.

        Raises  FitError for an unknown column or block, Fourier bands of an unordered block, and
                drift without time order
        """
        known = set(columns)
        named = [name for block in self.blocks.values() for name in block]
        for name in (*named, *self.repeatability, *self.loading, *self.mixed, *self.drift):
            if name not in known:
                raise FitError(
                    f"The declared nuisance names the column '{name}', which is no input.",
                    remedy="Correct the name or leave it out.",
                )
        if len(named) != len(set(named)):
            twice = next(name for name in named if named.count(name) > 1)
            raise FitError(
                f"The column '{twice}' stands in two blocks.", remedy="Leave it in one block only."
            )
        for block in (*self.ordered, *self.bands):
            if block not in self.blocks:
                raise FitError(f"The block '{block}' has no columns.", remedy="Name its columns in 'blocks'.")
        for block, bands in self.bands.items():
            check_ordered(block, self.ordered)
            for band in bands:
                if band not in BANDS:
                    raise FitError(f"'{band}' is no frequency band.", remedy=f"Bands are {', '.join(BANDS)}.")
        if self.drift and not self.in_time_order:
            raise FitError(
                "Slow drift was declared, but not that the rows are in time order.",
                remedy="Sort the rows by time and set in_time_order, or leave the drift out.",
            )
