"""What the step from a slope seen alone to the adjusted one is called."""

import pytest

from tabcouce.explanation.factor import Effect
from tabcouce.report.effect_table import EFFECT_MARKS, effect_reading


def effect(slope, low=None, high=None):
    return Effect(slope, low, high, overlap=0.5, clusters=8, robustness=0.2)


@pytest.mark.parametrize(
    ("naive", "adjusted", "key"),
    [
        (effect(1.0), effect(0.9, 0.7, 1.1), "same"),
        (effect(2.0), effect(0.9, 0.7, 1.1), "changed"),
        (effect(-1.0), effect(0.9, 0.7, 1.1), "reversed"),
        (effect(1.0), effect(0.2, -0.1, 0.5), "open"),
        (effect(1.0), effect(0.9), "inseparable"),
        (effect(1.0), None, "inseparable"),
    ],
)
def test_the_reading_follows_the_interval_alone(naive, adjusted, key):
    assert effect_reading(naive, adjusted) == key
    assert key in EFFECT_MARKS
