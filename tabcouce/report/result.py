"""`Summary` -> result.json, the machine-readable answer (schema_version 1, grows by adding keys)."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tabcouce.evaluation.trial import ModelScores
from tabcouce.explanation.factor import Factor
from tabcouce.report.alarm_summary import AlarmSummary
from tabcouce.report.atomic import write_bytes
from tabcouce.report.catalogue import LANGUAGES, words
from tabcouce.report.golden_view import golden_result
from tabcouce.report.plain import plain
from tabcouce.report.summary import Summary, TargetSummary
from tabcouce.report.verdict_text import verdict_sentences


def result_document(summary: Summary, target: int = 0) -> dict[str, Any]:
    """The document of one target, by its number from 0, as plain JSON values."""
    chosen = summary.targets[target]
    document = {
        "schema_version": summary.schema_version,
        "study": _study(summary, chosen),
        "splits": _splits(chosen),
        "verdict": _verdict(chosen),
        "factors": [_factor(factor) for factor in chosen.factors],
        "factors_claim": {lang: words(lang)("page.factors_claim") for lang in LANGUAGES},
        "factor_groups": [asdict(group) for group in chosen.groups],
        "interactions": [asdict(pair) for pair in chosen.pairs],
        "context_shifts": [asdict(shift) for shift in chosen.shifts],
        "evidence_formation": None if chosen.evidence is None else asdict(chosen.evidence),
        "findings": [asdict(finding) for finding in chosen.findings],
        "intervals": None if chosen.band is None else asdict(chosen.band),
        "out_of_range": {
            "columns": {"false_alarms": chosen.outside_rate},
            "encoder": None if chosen.far is None else asdict(chosen.far),
        },
        "confounding": None if chosen.confounding is None else asdict(chosen.confounding),
        "noise_ceiling": None if chosen.ceiling is None else asdict(chosen.ceiling),
        "alarms": None if chosen.alarms is None else _alarms(chosen.alarms),
        "experiments_saved": _savings(chosen),
        "capability": None if chosen.capability is None else asdict(chosen.capability),
        "shots_curve": None if chosen.shots is None else asdict(chosen.shots),
        "golden": golden_result(chosen.golden, {lang: words(lang) for lang in LANGUAGES}),
        "neighbours": None if chosen.neighbours is None else asdict(chosen.neighbours),
        "caps": [asdict(cap) for cap in chosen.caps],
        "timings": {**summary.seconds, **chosen.seconds},
        "environment": {
            "seed": summary.seed,
            "effort": summary.effort,
            "versions": dict(summary.versions),
            "interrupted": summary.interrupted,
        },
    }
    plained: dict[str, Any] = plain(document)
    return plained


def write_result(summary: Summary, path: Path) -> Path:
    """Write result.json; with several targets also one document each under `targets/`.

    path     file to write; it then holds the primary target and lists the others' documents
    Returns  path
    """
    primary = result_document(summary)
    if len(summary.targets) > 1:
        names = [
            f"targets/{target_folder(k + 1, target.target.name)}/result.json"
            for k, target in enumerate(summary.targets)
        ]
        primary["documents"] = names
        for k, name in enumerate(names):
            write_bytes(path.parent / name, _bytes(result_document(summary, k)))
    return write_bytes(path, _bytes(primary))


def target_folder(number: int, name: str) -> str:
    """'1-strength-mpa': the number from 1 and what is ASCII of the name, for folder names."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join([str(number), *re.findall(r"[a-z0-9]+", text)])[:60]


def _bytes(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _study(summary: Summary, target: TargetSummary) -> dict[str, Any]:
    about = target.target
    return {
        "name": summary.name,
        "source": {
            "file": summary.source.file,
            "sheet": summary.source.sheet,
            "sha256": summary.source.sha256,
        },
        "task": about.task,
        "target": about.name,
        "unit": about.unit,
        "classes": about.classes,
        "targets": [each.target.name for each in summary.targets],
        "rows": target.rows,
        "inputs": target.inputs,
        "contexts": target.contexts,
        "roles_origin": summary.roles_origin,
    }


def split_key(scores: ModelScores) -> str:
    """'unseen:machine' for blind predictions, 'unseen:machine/batch', '.../shots=5' beside them."""
    return (
        scores.split if scores.mode == "blind" else f"{scores.split}/{scores.mode.replace('shots', 'shots=')}"
    )


def _splits(target: TargetSummary) -> dict[str, Any]:
    proofs = {proof.key: proof for proof in target.splits}
    found: dict[str, Any] = {}
    for scores in target.scores:
        entry = found.setdefault(split_key(scores), {"models": {}})
        proof = proofs.get(scores.split)
        if proof is not None:
            entry["folds"], entry["units"] = proof.folds, proof.units
        entry["models"][scores.model] = {
            "metrics": {key: asdict(score) for key, score in scores.metrics.items()},
            "per_context": {
                unit: {key: {"value": score.value, "n": score.n} for key, score in metrics.items()}
                for unit, metrics in scores.per_context.items()
            },
            "fit_seconds": scores.fit_seconds,
            "rows_used": scores.rows_used,
            "notes": scores.notes,
        }
    return found


def _savings(target: TargetSummary) -> dict[str, Any] | None:
    """Optimistic by its nature: the pool is the rows that were really made."""
    if target.savings is None:
        return None
    document = asdict(target.savings)
    document["optimistic"] = "searched among rows that were really made"
    return document


def _verdict(target: TargetSummary) -> dict[str, Any]:
    verdict = target.verdict
    return {
        "outcome": verdict.outcome,
        "recommended": verdict.recommended,
        "known_context": verdict.known_context,
        "metric": verdict.metric,
        "headline": verdict.headline,
        "sentences": {lang: " ".join(verdict_sentences(target, lang)) for lang in LANGUAGES},
        "differences": [asdict(difference) for difference in verdict.differences],
        "reasons": verdict.reasons,
        "contested": verdict.contested,
        "units_needed": verdict.units_needed,
    }


def _alarms(alarms: AlarmSummary) -> dict[str, Any]:
    """All but the points of the chart, which are for drawing only."""
    document = asdict(alarms)
    del document["points"]
    return document


def _factor(factor: Factor) -> dict[str, Any]:
    """Design keys first; 'expected' is null where nobody has stated a direction."""
    document = asdict(factor)
    document["expected"] = None if factor.expected == "unknown" else factor.expected
    document["naive_effect"], document["adjusted_effect"] = document.pop("naive"), document.pop("adjusted")
    return document
