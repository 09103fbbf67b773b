"""The golden lot in page, workbook and result.json: parts that sum, in both languages."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from tabcouce.advice.golden import BlockLikeness, GoldenMatch
from tabcouce.advice.similar import Difference
from tabcouce.report import result_document
from tabcouce.report.catalogue import LANGUAGES, words
from tabcouce.report.golden_view import golden_sheet, golden_view
from tabcouce.report.page import render_page
from tabcouce.report.plain import plain
from tabcouce.report.summary import Summary
from tabcouce.study.golden_rows import GoldenRows


def match(label, likeness, names):
    blocks = tuple(BlockLikeness(n, v, None) for n, v in zip(names, likeness, strict=True))
    change = (Difference("温度[℃]", 185.0, 178.0, 1.4),)
    return GoldenMatch(3, label, float(np.mean(likeness)), None, blocks, change, outcome=41.25)


def golden(blocks, names):
    shares = np.linspace(0.2, 0.99, len(names))
    found = (match("L2", shares, names), match("L3", np.minimum(shares + 0.3, 1), names))
    return GoldenRows("y", "MPa", "lot", "L1", 24, 40.0, "lot", {"温度[℃]": "℃"}, found, blocks, 12)


def with_golden(summary, found):
    return replace(summary, targets=(replace(summary.targets[0], golden=found), *summary.targets[1:]))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("count", [2, 3, 20])
def test_the_parts_of_a_line_sum_to_its_similarity(regression_summary, lang, count):
    names = [f"工程{k}" for k in range(count)]
    summary = with_golden(regression_summary, golden(tuple(names), names))
    view = golden_view(summary.targets[0], words(lang))
    for row in view.table.rows:
        numbers = [float(cell.text) for cell in row[2:-1]]
        assert sum(numbers[1:]) == pytest.approx(numbers[0], abs=0.05 * len(numbers))
        assert "185" in row[-1].text and "178" in row[-1].text
    assert "工程0" in view.say and "12" in view.say
    assert len(view.table.heads) == len(view.table.rows[0]) <= 11


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_workbook_and_document_hold_it_and_a_saved_summary_too(regression_summary, lang):
    w = words(lang)
    summary = with_golden(regression_summary, golden(("加熱", "混合"), ["加熱", "混合"]))
    again = Summary.from_json(plain(asdict(summary)))
    page = render_page(again, lang=lang)
    assert w("golden.title") in page and "加熱" in page
    sheet = golden_sheet(again.targets, w)
    assert [row[4] for row in sheet.rows] == ["加熱", "混合"] * 2
    assert sum(row[5] for row in sheet.rows[:2]) == pytest.approx(sheet.rows[0][3])
    document = result_document(again)["golden"]
    assert set(document["sentences"]) == set(LANGUAGES) and document["golden"]["level"] == "L1"
    assert sum(b["contribution"] for b in document["rows"][0]["blocks"]) == pytest.approx(
        document["rows"][0]["likeness"]
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_no_blocks_are_declared_it_says_what_to_write(regression_summary, lang):
    summary = with_golden(regression_summary, golden((), ["a", "b", "c"]))
    assert 'block = "' in golden_view(summary.targets[0], words(lang)).say


def test_without_a_golden_lot_there_is_nothing(regression_summary):
    assert golden_view(regression_summary.targets[0], words("en")) is None
    assert result_document(regression_summary)["golden"] is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lot_like_the_golden_one_names_no_block(regression_summary, lang):
    found = golden(("a", "b"), ["a", "b"])
    same = replace(found, found=(match("L4", [0.999, 1.0], ["a", "b"]),))
    say = golden_view(with_golden(regression_summary, same).targets[0], words(lang)).say
    assert words(lang)("golden.all_alike") in say and "a 1" not in say
