"""The evidence chart stands only where a training path was recorded, in both languages."""

from dataclasses import replace

import numpy as np
import pytest
from fake_study import INPUTS, fake_study, fake_target

from tabcouce.explanation.evidence import Formation
from tabcouce.report import result_document, summarize
from tabcouce.report.catalogue import words
from tabcouce.report.page import render_page
from tabcouce.report.summary import Summary


@pytest.fixture(scope="module")
def summary():
    progress = np.linspace(0, 1, 5)
    share = np.array([0.5, 0.3, 0.2] + [0.0] * (len(INPUTS) - 3))
    formed = Formation(tuple(INPUTS), (INPUTS[1],), progress, progress[:, None] * share, share, 0.4, 0.02, 3)
    return summarize(fake_study(replace(fake_target(), formation=formed)))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_chart_and_what_the_proxies_hold_stand_on_the_page(summary, lang):
    page = render_page(summary, lang)
    assert words(lang)("chart.evidence") in page
    assert "30" in words(lang)("chart.evidence_proxies", names="x", percent="30", most="30")
    assert "t1-evidence" in page


def test_without_a_recorded_path_there_is_no_chart(regression_summary):
    assert "t1-evidence" not in render_page(regression_summary, "en")


def test_the_view_survives_the_summary_file(summary):
    assert Summary.from_json(summary.to_json()).targets[0].evidence == summary.targets[0].evidence
    assert summary.targets[0].evidence.proxy_share[-1] == pytest.approx(0.3)


def test_result_json_tells_the_curve_and_the_shared_remainder(summary, regression_summary):
    told = result_document(summary)["evidence_formation"]
    assert told["proxy_share"][-1] == pytest.approx(0.3) and told["shared"] == pytest.approx(0.4)
    assert len(told["progress"]) == 5 and told["gap"] == pytest.approx(0.02)
    assert result_document(regression_summary)["evidence_formation"] is None
