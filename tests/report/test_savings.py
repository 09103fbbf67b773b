"""Experiments saved in the report: tile, curve, result and both languages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_study import fake_study, fake_target

from tabcouce.advice.replay import Replay, chance_random
from tabcouce.advice.savings import GoalReplay, Savings
from tabcouce.report import result_document, summarize
from tabcouce.report.catalogue import words
from tabcouce.report.charts.savings import reached
from tabcouce.report.figures import figures
from tabcouce.report.summary import Summary
from tabcouce.report.tiles import tiles


def replayed(low=0.5, **changes):
    again = Replay(
        n=200, good=2, start=5, limit=20, trials=(10.0, 14.0, 71.3), reached=(True, True, False), random=70.3,
        reduction=0.6, low=low, high=0.8, one_low=0.4, one_high=0.9, as_run=33.0,
    )  # fmt: skip
    return replace(again, **changes)


def summary(*replays, declared=True):
    found = Savings(declared, True, 2, 200, tuple(replays))
    return summarize(fake_study(replace(fake_target(), savings=found)))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_fourth_tile_is_a_range_and_the_interval_stays_on_the_first_screen(lang):
    w = words(lang)
    told = summary(GoalReplay("maximise", False, replayed())).targets[0]
    shown = tiles(told, w)
    assert len(shown) == 4
    assert "40" in shown[3].value and "90" in shown[3].value
    assert "70" in shown[3].note and w("savings.optimistic") in shown[3].note
    assert "90" in shown[2].note and "±" in shown[2].note


def test_a_saving_whose_interval_reaches_zero_is_not_shown_as_one():
    told = summary(GoalReplay("maximise", False, replayed(low=-0.1))).targets[0]
    assert tiles(told, words("en"))[3].value == "none shown"


def test_without_a_declared_direction_both_are_told_and_the_role_is_asked_for():
    both = (GoalReplay("maximise", False, replayed()), GoalReplay("minimise", False, replayed(one_low=0.2)))
    tile = tiles(summary(*both, declared=False).targets[0], words("en"))[3]
    assert tile.value == "20 to 90 %"
    assert "highest" in tile.note and "lowest" in tile.note and "Set goal" in tile.note


def test_the_curve_counts_campaigns_that_ended_and_stops_at_the_limit():
    runs, share, chance = reached(GoalReplay("maximise", False, replayed()))
    assert list(runs) == list(range(1, 26))
    assert share[8] == 0 and share[9] == pytest.approx(1 / 3) and share[-1] == pytest.approx(2 / 3)
    assert np.array_equal(chance, chance_random(200, 2, 5, 25))


def test_the_savings_are_in_the_result_and_survive_saving():
    told = summary(GoalReplay("within", True, replayed()))
    document = result_document(told)["experiments_saved"]
    assert document["replays"][0]["replay"]["reduction"] == 0.6
    assert Summary.from_json(told.to_json()).targets[0].savings == told.targets[0].savings
    figure = figures(told.targets[0], "t1", words("en"))["savings"]
    assert "33" in figure.say and "specification" in figure.say


def test_without_a_replay_the_fourth_tile_is_the_interval():
    told = summarize(fake_study(fake_target())).targets[0]
    assert "interval" in tiles(told, words("en"))[3].title
