"""The map of the embedding: components, spread between contexts, and what its sentence says."""

import numpy as np
import pytest

from tabcouce.report.catalogue import words
from tabcouce.report.charts import embedding_panels
from tabcouce.report.embedding_map import embedding_map, share_between
from tabcouce.report.map_text import apart, map_say


def rows(n=120, contexts=6, offset=0.0):
    rng = np.random.default_rng(3)
    member = np.arange(n) % contexts
    names = np.array([f"M{k}" for k in range(contexts)], object)[member]
    outcome = rng.normal(0, 1, n)
    place = rng.normal(0, 0.2, (n, 4)) + np.outer(outcome, [2, 0, 0, 0]) + np.outer(member, [0, offset, 0, 0])
    return place.astype(np.float32), np.arange(n) + 2, names, outcome


def test_the_components_are_those_of_a_singular_value_decomposition():
    place, numbers, names, outcome = rows(offset=0.6)

    made = embedding_map(place, numbers, names, outcome, trained_on=100, seed=0)

    centred = place - place.mean(axis=0)
    left, value, _ = np.linalg.svd(centred.astype(float), full_matrices=False)
    expected = left[:, :2] * value[:2]
    for k, axis in enumerate((made.across, made.up)):
        sign = np.sign(expected[:, k] @ np.array(axis))
        assert np.allclose(axis, sign * expected[:, k], atol=5e-3)
    assert made.shown == pytest.approx((value[:2] ** 2).sum() / (value**2).sum(), rel=1e-5)


def test_both_components_rise_with_the_outcome():
    place, numbers, names, outcome = rows()
    for turned in (place, -place):
        made = embedding_map(turned, numbers, names, outcome, trained_on=100, seed=0)
        for axis in (made.across, made.up):
            assert np.corrcoef(axis, outcome)[0, 1] >= 0


def test_the_share_between_contexts_is_that_of_plain_loops_and_near_zero_for_labels_by_chance():
    place, _, names, _ = rows(offset=1.0)
    centred = place.astype(float) - place.mean(axis=0)
    within = total = 0.0
    for j in range(centred.shape[1]):
        for name in set(names):
            own = [centred[i, j] for i in range(len(names)) if names[i] == name]
            within += sum((x - sum(own) / len(own)) ** 2 for x in own)
        total += sum((x - centred[:, j].mean()) ** 2 for x in centred[:, j])
    expected = 1 - (within / (120 - 6)) / (total / (120 - 1))
    assert share_between(centred, names) == pytest.approx(expected)
    assert share_between(centred, np.random.default_rng(0).permutation(names)) < 0.05


def test_a_context_per_row_has_no_share_between():
    place, _, _, _ = rows(n=20)
    assert share_between(place.astype(float), np.array([f"L{k}" for k in range(20)], object)) is None


def test_without_spread_there_is_no_map():
    assert embedding_map(np.ones((9, 3), np.float32), *rows(n=9)[1:], trained_on=9, seed=0) is None


def test_a_context_of_few_rows_is_not_called_apart_by_luck():
    place, numbers, names, outcome = rows(n=200, contexts=8)
    names[:8] = "few"
    place[names == "M7", 1] += 3
    made = embedding_map(place, numbers, names, outcome, trained_on=200, seed=0)
    assert apart(made)[0] == "M7"


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_sentence_tells_the_numbers_of_the_map(regression_summary, lang):
    target = regression_summary.targets[0]
    say = map_say(target, target.map, words(lang))
    assert f"{100 * target.map.shown:.0f}" in say and "0.60" in say and "440" in say


def test_hover_names_the_row_its_context_and_what_came_out(regression_summary):
    target = regression_summary.targets[0]
    spec = embedding_panels(target, target.map, words("en"))
    tips = [tip["field"] for tip in spec["concat"][0]["encoding"]["tooltip"]]
    assert tips == ["f4", "f2", "f5"]
    assert {row["f4"] for row in spec["datasets"]["rows"]} == {str(row) for row in target.map.rows}
