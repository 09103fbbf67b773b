"""result.json has the keys of its schema and says what the report says."""

import json

from fake_study import fake_study, fake_target

from tabcouce.report import result_document, summarize, verdict_sentences, write_result
from tabcouce.report.result import target_folder

SCHEMA = {
    "schema_version": None,
    "study": {"name", "source", "task", "targets", "rows", "contexts"},
    "splits": {"shuffled", "group", "unseen:号機"},
    "verdict": {"outcome", "recommended", "known_context", "sentences"},
    "factors": None,
    "findings": None,
    "timings": None,
    "environment": {"seed", "versions"},
}


def test_the_document_has_every_key_of_the_schema(regression_summary):
    document = result_document(regression_summary)
    for key, inner in SCHEMA.items():
        assert key in document
        assert inner is None or inner <= set(document[key])
    assert document["schema_version"] == 1
    assert document["study"]["contexts"] == {"号機": 12, "ロット": 60}
    assert set(document["study"]["source"]) == {"file", "sheet", "sha256"}
    model = document["splits"]["unseen:号機"]["models"]["lightgbm"]
    assert {"metrics", "per_context", "fit_seconds"} <= set(model)
    assert {"value", "low", "high", "n"} <= set(model["metrics"]["r2"])
    factor = document["factors"][0]
    assert {"name", "importance", "direction", "naive_effect", "adjusted_effect"} <= set(factor)
    assert {factor["expected"] for factor in document["factors"]} == {"increases", "decreases", None}
    assert {"rule", "severity", "what", "place", "remedy"} <= set(document["findings"][0])
    assert document["findings"][0]["severity"] == "blocks"


def test_the_sentences_are_those_of_the_report(regression_summary):
    said = result_document(regression_summary)["verdict"]["sentences"]
    for lang in ("en", "ja"):
        assert said[lang] == " ".join(verdict_sentences(regression_summary.targets[0], lang))


def test_several_targets_get_a_document_each(tmp_path):
    summary = summarize(fake_study(fake_target(), fake_target(classes=True)))
    path = write_result(summary, tmp_path / "result.json")
    first = json.loads(path.read_text(encoding="utf-8"))
    assert first["study"]["target"] == "引張強度"
    second = json.loads((tmp_path / first["documents"][1]).read_text(encoding="utf-8"))
    assert second["study"]["target"] == "判定" and second["study"]["task"] == "binary"


def test_folder_names_are_ascii():
    assert target_folder(1, "Tensile strength [MPa]") == "1-tensile-strength-mpa"
    assert target_folder(2, "引張強度") == "2"
