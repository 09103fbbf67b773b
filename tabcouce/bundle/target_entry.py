"""One target in the manifest: what the study keeps of it, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from tabcouce.advice.far_rows import FarRows
from tabcouce.advice.neighbour_quality import NeighbourQuality
from tabcouce.advice.past_rows import PastRows
from tabcouce.bundle.model_files import (
    alarm_entry,
    model_files,
    restore_alarm,
    restore_model,
    restore_state,
)
from tabcouce.models.contract import Model
from tabcouce.report.plain import plain, restore
from tabcouce.study import TargetStudy
from tabcouce.study.advise import Advice, kept_encoder
from tabcouce.study.golden import declared_blocks
from tabcouce.study.saved import InputColumn, Memory, Promise, SavedTarget
from tabcouce.system import Intervals, TrainingRange
from tabcouce.system.spec_risk import SpecRisk


def target_entry(
    target: TargetStudy, units: Mapping[str, str | None], where: str, files: dict[str, bytes]
) -> dict[str, Any]:
    """The manifest's account of one target; its models, alarm and past rows are added to `files`."""
    models = {key: model_files(model, f"{where}/{key}", files) for key, model in target.final.items()}
    entry = {**describe_target(target, units), "folder": where, "models": models}
    if target.alarms is not None:
        entry["alarm"] = alarm_entry(target.alarms.alarm, f"{where}/alarm", files)
    if target.advice is not None:
        entry["similar"] = memory_entry(target, target.advice, f"{where}/similar", files)
    return entry


def describe_target(target: TargetStudy, units: Mapping[str, str | None]) -> dict[str, Any]:
    """The manifest's account of one target; units: those of the file, where the roles name none."""
    data, verdict = target.dataset, target.verdict
    promise = describe_promise(target)
    inputs = [
        InputColumn(
            str(name),
            pd.api.types.is_numeric_dtype(data.X[name].dtype),
            data.role(str(name)).unit or units.get(str(name)),
        )
        for name in data.X.columns
    ]
    return {
        "target": data.target,
        "unit": (data.role(data.target).unit or units.get(data.target)) if data.labelled else None,
        "task": data.task,
        "classes": list(data.classes),
        "inputs": [asdict(column) for column in inputs],
        "levels": {str(c): sorted(set(data.contexts[c])) for c in data.contexts.columns},
        "recommended": verdict.recommended,
        "known_context": verdict.known_context,
        "outcome": verdict.outcome,
        "intervals": None if target.intervals is None else plain(asdict(target.intervals)),
        "spec_risk": None if target.spec_risk is None else target.spec_risk.settings(),
        "inside": target.inside.settings(),
        "promise": asdict(promise),
    }


def describe_promise(target: TargetStudy) -> Promise:
    """What the headline score promises; nothing where there is nothing to predict."""
    verdict = target.verdict
    headline = next(
        (s for s in target.scores if s.split == verdict.headline and s.model == verdict.recommended), None
    )
    if headline is None:
        return Promise(verdict.metric, None, None, None, None)
    score, rmse = headline.metrics[verdict.metric], headline.metrics.get("rmse")
    return Promise(
        verdict.metric,
        score.value,
        score.low,
        score.high,
        rmse=rmse.value if rmse else None,
        rmse_high=rmse.high if rmse else None,
    )


def memory_entry(target: TargetStudy, advice: Advice, stem: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Add the past rows and, where no final model holds it, the encoder of their embedding."""
    apart = advice.encoder is not None and kept_encoder(target.final, None) is None
    return {
        "past": model_files(advice.past, stem, files),
        "encoder": model_files(advice.encoder, f"{stem}-encoder", files)
        if apart and advice.encoder
        else None,
        "quality": plain(asdict(advice.neighbours)),
        "blocks": declared_blocks(target.dataset),
        "far": None if advice.far is None else plain(asdict(advice.far)),
    }


def restore_target(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> SavedTarget:
    bands = entry["intervals"]
    if bands is not None:
        width = bands["half_width"]
        bands = {
            **bands,
            "half_width": float("inf") if width is None else width,
            "per_unit": tuple(float("nan") if v is None else v for v in bands["per_unit"]),
        }
    models = {key: restore_model(model, contents) for key, model in entry["models"].items()}
    similar = entry.get("similar")
    return SavedTarget(
        target=entry["target"],
        task=entry["task"],
        classes=tuple(entry["classes"]),
        inputs=tuple(InputColumn(**column) for column in entry["inputs"]),
        levels={name: frozenset(levels) for name, levels in entry["levels"].items()},
        recommended=entry["recommended"],
        known_context=entry["known_context"],
        outcome=entry["outcome"],
        models=models,
        intervals=None if bands is None else Intervals(**bands),
        inside=TrainingRange.from_settings(entry["inside"]),
        promise=Promise(**entry["promise"]),
        spec_risk=None if entry.get("spec_risk") is None else SpecRisk.from_settings(entry["spec_risk"]),
        alarm=None if entry.get("alarm") is None else restore_alarm(entry["alarm"], contents),
        unit=entry.get("unit"),
        memory=None if similar is None else restore_memory(similar, models, contents),
    )


def restore_memory(
    entry: Mapping[str, Any], models: Mapping[str, Model], contents: Mapping[str, bytes]
) -> Memory:
    own = entry["encoder"]
    return Memory(
        past=PastRows.from_state(restore_state(entry["past"], contents)),
        encoder=kept_encoder(models, None) if own is None else restore_model(own, contents),
        quality=restore(NeighbourQuality, entry["quality"]),
        blocks={name: tuple(members) for name, members in entry["blocks"].items()},
        far=None if entry.get("far") is None or entry["far"]["limit"] is None else FarRows(**entry["far"]),
    )
