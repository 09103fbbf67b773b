"""Batches by botorch over our posterior; the part that needs no library is in test_posterior."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from test_suggest import frame, hill, process, space_of

from tabcouce.advice.goal import Goal
from tabcouce.advice.library_search import library_acquisition
from tabcouce.advice.suggest import Belief, Objective, suggest
from tabcouce.errors import MissingExtraError


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "botorch", None)
    with pytest.raises(MissingExtraError, match="not installed") as error:
        library_acquisition(0)
    assert "tabcouce[bo]" in str(error.value)


def objectives(past, y):
    cost = past.settings["T"].to_numpy() + np.random.default_rng(3).normal(0, 0.2, len(y))
    return [Objective("y", Goal("maximise"), y), Objective("cost", Goal("within", upper=60.0), cost)]


def test_one_run_is_scored_as_the_closed_form_of_improvement_and_feasibility():
    pytest.importorskip("botorch")
    past, y = process(24)
    belief = Belief.of(past, objectives(past, y), 0)
    settings = space_of(past).draw(64, 0)
    Z = belief.inputs(settings)
    best = belief.best(belief.inputs(past.settings)) - 1.0
    told = np.exp(library_acquisition(0)(belief, best).score(Z))
    mean, sd = belief.posteriors[0].at(Z)
    due = belief.objectives[0].goal.improvement(mean, sd, best) * belief.feasible(Z)
    worth = due > 0.05 * due.max()
    np.testing.assert_allclose(told[worth], due[worth], rtol=0.2)


def test_the_same_run_once_more_adds_nothing_to_a_batch():
    pytest.importorskip("botorch")
    past, y = process(24)
    belief = Belief.of(past, objectives(past, y)[:1], 0)
    Z = belief.inputs(space_of(past).draw(64, 0))
    search = library_acquisition(0)(belief, belief.best(belief.inputs(past.settings)))
    top = int(np.argmax(search.score(Z)))
    search.take(Z[top])
    again = search.score(Z)
    assert again[top] <= again.min() + 0.02 < again.max()


@pytest.mark.parametrize("goal", [Goal("minimise"), Goal("target", 9.0, 9.0), Goal("within", 10.5, 11.5)])
def test_a_batch_keeps_the_other_targets_limit_for_every_goal(goal):
    pytest.importorskip("botorch")
    past, y = process(24)
    first, cost = objectives(past, y)
    runs = suggest(
        past, [Objective("y", goal, first.y), cost], space_of(past), n=2, seed=0, make=library_acquisition(0)
    )
    assert (frame(runs[:-1])["T"] <= 61.5).all()
    assert len(runs) == 3 and runs[-1].why == "control"


def test_a_batch_climbs_the_known_hill():
    pytest.importorskip("botorch")
    past, y = process(24)
    one = [Objective("y", Goal("maximise"), y)]
    runs = suggest(past, one, space_of(past), n=3, seed=0, make=library_acquisition(0))
    assert hill(frame(runs[:-1])).max() > hill(past.settings).max() - 0.05
