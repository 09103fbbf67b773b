"""One offline file: small, escaped, complete in both languages."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from fake_study import HOSTILE, INPUTS, fake_study, fake_target

from tabcouce.report import Summary, summarize, write_page
from tabcouce.report.catalogue import words
from tabcouce.report.figures import figures
from tabcouce.report.page import render_page
from tabcouce.report.profile_view import profile_view
from tabcouce.report.table_view import breakable

LANGUAGES = ("en", "ja")
CHARTS = ("honesty", "differences", "contexts", "points", "importance", "what_if", "curve0", "curve5")


@pytest.fixture(scope="module")
def pages(regression_summary, classification_summary):
    return {
        (kind, lang): render_page(summary, lang)
        for kind, summary in (("number", regression_summary), ("class", classification_summary))
        for lang in LANGUAGES
    }


def own_part(page):
    """The page without the chart library."""
    return re.sub(r'<script id="library">.*?</script>', "", page, flags=re.S)


def test_nothing_is_loaded_from_outside(pages):
    for page in pages.values():
        assert not re.search(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""", own_part(page))
        assert "@import" not in page and not re.search(r"url\((?!#)", own_part(page))
        found = set(re.findall(r"https?://[\w./-]+", page))
        assert all(address.startswith("http://www.w3.org/") for address in found), found
        assert "default-src 'none'" in page


def test_the_page_is_smaller_than_two_megabytes_even_with_many_rows(pages):
    large = render_page(summarize(fake_study(fake_target(n=6_000))), "ja")
    for page in (*pages.values(), large):
        assert len(page.encode()) < 2_000_000


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "targets “引張強度”, “CO”"), ("ja", "目的変数「引張強度」、「CO」")]
)
def test_the_header_names_every_target(regression_summary, lang, said):
    target = regression_summary.targets[0]
    other = replace(target, target=replace(target.target, name="CO"))
    assert said in render_page(replace(regression_summary, targets=(target, other)), lang)


def test_the_axis_of_the_first_panel_says_what_is_predicted_and_its_unit(regression_summary):
    target = regression_summary.targets[0]
    assert target.what_if is not None and target.what_if.half_width is not None
    panel = figures(target, "t1", words("en"))["what_if"].spec["concat"][0]
    titles = {layer["encoding"]["y"]["title"] for layer in panel["layer"] if "y" in layer["encoding"]}
    assert titles == {"Predicted, MPa"}  # one layer without it would take it off the axis


def test_of_classes_the_what_if_shows_the_probability_of_the_second(classification_summary):
    target = classification_summary.targets[0]
    second = list(target.target.classes)[1]
    panel = figures(target, "t1", words("en"))["what_if"].spec["concat"][0]
    titles = {layer["encoding"]["y"]["title"] for layer in panel["layer"] if "y" in layer["encoding"]}
    assert titles == {f"Probability of “{second}”"}
    view = profile_view(target, words("en"))
    assert view is not None and f"Probability of “{second}”: <value>" in view.document["say"]["reading"]


def test_hostile_names_are_text_everywhere(pages):
    for page in pages.values():
        assert HOSTILE not in page
        assert html.escape(HOSTILE) in page
        assert "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e" in page


def test_chart_specs_use_neutral_field_names(pages):
    def fields(node):
        if isinstance(node, dict):
            if isinstance(node.get("field"), str):
                yield node["field"]
            for key, value in node.items():
                if key != "datasets":
                    yield from fields(value)
        elif isinstance(node, list):
            for value in node:
                yield from fields(value)

    specs = re.findall(
        r'<script type="application/json" id="[^"]*-spec">(.*?)</script>', pages["number", "en"], re.S
    )
    assert len(specs) == 16
    for spec in map(json.loads, specs):
        assert "$schema" not in spec
        assert all(re.fullmatch(r"f\d", name) for name in fields(spec))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["number", "class"])
def test_every_section_and_chart_is_there(pages, kind, lang):
    page = pages[kind, lang]
    assert f'<html lang="{lang}"' in page
    for part in ("verdict", "warnings", "models", "predictions", "factors", "checked"):
        assert f'id="t1-{part}"' in page and f'href="#t1-{part}"' in page
    for chart in CHARTS:
        assert f'id="t1-{chart}"' in page and f'id="t1-{chart}-spec"' in page
    assert page.count("<caption>") >= 5
    for name in INPUTS:
        assert html.escape(name) in page
    assert not re.search(r"\bnan\b|\bNone\b", own_part(page))


def test_a_missing_score_is_a_dash_with_its_reason(regression):
    target = regression.targets[0]
    gone = tuple(s for s in target.scores if (s.split, s.model) != ("group", "linear"))
    page = render_page(summarize(fake_study(replace(target, scores=gone))), "en")
    assert "not run on this split" in page


def test_a_study_with_next_to_nothing_still_gives_a_page(regression):
    target = regression.targets[0]
    bare = replace(
        target,
        findings=(),
        trials=(),
        scores=tuple(s for s in target.scores if s.model == "constant"),
        verdict=replace(target.verdict, outcome="do_not_predict", recommended="constant", differences=()),
        factors=(),
        attributions=(),
        intervals=None,
        caps=(),
    )
    page = render_page(summarize(fake_study(bare)), "en")
    assert "Do not predict" in page and "No check found anything." in page


def test_several_targets_share_one_page():
    study = fake_study(fake_target(), fake_target(classes=True))
    page = render_page(summarize(study), "en")
    assert 'id="t1-verdict"' in page and 'id="t2-verdict"' in page
    assert "This study has 2 targets" in page


def test_the_page_from_a_stored_summary_is_the_same(regression_summary):
    stored = Summary.from_json(json.loads(json.dumps(regression_summary.to_json())))
    assert render_page(stored, "ja") == render_page(regression_summary, "ja")


def test_the_page_is_written_whole_and_nothing_else_is_left(regression_summary, tmp_path):
    path = write_page(regression_summary, tmp_path / "new" / "report.html", "ja")
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert list(path.parent.iterdir()) == [path]


def test_a_browser_draws_every_chart_and_runs_no_foreign_script(regression_summary, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    path = write_page(regression_summary, tmp_path / "report.html", "ja")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000", "--dump-dom"]
    run = subprocess.run([*command, path.as_uri()], capture_output=True, timeout=120, check=True)
    page = run.stdout.decode()
    assert page.count('data-state="drawn"') == 16
    assert 'data-state="failed"' not in page
    assert b":CONSOLE" not in run.stderr


def test_without_scripts_the_two_charts_one_decides_by_are_drawn_with_text(pages):
    for page in pages.values():
        drawings = re.findall(
            r"<noscript><div class=\"chart\"[^>]*>(<svg.*?</svg>)</div></noscript>", page, re.S
        )
        assert len(drawings) == 2
        assert all("<text" in drawing and "<image" not in drawing for drawing in drawings)
        assert sum(map(len, drawings)) < 150_000
        assert not any(re.search(r"\bf\d:", drawing) for drawing in drawings)
        assert html.escape(HOSTILE) in drawings[1]


def test_long_column_names_break_at_their_joints_and_stay_escaped():
    assert breakable("crest_factor.vib-table") == "crest_<wbr>factor.<wbr>vib-<wbr>table"
    assert breakable("<b>_x") == "&lt;b&gt;_<wbr>x"


def test_no_two_parts_of_a_page_share_an_address(regression_summary, classification_summary):
    for summary in (regression_summary, classification_summary):
        found = re.findall(r'\sid="([^"]+)"', render_page(summary, "en"))
        assert len(found) > 20 and len(found) == len(set(found))
