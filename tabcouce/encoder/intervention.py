"""What may be moved in the rows of one fold: declared budgets in the units of the network's input.

Structure after CouCE's multi-scale randomised causal intervention; the operators O1 to O8 are our
reading of it for tables, one module each family. All keep the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from tabcouce.encoder.column_code import ColumnCode
from tabcouce.encoder.fourier_bands import BANDS, chosen_bands
from tabcouce.encoder.nuisance import Nuisance

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OrderedBlock:
    """Inputs along a physical order, and the bands (numbers in BANDS) whose amplitude may move."""

    inputs: npt.NDArray[np.int64]
    bands: tuple[int, ...]


@dataclass(frozen=True)
class Budget:
    """What may be moved in the code of one fold; every array is (q,), scaled units.

    gain     standard deviation of the gain, 0 where the column is no declared sensor
    offset   standard deviation of the offset
    origin   the column's zero: a gain turns about the true zero, not the median
    swap     whether the input belongs to a declared proxy column (levels and flags included)
    flag     position of the input's missing flag, -1 where none
    block    number of the input's block, -1 where none
    noise    standard deviation of repeated readings
    loading  change per unit of the common ambient factor
    mixed    whether group statistics may be mixed
    drift    largest slow excursion
    ordered  blocks with an order and their bands
    """

    gain: Array
    offset: Array
    origin: Array
    swap: npt.NDArray[np.bool_]
    flag: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    noise: Array
    loading: Array
    mixed: npt.NDArray[np.bool_]
    drift: Array
    ordered: tuple[OrderedBlock, ...] = field(default=())

    @classmethod
    def of(
        cls,
        code: ColumnCode,
        proxies: Sequence[str],
        tolerances: Mapping[str, tuple[float, float]],
        nuisance: Nuisance | None = None,
    ) -> Self:
        """Translate declared columns and budgets (unit of the column) into the code's units.

        Ordered blocks get the bands that were named; `with_chosen_bands` chooses the others.
        """
        nuisance = nuisance or Nuisance()
        names = [code.design.names[j] for j in code.owner]
        numeric = range(code.numeric)
        factor, zero = np.zeros(code.width), np.zeros(code.width)
        factor[: code.numeric] = code.scale.factor
        zero[: code.numeric] = -code.scale.centre * code.scale.factor

        def declared(amounts: Mapping[str, float]) -> Array:
            out = np.zeros(code.width)
            out[: code.numeric] = [abs(amounts.get(names[j], 0.0)) for j in numeric]
            return out

        gain = declared({name: share for name, (_, share) in tolerances.items()})
        offset = declared({name: shift for name, (shift, _) in tolerances.items()}) * factor
        mixed = declared(dict.fromkeys(nuisance.mixed, 1.0)) > 0
        block = np.full(code.width, -1, dtype=np.int64)
        place = {names[j]: j for j in numeric}
        for number, columns in enumerate(nuisance.blocks.values()):
            block[[place[name] for name in columns if name in place]] = number
        loading = np.zeros(code.width)
        loading[: code.numeric] = [nuisance.loading.get(names[j], 0.0) for j in numeric]
        return cls(
            gain=gain,
            offset=offset,
            origin=np.where((gain > 0) | (offset > 0) | mixed, zero, 0.0),
            swap=np.array([name in set(proxies) for name in names], dtype=bool),
            flag=code.flag_of,
            block=block,
            noise=declared(nuisance.repeatability) * factor,
            loading=loading * factor,
            mixed=mixed,
            drift=declared(nuisance.drift) * factor,
            ordered=tuple(
                OrderedBlock(
                    np.array([place[name] for name in nuisance.blocks[one] if name in place], dtype=np.int64),
                    tuple(BANDS.index(band) for band in nuisance.bands[one]) if one in nuisance.bands else (),
                )
                for one in nuisance.ordered
            ),
        )

    def with_chosen_bands(
        self, u: Array, y: Array, context: npt.NDArray[np.int64], nuisance: Nuisance
    ) -> Budget:
        """Bands by the rule of `chosen_bands` for every ordered block that names none.

        u (n, q), y (n,) value or class number, context (n,): the fold's training rows.
        """
        several = len(np.unique(context)) > 1
        edges = np.unique(np.quantile(y, np.linspace(0, 1, 11)[1:-1]))
        target_bin = np.searchsorted(edges, y, side="right")
        ordered = tuple(
            block
            if name in nuisance.bands or not several
            else replace(block, bands=chosen_bands(u[:, block.inputs], target_bin, y, context))
            for name, block in zip(nuisance.ordered, self.ordered, strict=True)
        )
        return replace(self, ordered=ordered)

    @property
    def scales(self) -> tuple[tuple[str, float], ...]:
        """Scales at which anything was declared, with their share of the batches: .5, .3, .2."""
        cells = self.gain + self.offset
        column = (cells + self.noise + self.drift).any() or self.mixed.any()
        block = (cells * (self.block >= 0)).any() or any(one.bands for one in self.ordered)
        block = block or (self.mixed & (self.block >= 0)).any()
        row = self.loading.any() or self.mixed.any()
        share = (("column", 0.5, column), ("block", 0.3, block), ("row", 0.2, row))
        total = sum(part for _, part, there in share if there)
        return tuple((scale, part / total) for scale, part, there in share if there)

    @property
    def touched(self) -> npt.NDArray[np.bool_]:
        """(q,) inputs that some operator moves."""
        amount = self.gain + self.offset + self.noise + np.abs(self.loading) + self.drift
        out = self.swap | self.mixed | (amount > 0)
        for one in self.ordered:
            out[one.inputs[:] if one.bands else one.inputs[:0]] = True
        return out

    @property
    def is_empty(self) -> bool:
        """Whether nothing may be moved."""
        return not (self.scales or self.swap.any())
