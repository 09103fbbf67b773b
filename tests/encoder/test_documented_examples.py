"""The examples in the estimators' documentation run and say what is written there."""

import doctest

import pytest

from tabcouce.encoder import CouceClassifier, CouceRegressor, estimator


@pytest.mark.parametrize("kind", [CouceRegressor, CouceClassifier])
def test_the_documented_example_runs(kind):
    tests = doctest.DocTestFinder(recurse=False).find(kind, kind.__name__, globs=vars(estimator))
    results = [doctest.DocTestRunner().run(test) for test in tests if test.examples]
    assert len(results) == 1 and results[0].attempted >= 6 and results[0].failed == 0
