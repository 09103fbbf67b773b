"""Every chart is a valid Vega-Lite specification; the report writes them unchecked, for speed."""

import altair as alt
import pytest
from jsonschema.exceptions import ValidationError
from test_effect_arrows import with_effects

from tabcouce.report.catalogue import words
from tabcouce.report.target_view import target_view


def check(spec):
    """ValidationError where it breaks the schema; a few rows do, since rows carry no grammar."""
    few = {name: rows[:2] for name, rows in spec["datasets"].items()}
    alt.Root.validate({**spec, "datasets": few})


@pytest.mark.parametrize("kind", ["regression_summary", "classification_summary"])
def test_every_chart_follows_the_vega_lite_schema(kind, request):
    target = request.getfixturevalue(kind).targets[0]
    view = target_view(with_effects(target) if target.is_regression else target, 1, words("ja"))
    drawn = [*view.figures.values(), *view.curves]
    assert len(drawn) > 6
    for figure in drawn:
        check(figure.spec)


def test_a_misspelt_channel_is_found(regression_summary):
    spec = target_view(regression_summary.targets[0], 1, words("en")).figures["importance"].spec
    spec["layer"][0]["encoding"]["x"]["titel"] = "x"
    with pytest.raises(ValidationError, match="titel"):
        check(spec)
