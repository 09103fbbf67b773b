"""The unit in which a target is written decides nothing."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.models import ForestModel

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=120), "b": RNG.normal(size=120)})
Y = X["a"].to_numpy() + 0.3 * RNG.normal(size=120)


@pytest.mark.parametrize("unit", [1e-9, 1e-30, 1e12])
def test_a_forest_learns_a_thickness_in_metres_as_well_as_in_nanometres(unit):
    plain = ForestModel(trees=30).fit(X, Y)
    small = ForestModel(trees=30).fit(X, unit * Y)
    again = ForestModel.from_state(small.state())
    np.testing.assert_allclose(small.estimate(X) / unit, plain.estimate(X), atol=0.15)
    np.testing.assert_allclose(again.estimate(X), small.estimate(X), rtol=1e-5)
    assert np.corrcoef(small.estimate(X), Y)[0, 1] > 0.9
