"""Experiments saved, in words: the tile and the sentence above the curve."""

from __future__ import annotations

import numpy as np

from tabcouce.advice.savings import GoalReplay, Savings
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import percent, significant
from tabcouce.report.naming import sentences
from tabcouce.report.tile import Tile


def savings_tile(found: Savings, w: Words) -> Tile:
    """What the middle 80 % of single searches saved; no number where the mean may as well be zero."""
    title = w("savings.title")
    facts = [_one(each, w) for each in found.replays]
    note = sentences(w, *facts, "" if found.declared else w("savings.undeclared"), w("savings.optimistic"))
    if min(each.replay.low for each in found.replays) <= 0:
        return Tile(title, w("savings.none"), note)
    low = min(each.replay.one_low for each in found.replays)
    high = max(each.replay.one_high for each in found.replays)
    return Tile(title, w("savings.value", low=percent(low), high=percent(high)), note)


def savings_say(found: Savings, w: Words) -> str:
    """The curve's sentence: runs, interval, the order really run, and why it is optimistic."""
    parts = []
    for each in found.replays:
        again = each.replay
        parts.append(
            w(
                "savings.say",
                goal=goal_word(each, w),
                good=again.good,
                rows=f"{again.n:,}",
                runs=significant(float(np.mean(again.trials)), 2),
                random=significant(again.random, 2),
                percent=percent(again.reduction),
                low=percent(again.low),
                high=percent(again.high),
                starts=len(again.trials),
                start=again.start,
            )
        )
        if again.as_run is not None:
            parts.append(w("savings.as_run", goal=goal_word(each, w), runs=f"{again.as_run:,.0f}"))
    parts.append(w("savings.settable" if found.settable else "savings.all_inputs", inputs=found.inputs))
    return sentences(w, *parts, w("savings.optimistic"))


def goal_word(each: GoalReplay, w: Words) -> str:
    return w.label("savings_goal", "specification" if each.specification else each.aim)


def _one(each: GoalReplay, w: Words) -> str:
    again = each.replay
    return w(
        "savings.note",
        goal=goal_word(each, w),
        runs=significant(float(np.mean(again.trials)), 2),
        random=significant(again.random, 2),
    )
