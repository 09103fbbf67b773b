"""Whatever the checks can say is said in every language with the same facts."""

import ast
import json
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
from fake_study import fake_study, fake_target

import tabcouce
from tabcouce.checks.finding import Finding
from tabcouce.checks.notes import note_finding, note_findings
from tabcouce.checks.reader_sentences import READER_SENTENCES
from tabcouce.checks.sentences import LEFT_OUT, SENTENCES, worded
from tabcouce.errors import Place
from tabcouce.read.note import CellRead, Note
from tabcouce.report import Summary, summarize
from tabcouce.report.catalogue import LANGUAGES, words
from tabcouce.report.finding_text import finding_text
from tabcouce.report.page import render_page

PACKAGE = Path(tabcouce.__file__).parent
OTHERS = [lang for lang in LANGUAGES if lang != "en"]
ROLE_WARNINGS = {
    "prose": "'note' is prose for people and was not used.",
    "split": "'号機' is the context to hold out and was added to the contexts.",
    "dropped": "'温度' is both an input and dropped; it was dropped.",
    "letter": "No column is called 'A b'; column E, '強度', is the target.",
}


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def first_texts(room, *called):
    """First arguments, as far as they are texts, of all calls of these names in a room's source."""
    found = set()
    for path in (PACKAGE / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in called and node.args:
                found |= {c.value for c in ast.walk(node.args[0]) if isinstance(c, ast.Constant)}
    return {text for text in found if isinstance(text, str)}


def reader_rules():
    return first_texts("read", "Note", "note")


def test_the_source_of_the_reader_shows_its_rules():
    assert {"title-rows", "error-cell", "hidden-columns", "encoding-guess"} <= reader_rules()
    assert len(reader_rules()) >= 22


@pytest.mark.parametrize("lang", OTHERS)
def test_every_sentence_of_the_checks_is_translated_with_the_same_placeholders(lang):
    translated = words(lang).findings
    for key, sentence in {**SENTENCES, "left-out": LEFT_OUT}.items():
        # '1 input is' has no number to fill in, and a language may have no use for it.
        assert placeholders(translated[f"{key}.what"]) <= placeholders(sentence.what) | {"target", "count"}, (
            key
        )
        assert placeholders(sentence.what) <= placeholders(translated[f"{key}.what"]) | {"count"}, key
        assert placeholders(sentence.remedy) == placeholders(translated[f"{key}.remedy"]), key


def test_every_note_of_the_reader_has_a_sentence():
    assert reader_rules() <= {key.partition(".")[0] for key in READER_SENTENCES}


@pytest.mark.parametrize("lang", OTHERS)
def test_every_warning_of_the_role_file_is_translated(lang):
    translated = words(lang).findings
    for form in ROLE_WARNINGS:
        assert f"role-file.{form}.what" in translated
    said = {key.rpartition(".")[0] for key in translated}
    assert said == {*SENTENCES, "left-out", *(f"role-file.{form}" for form in ROLE_WARNINGS)}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rule_has_a_label(lang):
    rules = {key.partition(".")[0] for key in SENTENCES} | reader_rules() | {"role-file"}
    assert {f"rule.{rule}" for rule in rules} <= set(words(lang).messages)


def test_japanese_sentences_hold_the_facts_and_no_english():
    names = tuple(["温度", "圧力", "流量", "速度", "回転", "湿度"])
    facts = {"names": names, "count": 6, "limit": 0.5, "worst": 0.75}
    said = finding_text(worded("mostly-blank.many", "weakens", Place(), facts, size=0.7), words("ja"))
    assert said.what.startswith("50%を超える行で空の入力が6列あります（最大75%）：「温度」、「圧力」")
    assert said.what.endswith("ほか1件。") and said.language == "ja"


def test_a_left_out_leak_says_so_in_japanese():
    facts = {"column": "後", "target": "強度", "correlation": 0.9999}
    found = worded("target-copy.copy", "note", Place(), facts, size=1.0)
    said = finding_text(replace(found, facts={**facts, "left_out": "after"}), words("ja"))
    assert "（相関係数0.9999）。この列は入力から正しく外されています（結果の後の記録）。" in said.what
    assert said.remedy.startswith("対処は不要")


def test_an_unknown_rule_keeps_its_own_english():
    found = Finding("new-rule", "note", "Something new.", Place(), "Look at it.")
    said = finding_text(found, words("ja"))
    assert (said.what, said.remedy, said.language) == ("Something new.", "Look at it.", "en")


def test_english_is_what_the_checks_said():
    found = worded("identifier-input", "misleads", Place(), {"column": "{odd} name"}, size=0.5)
    said = finding_text(found, words("en"))
    assert said.what == found.what == "'{odd} name' is an input, but it only numbers or names the rows."


@pytest.mark.parametrize("form", ROLE_WARNINGS)
def test_a_warning_of_the_role_file_is_understood(regression, form):
    table, dataset = regression.table, regression.targets[0].dataset
    (found,) = note_findings(table, replace(regression.roles, warnings=(ROLE_WARNINGS[form],)), dataset)
    said = finding_text(found, words("ja"))
    assert found.form == form and said.language == "ja"
    assert all(fact in said.what for fact in found.facts.values())


def test_a_note_of_the_reader_keeps_its_details(regression):
    note = Note("foot-rows", Place(row=9), 2, {"words": ("平均", "合計")})
    table = replace(regression.table, notes=(note,))
    found = note_findings(table, replace(regression.roles, warnings=()), regression.targets[0].dataset)[0]
    assert finding_text(found, words("ja")).what == "データより下の2行は除きました：「平均」、「合計」"


def test_one_row_is_one_row_and_the_cells_are_named():
    cells = (CellRead("C5", "<0.01", "0.01"), CellRead("C9", "<0.02", "0.02"))
    one = note_finding(Note("limit-below", Place(row=5), 1, {}, cells[:1]), 20)
    two = note_finding(Note("limit-below", Place(row=5), 2, {}, cells), 20)
    assert one.what == "1 cell states only that the value is below a limit: C5 <0.01 = 0.01"
    assert two.what.endswith("C5 <0.01 = 0.01, C9 <0.02 = 0.02") and two.what.startswith("2 cells state ")
    assert two.cells == cells and two.severity == "weakens"


@pytest.fixture(scope="module")
def warned():
    names = ("温度[℃]", "{x}")
    findings = (
        worded("constant-input.many", "note", Place(), {"count": 2, "names": names}, size=0.1),
        worded("identifier-input", "misleads", Place(row=3), {"column": "<b>番号</b>"}, size=0.5),
    )
    return summarize(fake_study(replace(fake_target(), findings=findings)))


def test_facts_survive_the_stored_summary(warned):
    stored = Summary.from_json(json.loads(json.dumps(warned.to_json())))
    assert stored == warned
    assert render_page(stored, "ja") == render_page(warned, "ja")


def test_the_japanese_page_says_findings_in_japanese(warned):
    page = render_page(warned, "ja")
    assert "すべての行で同じ値の入力が2列あります：「温度[℃]」、「{x}」。" in page
    assert page.count("「&lt;b&gt;番号&lt;/b&gt;」は入力になっていますが") == 2  # also on the first screen
    assert "are the same in every row" not in page and 'lang="en"' not in page


def test_the_stages_of_the_study_and_its_efforts_have_words():
    from tabcouce.study.effort import EFFORTS
    from tabcouce.study.fit import STAGES

    for lang in LANGUAGES:
        known = words(lang).messages
        assert {f"stage.{stage}" for stage in STAGES} <= set(known)
        assert {f"effort.{name}" for name in EFFORTS} <= set(known)
