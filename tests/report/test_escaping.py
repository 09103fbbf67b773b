"""Whatever a name or a cell holds, it stays text: the page has the same elements as with plain names."""

from html.parser import HTMLParser

import pytest
from fake_study import HOSTILE, INPUTS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tabcouce.report import Summary
from tabcouce.report.page import render_page

SIGNS = "<>&\"'`=/\\{}[]();:!-%#$ \t\u2028\u00a0aZ9é号"
PIECES = ["<script>", "</script>", "<!--", "-->", "]]>", "{{", "}}", "{%", "${", "onload=", "&lt;"]


def texts() -> st.SearchStrategy[str]:
    """Text full of what has a meaning in HTML, scripts and templates."""
    return st.lists(st.sampled_from([*SIGNS, *PIECES]), min_size=10, max_size=40).map("".join)


class Elements(HTMLParser):
    """Every tag with the names of its attributes, and every event handler or address in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag != "wbr":  # a place to break a long name, which the page itself puts in
            self.tags.append((tag, tuple(name for name, _ in attributes)))


def named(summary: Summary, name: str, cell: str) -> Summary:
    """The summary with another column name and another level or class text."""
    new = {INPUTS[0]: f"n{name}", HOSTILE: f"c{cell}"}

    def change(node):
        if isinstance(node, dict):
            return {new.get(key, key): change(value) for key, value in node.items()}
        if isinstance(node, list):
            return [change(value) for value in node]
        return new.get(node, node) if isinstance(node, str) else node

    return Summary.from_json(change(summary.to_json()))


@pytest.fixture(scope="module")
def plain(regression_summary):
    return Elements(render_page(named(regression_summary, "ame", "ell"), "en")).tags


@settings(
    max_examples=3,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(name=texts(), cell=texts())
def test_no_name_and_no_cell_can_add_an_element_or_an_attribute(regression_summary, plain, name, cell):
    page = render_page(named(regression_summary, name, cell), "en")
    assert Elements(page).tags == plain
