"""The beeswarm shows each explained row once, high and low values told apart by colour."""

import numpy as np

from tabcouce.report.catalogue import words
from tabcouce.report.charts.swarm import MARKS, contribution_swarm, spread
from tabcouce.report.figures import figures


def test_marks_carry_contribution_and_rank_of_the_value(regression_summary):
    target = regression_summary.targets[0]
    rows = contribution_swarm(target, words("en"))["datasets"]["rows"]

    for curve in target.curves:
        mine = [row for row in rows if row["f1"] == curve.name]
        assert 0 < len(mine) <= MARKS
        at = {str(row): k for k, row in enumerate(curve.rows)}
        for mark in mine:
            k = at[mark["f4"]]
            assert mark["f0"] == curve.contribution[k]
            if curve.values:
                below = sum(v < curve.values[k] for v in curve.values)
                above = sum(v > curve.values[k] for v in curve.values)
                expected = (below + len(curve.values) - 1 - above) / 2 / (len(curve.values) - 1)
                assert abs(mark["f3"] - expected) < 1e-3
            else:
                assert mark["f3"] is None


def test_marks_at_the_same_place_do_not_hide_each_other():
    x = np.array([0.0, 0.0, 0.0, 0.001, 1.0])

    offset = spread(x)

    crowded = offset[:4]
    assert len(set(crowded)) == 4 and offset[4] == 0.0
    assert np.abs(offset).max() <= 1.0


def test_the_figure_stands_among_the_charts_of_the_report(regression_summary):
    assert "swarm" in figures(regression_summary.targets[0], "t1", words("ja"))
