import pytest

from tabcouce.checks.sentence import counted
from tabcouce.checks.sentences import worded
from tabcouce.errors import Place


@pytest.mark.parametrize("count, text", [(5, "5"), (2026, "2026"), (9999, "9999"), (36733, "36,733")])
def test_only_counts_that_are_no_year_get_a_comma(count, text):
    assert counted(count) == text


def test_a_finding_writes_large_counts_with_a_comma_and_keeps_the_number_as_a_fact():
    found = worded(
        "one-class-column.filled",
        "misleads",
        Place(),
        {"column": "note", "label": "bad", "count": 120, "rows": 36733},
        size=0.5,
    )

    assert "(120 of 36,733 rows)" in found.what
    assert found.facts["rows"] == 36733
