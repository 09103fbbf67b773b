"""Residual charts say which context is off and whether the model drifts, from the numbers alone."""

from dataclasses import replace

import numpy as np
import pytest

from tabcouce.report.catalogue import words
from tabcouce.report.figures import figures
from tabcouce.report.residual_text import (
    along_time_say,
    by_context_say,
    centred,
    context_means,
    residuals,
    stretch_means,
)
from tabcouce.report.summary import Points


def points(offset, drift=0.0, rows=240, seed=0):
    """Contexts with their own offset, a linear drift over time, rows stored out of order."""
    rng = np.random.default_rng(seed)
    names = [f"M{k}" for k in range(len(offset))]
    k = rng.integers(0, len(offset), rows)
    time = rng.permutation(rows).astype(float)
    observed = 50 + np.array(offset)[k] + drift * time / rows + rng.normal(0, 1, rows)
    return Points(
        split="unseen:machine",
        rows=tuple(range(2, rows + 2)),
        context=tuple(names[j] for j in k),
        observed=tuple(observed),
        predicted={"linear": tuple([50.0] * (rows - 1) + [None])},
        total=rows,
        order=tuple(time),
    )


def test_means_by_context_equal_a_plain_loop():
    drawn = points([0.0, -4.0, 2.0])

    means = context_means(residuals(drawn, "linear"))

    assert next(iter(means)) == "M1"
    for name, mean in means.items():
        mine = [
            o - p
            for o, p, c in zip(drawn.observed, drawn.predicted["linear"], drawn.context, strict=True)
            if c == name and p is not None
        ]
        assert mean == pytest.approx(sum(mine) / len(mine))


def test_a_drift_is_seen_along_time_and_not_in_the_order_of_the_file(regression_summary):
    target, w = regression_summary.targets[0], words("en")
    drifting, steady = points([0.0, 0.0], drift=8.0), points([0.0, 0.0])
    unknown = replace(drifting, order=())

    sorted_by_machine = replace(points([-5.0, 0.0, 5.0]), order=())
    k = np.argsort(sorted_by_machine.context, kind="stable")
    sorted_by_machine = replace(
        sorted_by_machine,
        context=tuple(np.array(sorted_by_machine.context)[k]),
        observed=tuple(np.array(sorted_by_machine.observed)[k]),
        predicted={"linear": (50.0,) * len(k)},
    )

    assert "wanders" in along_time_say(target, residuals(drifting, "linear"), True, w)
    assert "No drift" in along_time_say(target, residuals(steady, "linear"), True, w)
    assert "No drift" in along_time_say(target, residuals(unknown, "linear"), False, w)
    machines = centred(residuals(sorted_by_machine, "linear"))
    assert "No drift" in along_time_say(target, machines, False, w)
    assert "wanders" in along_time_say(
        target, residuals(points([0.0, 0.0], drift=1.0), "linear"), True, w
    )  # slow
    _, mean = stretch_means(residuals(drifting, "linear"))
    assert np.all(np.diff(mean) > -0.8) and mean[-1] - mean[0] > 6


def test_the_sentence_names_the_furthest_context_and_its_share(regression_summary):
    target, w = regression_summary.targets[0], words("en")

    apart = by_context_say(target, residuals(points([0.0, -9.0, 9.5]), "linear"), w)
    alike = by_context_say(target, residuals(points([0.0, 0.0, 0.0]), "linear"), w)

    assert "M2" in apart and "98 %" in apart
    assert " 0 %" in alike or " 1 %" in alike


def test_both_charts_are_drawn_for_values_and_none_for_classes(regression_summary, classification_summary):
    w = words("ja")

    assert {"residuals", "drift"} <= set(figures(regression_summary.targets[0], "t1", w))
    assert not {"residuals", "drift"} & set(figures(classification_summary.targets[0], "t1", w))
