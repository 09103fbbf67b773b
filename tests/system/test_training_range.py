"""Rows outside the training range are named with the columns that put them there."""

import json

import numpy as np
import pandas as pd

from tabcouce.system import TrainingRange


def train():
    return pd.DataFrame(
        {"温度[℃]": [100.0, 200.0, np.nan, 150.0], "grade": pd.Categorical(["A", "B", "A", None])}
    )


def new(temperature, grade):
    return pd.DataFrame({"温度[℃]": [temperature], "grade": pd.Categorical([grade])})


def test_a_row_inside_is_not_flagged_and_a_blank_cell_is_not_outside():
    known = TrainingRange.of(train())
    assert known.reasons(new(120.0, "B")) == [""]
    assert known.reasons(new(np.nan, None)) == [""]


def test_a_number_beyond_the_margin_and_an_unknown_level_are_named():
    known = TrainingRange.of(train())
    assert known.reasons(new(204.0, "A")) == [""]  # within 5 % of the range
    assert known.reasons(new(206.0, "A")) == ["温度[℃]"]
    assert known.reasons(new(206.0, "C")) == ["温度[℃]; grade"]


def test_the_settings_bring_back_the_same_range():
    known = TrainingRange.of(train())
    again = TrainingRange.from_settings(json.loads(json.dumps(known.settings())))
    assert again.settings() == known.settings()
    assert again.reasons(new(500.0, "C")) == ["温度[℃]; grade"]
