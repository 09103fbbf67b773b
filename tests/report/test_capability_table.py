"""Capability appears where limits are declared, in both languages, and says stability first."""

from dataclasses import replace

import pytest

from tabcouce.report.capability_table import capability_sentence, capability_table, limits_text
from tabcouce.report.catalogue import words
from tabcouce.report.page import render_page
from tabcouce.report.result import result_document


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_table_holds_all_four_indices(regression_summary, lang):
    target = regression_summary.targets[0]
    found = target.capability

    table = capability_table(target, words(lang))

    shown = [[cell.text for cell in row] for row in table.rows]
    assert [row[2:] for row in shown] == [
        [f"{found.cp.value:.2f}", f"{found.cpk.value:.2f}"],
        [f"{found.pp.value:.2f}", f"{found.ppk.value:.2f}"],
    ]
    assert words(lang)("capability.title") in render_page(regression_summary, lang)


def test_an_unstable_process_is_named_before_its_index(regression_summary):
    target = regression_summary.targets[0]
    unstable = replace(target, capability=replace(target.capability, unstable=("3号機", "7号機")))
    stable = replace(target, capability=replace(target.capability, unstable=()))

    assert "3号機, 7号機" in capability_sentence(unstable, words("en")).split("Ppk")[0]
    assert capability_sentence(stable, words("en")).startswith("The process is stable")


def test_without_limits_nothing_is_claimed(regression_summary):
    target = replace(regression_summary.targets[0], capability=None)

    assert capability_table(target, words("en")) is None
    assert capability_sentence(target, words("en")) == ""


def test_one_limit_is_said_as_at_most_or_at_least(regression_summary):
    about = regression_summary.targets[0].target

    assert limits_text(replace(about, lower=None), words("en")) == "at most 50.0 MPa"
    assert limits_text(replace(about, upper=None), words("en")) == "at least 30.0 MPa"


def test_the_indices_are_in_the_result(regression_summary):
    document = result_document(regression_summary)

    assert document["capability"]["cpk"]["value"] == regression_summary.targets[0].capability.cpk.value
