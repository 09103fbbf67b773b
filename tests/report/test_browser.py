"""The report in headless Chromium without a network: what a reader sees, points at and prints.

Skipped where no Chromium is installed, except in CI (TABCOUCE_BROWSER=required), which installs it.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tabcouce.explanation.joint_reading import read
from tabcouce.report import Summary, write_page
from tabcouce.report.catalogue import words
from tabcouce.report.charts.style import GREY
from tabcouce.report.charts.swarm import MARKS

# The driver talks to Chromium over loopback; the page itself has no network.
pytestmark = pytest.mark.enable_socket
LANGUAGES = ("en", "ja")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1280,720",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-dev-shm-usage",
)
# A glyph that no font has is drawn as the font's box; the same text in the font of last resort
# alone has the box's width for every letter.
JAPANESE = "決定係数"


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        if os.environ.get("TABCOUCE_BROWSER") == "required":
            pytest.fail("chromium and chromedriver are required here and not installed")
        pytest.skip("no chromium and chromedriver here")
    options = Options()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    opened.set_page_load_timeout(60)
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False},
    )
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def pages(
    regression_summary: Summary,
    classification_summary: Summary,
    two_targets_summary: Summary,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        (kind, lang): write_page(summary, folder / f"{kind}-{lang}.html", lang)
        for kind, summary in (
            ("number", regression_summary),
            ("class", classification_summary),
            ("two", two_targets_summary),
        )
        for lang in LANGUAGES
    }


def opened(browser: webdriver.Chrome, page: Path) -> webdriver.Chrome:
    """The page with all its charts drawn."""
    browser.get_log("browser")  # empties it
    browser.get(page.as_uri())
    done = "return document.body.dataset.charts === 'done'"
    WebDriverWait(browser, 60).until(lambda b: b.execute_script(done))
    charts = browser.find_elements(By.CSS_SELECTOR, "div.chart[id]")
    assert len(charts) > 4
    assert {chart.get_attribute("data-state") for chart in charts} == {"drawn"}
    return browser


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["number", "class", "two"])
def test_all_charts_are_drawn_without_a_console_message(browser, pages, kind, lang):
    opened(browser, pages[kind, lang])

    messages = [m for m in browser.get_log("browser") if m["level"] in ("SEVERE", "WARNING")]
    assert messages == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["number", "class", "two"])
def test_the_first_screen_holds_verdict_tiles_and_top_factors(browser, pages, kind, lang):
    opened(browser, pages[kind, lang])

    for css in (".verdict .lead", ".tiles li:first-child", ".tiles li:last-child", ".top", ".next"):
        box = browser.find_element(By.CSS_SELECTOR, css).rect
        assert box["y"] + box["height"] <= 720, (css, box)
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280, (css, box)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_runs_out_of_the_page(browser, pages, lang, width):
    opened(browser, pages["number", lang])
    metrics = {"width": width, "height": 720, "deviceScaleFactor": 1, "mobile": False}
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics | {"width": 1280})


def test_text_in_charts_and_cells_is_not_cut_by_its_own_box(browser, pages):
    opened(browser, pages["number", "ja"])

    cut = browser.execute_script(
        """return [...document.querySelectorAll('.tiles .value, .verdict p, th, .chip')]
             .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
             .map(e => e.textContent)"""
    )
    assert cut == []


def test_every_japanese_glyph_has_a_font(browser, pages):
    opened(browser, pages["number", "ja"])

    assert JAPANESE in browser.find_element(By.TAG_NAME, "body").text
    # Two letters without a glyph are the same box: pixel for pixel equal on a canvas.
    same = browser.execute_script(
        """const font = getComputedStyle(document.body).fontFamily;
           const pixels = letter => { const c = document.createElement('canvas'); c.width = c.height = 40;
             const g = c.getContext('2d'); g.font = '28px ' + font; g.fillText(letter, 4, 32);
             return c.toDataURL(); };
           const letters = [...new Set(document.body.innerText)].filter(l => /\\p{L}/u.test(l));
           const missing = pixels('\\u{10FFFE}');
           return letters.filter(l => pixels(l) === missing)"""
    )
    assert same == []


def test_pointing_at_a_mark_shows_its_row_in_the_file(browser, pages, regression_summary):
    opened(browser, pages["number", "en"])
    chart = browser.find_element(By.CSS_SELECTOR, "div.chart[id$='points']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", chart)
    mark = browser.execute_script(
        """const marks = [...arguments[0].querySelectorAll('svg .mark-symbol.role-mark path')];
           return marks.find(m => { const b = m.getBoundingClientRect();
             return document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2) === m; })""",
        chart,
    )

    ActionChains(browser).move_to_element(mark).perform()

    shown = WebDriverWait(browser, 10).until(
        lambda b: b.execute_script(
            "const t = document.getElementById('tip'); return t.style.display === 'block' && t.innerText"
        )
    )
    rows = {str(row) for row in regression_summary.targets[0].points.rows}
    assert rows & set(shown.replace(",", "").split()), shown


def test_every_link_of_the_rail_leads_to_a_heading(browser, pages):
    opened(browser, pages["number", "en"])

    dead = browser.execute_script(
        """return [...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))
             .filter(h => !document.getElementById(decodeURIComponent(h.slice(1))))"""
    )
    assert dead == []


def test_the_keyboard_reaches_the_contents(browser, pages):
    opened(browser, pages["number", "en"])
    reached = browser.execute_script(
        """const a = document.querySelector('nav a'); a.focus();
           const style = getComputedStyle(a);
           return [document.activeElement === a, style.outlineStyle]"""
    )
    assert reached[0] and reached[1] != "none"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_printed_page_has_every_chart(browser, pages, lang, tmp_path):
    opened(browser, pages["number", lang])
    sheet = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}

    answer = browser.execute_cdp_cmd("Page.printToPDF", sheet)

    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(base64.b64decode(answer["data"]))
    if shutil.which("pdftotext") is None:
        assert os.environ.get("TABCOUCE_BROWSER") != "required"
        pytest.skip("no pdftotext here")
    text = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True, text=True
    ).stdout
    titles = [e.text for e in browser.find_elements(By.CSS_SELECTOR, "figure figcaption strong")]
    squeezed = "".join(text.split())
    missing = [title for title in titles if title and "".join(title.split()) not in squeezed]
    assert titles and missing == []


def test_choosing_a_context_below_one_chart_fades_the_others_in_all_and_turns_the_card(browser, pages):
    opened(browser, pages["number", "en"])
    faded = """return ['t1-points', 't1-drift', 't1-map'].map(id => {
        const marks = [...document.querySelectorAll('#' + id + ' .mark-symbol.role-mark path')];
        const faint = marks.filter(m => parseFloat(m.getAttribute('opacity') ?? 1) < 0.1);
        return faint.length / marks.length; })"""
    assert browser.execute_script(faded) == [0, 0, 0]

    browser.execute_script(
        """const lists = [...document.querySelectorAll('select[data-lots]')];
           const list = lists.find(l => l.options[0].value === '');
           list.value = '7号機'; list.dispatchEvent(new Event('change'))"""
    )

    WebDriverWait(browser, 20).until(lambda b: min(b.execute_script(faded)) > 0.8)
    shown = [card.get_attribute("data-lot") for card in browser.find_elements(By.CSS_SELECTOR, ".card")
             if card.is_displayed()]  # fmt: skip
    assert shown == ["7号機"]
    lists = browser.execute_script(
        "return [...document.querySelectorAll('select[data-lots]')].map(l => l.value)"
    )
    assert len(lists) > 4 and set(lists) == {"7号機"}


def test_headings_never_skip_a_level_and_tables_and_pictures_are_named(browser, pages):
    opened(browser, pages["number", "en"])
    levels = browser.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    unnamed = browser.execute_script(
        """const every = (css) => [...document.querySelectorAll(css)];
           return every('table').filter(t => !t.caption?.textContent.trim()).length
             + every('.chart').filter(c => !c.getAttribute('aria-label')).length
             + every('select').filter(s => !s.labels.length && !s.ariaLabel).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("width", [390, 1024])  # a phone; 1280 points at 125 %
def test_narrow_and_magnified_pages_do_not_run_out_of_the_window(browser, pages, width):
    opened(browser, pages["number", "ja"])
    metrics = {"width": width, "height": 720, "deviceScaleFactor": 1, "mobile": False}
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics | {"width": 1280})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sliders_move_several_factors_at_once_by_keyboard_and_say_what_is_outside(
    browser, pages, regression_summary, lang
):
    opened(browser, pages["number", lang])
    view = regression_summary.targets[0].what_if
    box = browser.find_element(By.ID, "t1-profile")
    sliders = box.find_elements(By.CSS_SELECTOR, "input[type=range]")
    said = box.find_element(By.CSS_SELECTOR, "[role=status]")
    wait = WebDriverWait(browser, 10)
    wait.until(lambda _: "42" in said.text)
    assert box.get_attribute("data-outside") == "false"

    sliders[0].send_keys(Keys.HOME)
    sliders[1].send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * 33)
    at = [float(one.get_attribute("value")) for one in sliders]
    expected = read(
        [np.array(panel.values) for panel in view.panels],
        [np.array(panel.prediction[0]) for panel in view.panels],
        [(pair.first, pair.second, np.array(pair.prediction[0]).reshape(4, 4)) for pair in view.joint.pairs],
        view.joint.every,
        np.array([panel.start[0] for panel in view.panels]),
        view.prediction[0],
        np.array(at),
    )
    wait.until(lambda _: f"{expected:.4g}" in said.text)

    sliders[0].send_keys(Keys.END)
    wait.until(lambda _: box.get_attribute("data-outside") == "true")
    assert words(lang)("profile.outside") in said.text

    box.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    wait.until(lambda _: box.get_attribute("data-outside") == "false")
    assert [m for m in browser.get_log("browser") if m["level"] == "SEVERE"] == []


def test_a_dark_screen_gets_dark_paper_and_a_printer_never(browser, pages):
    paper = "return getComputedStyle(document.body).backgroundColor"
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
        opened(browser, pages["number", "en"])
        assert browser.execute_script(paper) == "rgb(20, 24, 30)"
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": dark})
        assert browser.execute_script(paper) == "rgb(255, 255, 255)"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_every_row_of_the_swarm_is_drawn_categories_too(browser, pages, regression_summary):
    opened(browser, pages["number", "en"])
    curves = regression_summary.targets[0].curves
    assert any(curve.levels for curve in curves)

    drawn = browser.execute_script(
        """return [...document.querySelectorAll('#t1-swarm .mark-symbol.role-mark path')]
             .map(mark => mark.getAttribute('fill'))"""
    )
    shown = {curve.name: min(len(curve.contribution), MARKS) for curve in curves}
    assert len(drawn) == sum(shown.values())
    assert drawn.count(GREY) == sum(shown[curve.name] for curve in curves if curve.levels)
