"""Names that the splits gave to blocks of rows and of time, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from tabcouce.report.catalogue import SPOKEN, Words
from tabcouce.report.summary import Points, TargetSummary

T = TypeVar("T")
BLOCK = re.compile(r"(row|time) block (\d+)")


def block_name(text: str, w: Words) -> str:
    """'row block 3' in the language of the words; any other text as it is."""
    found = BLOCK.fullmatch(text)
    return text if found is None else w(f"block.{found[1]}", k=found[2])


def with_block_names(target: TargetSummary, w: Words) -> TargetSummary:
    """The target with every such name said in the language of the words."""
    if not target.target.name:
        target = replace(target, target=replace(target.target, name=w("alarm.nothing_labelled")))
    if w.language == SPOKEN:
        return target

    def renamed(values: Mapping[str, T]) -> dict[str, T]:
        return {block_name(unit, w): value for unit, value in values.items()}

    def points(drawn: Points) -> Points:
        return replace(drawn, context=tuple(block_name(text, w) for text in drawn.context))

    differences = tuple(
        replace(
            made,
            per_unit=renamed(made.per_unit),
            worst_unit=None if made.worst_unit is None else block_name(made.worst_unit, w),
        )
        for made in target.verdict.differences
    )
    return replace(
        target,
        scores=tuple(replace(scores, per_context=renamed(scores.per_context)) for scores in target.scores),
        verdict=replace(target.verdict, differences=differences),
        splits=tuple(
            replace(proof, held_out=tuple(tuple(block_name(t, w) for t in fold) for fold in proof.held_out))
            for proof in target.splits
        ),
        points=None if target.points is None else points(target.points),
        curves=tuple(
            replace(
                curve,
                context=tuple(block_name(text, w) for text in curve.context),
                shape=None if curve.shape is None else replace(curve.shape, lines=renamed(curve.shape.lines)),
            )
            for curve in target.curves
        ),
        what_if=None
        if target.what_if is None
        else replace(target.what_if, context=tuple(block_name(text, w) for text in target.what_if.context)),
    )
