"""The arrows run from the effect seen alone to the adjusted one, in steps of the factor."""

from dataclasses import replace

import pytest

from tabcouce.explanation.factor import Effect
from tabcouce.report import charts
from tabcouce.report.catalogue import words
from tabcouce.report.effect_arrows import arrows, arrows_say
from tabcouce.report.effect_table import effect_table


def with_effects(target):
    """The target whose first two factors have effects, each told in a step of 10."""
    naive = Effect(0.9, 0.5, 1.3, overlap=1.0, clusters=12, robustness=0.4, step=10.0)
    clear = replace(naive, slope=0.4, low=0.2, high=0.6, p=0.001, q=0.002)
    bound = replace(naive, slope=-0.1, low=None, high=None, robustness=None)
    first, second, *rest = target.factors
    return replace(
        target,
        factors=(
            replace(first, naive=naive, adjusted=clear),
            replace(second, naive=naive, adjusted=bound),
            *rest,
        ),
    )


def test_an_arrow_tells_what_the_table_of_effects_tells(regression_summary):
    target = with_effects(regression_summary.targets[0])
    shown = arrows(target)
    factors = {f.name: f for f in target.factors_of(target.explained_model)}

    assert shown and [one.name for one in shown] == [
        row[0].text for row in effect_table(target, target.explained_model, words("en")).rows
    ]
    for one in shown:
        naive, adjusted = factors[one.name].naive, factors[one.name].adjusted
        assert one.alone == pytest.approx(naive.slope * adjusted.step)
        assert one.adjusted == pytest.approx(adjusted.slope * adjusted.step)


def test_the_sentence_names_the_largest_change_and_counts_clear_effects(regression_summary):
    target = with_effects(regression_summary.targets[0])
    first, second = arrows(target)[:2]
    moved = replace(second, alone=50.0, adjusted=-50.0, clear=False, low=-60.0, high=-40.0)
    bound = replace(moved, name="bound", alone=90.0, adjusted=-90.0, low=None, high=None)  # no claim
    shown = (replace(first, clear=True), moved, bound)

    said = arrows_say(target, shown, words("en"))

    assert "1 of 3 factors keeps a clear effect" in said
    assert f"that of {second.name}" in said and "+50.0" in said and "-50.0" in said
    table = effect_table(target, target.explained_model, words("en"))
    assert table is not None and f"({table.rows[1][1].text})" in said and "+10.0" not in said


def test_heads_point_the_way_the_effect_moves_and_an_unclaimed_interval_is_not_drawn(regression_summary):
    target = with_effects(regression_summary.targets[0])
    one = arrows(target)[0]
    shown = (
        replace(one, name="a", alone=2.0, adjusted=1.0),
        replace(one, name="b", alone=-1.0, adjusted=0.5, low=None, high=None),
    )

    spec = charts.effect_arrows(target, shown, words("en"))

    rows = {row["f0"]: row for row in spec["datasets"]["rows"]}
    assert (rows["a"]["f6"], rows["b"]["f6"]) == ("left", "right")
    assert rows["b"]["f3"] is None and rows["b"]["f4"] is None
