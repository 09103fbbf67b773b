"""`Study` <-> folder: JSON, LightGBM text, safetensors, treelite and checksums; no pickle.

<folder>/report.html, results.xlsx, result.json
<folder>/study/manifest.json            names, roles, promise and the checksum of every file
<folder>/study/summary.json             what the report is rendered from
<folder>/study/targets/1-name/...       models and out-of-fold predictions
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as dump_arrays

from tabcouce.advice.far_rows import FarRows
from tabcouce.advice.neighbour_quality import NeighbourQuality
from tabcouce.advice.past_rows import PastRows
from tabcouce.encoder import CouceDetector
from tabcouce.errors import BundleError, Place
from tabcouce.models.contract import Model, State
from tabcouce.models.control_chart import ControlChart
from tabcouce.models.detection import Detector
from tabcouce.models.labelled_detector import BoostedDetector
from tabcouce.models.outlier_models import OutlierModel
from tabcouce.read.table import Layout
from tabcouce.report import Summary, predictions_frame, write_page, write_result, write_workbook
from tabcouce.report.atomic import complete, install
from tabcouce.report.catalogue import words
from tabcouce.report.persons import without_persons
from tabcouce.report.plain import plain, restore
from tabcouce.report.result import target_folder
from tabcouce.roles.declaration import Derived
from tabcouce.study import Study, TargetStudy
from tabcouce.study.advise import Advice, kept_encoder
from tabcouce.study.golden import declared_blocks
from tabcouce.study.run_history import RunHistory
from tabcouce.study.saved import InputColumn, Memory, Promise, SavedStudy, SavedTarget
from tabcouce.system import Intervals, TrainingRange
from tabcouce.system.alarm import Alarm
from tabcouce.system.jury import Jury
from tabcouce.system.spec_risk import SpecRisk
from tabcouce.system.stack import KINDS, StackModel

SCHEMA_VERSION = 1
PAST = "past.csv"
"""Rows of the training file, which `suggest` starts from; they stay in the study folder."""
MODELS: dict[str, Any] = {**KINDS, StackModel.__name__: StackModel}


DETECTORS: dict[str, Any] = {
    cls.__name__: cls for cls in (BoostedDetector, ControlChart, CouceDetector, OutlierModel)
}


def save_study(
    study: Study, summary: Summary, folder: Path, *, lang: str, show_persons: bool = False
) -> None:
    """Write report, workbook, result.json and the study; a kill leaves all old or all new ones.

    Raises OSError where a file is open elsewhere or the disk is full; the old outputs then stay.
    """
    frames = [predictions_frame(target) for target in study.targets]
    write_outputs(
        study_files(study, summary, frames), summary, frames, folder, lang=lang, show_persons=show_persons
    )


def write_outputs(
    files: Mapping[str, bytes],
    summary: Summary,
    predictions: list[pd.DataFrame],
    folder: Path,
    *,
    lang: str,
    show_persons: bool = False,
) -> None:
    """Everything is first written beside its place, then declared finished in one step, then moved."""
    folder.mkdir(parents=True, exist_ok=True)
    for abandoned in folder.glob(".writing-*"):
        shutil.rmtree(abandoned, ignore_errors=True)  # a run that was killed left it
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-", ignore_cleanup_errors=True) as name:
        fresh = Path(name) / "outputs"
        for relative, content in files.items():
            path = fresh / "study" / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        render(summary, predictions, fresh, lang=lang, show_persons=show_persons)
        install(fresh, folder, whole="study")


def check_writable(folder: Path) -> None:
    """Find out before the training, not after it, that the results cannot be written.

    Raises  OSError if the folder cannot be made or written, or Excel keeps an old result open
    """
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    with tempfile.TemporaryFile(dir=there):
        pass
    for name in ("report.html", "results.xlsx", "result.json"):
        if (folder / name).exists():
            with (folder / name).open("r+b"):
                pass


def render(
    summary: Summary,
    predictions: list[pd.DataFrame],
    folder: Path,
    *,
    lang: str,
    show_persons: bool = False,
) -> None:
    """Report, workbook and result.json from the summary alone; no refit.

    show_persons  write the names of operators and inspectors as they are
    """
    if not show_persons:
        summary, predictions = without_persons(summary, predictions, words(lang))
    write_page(summary, folder / "report.html", lang)
    write_workbook(summary, predictions, folder / "results.xlsx", lang)
    write_result(summary, folder / "result.json")


def study_files(study: Study, summary: Summary, predictions: list[pd.DataFrame]) -> dict[str, bytes]:
    """Relative path -> content of every file of the study folder, the manifest last."""
    files: dict[str, bytes] = {"summary.json": dump_json(summary.to_json())}
    units = {column.name: column.unit for column in study.table.columns}
    targets = []
    for number, (target, frame) in enumerate(zip(study.targets, predictions, strict=True), start=1):
        where = f"targets/{target_folder(number, target.dataset.target)}"
        files[f"{where}/predictions.csv"] = frame.to_csv(index=False).encode("utf-8-sig")
        models = {}
        for key, model in target.final.items():
            models[key] = model_files(model, f"{where}/{key}", files)
        entry = {**describe_target(target, units), "folder": where, "models": models}
        if target.alarms is not None:
            entry["alarm"] = alarm_entry(target.alarms.alarm, f"{where}/alarm", files)
        if target.advice is not None:
            entry["similar"] = memory_entry(target, target.advice, f"{where}/similar", files)
        targets.append(entry)
    past = RunHistory.of(study)
    files[PAST] = past.text().encode("utf-8-sig")
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "name": study.name,
        "versions": dict(study.versions),
        "source_sha256": study.source.sha256,
        "layout": asdict(study.layout),
        "derive": [asdict(made) for made in study.derive],
        "targets": targets,
        "past": past.settings(),
        "sha256": {path: hashlib.sha256(content).hexdigest() for path, content in files.items()},
    }
    files["manifest.json"] = dump_json(manifest)
    return files


def alarm_entry(alarm: Alarm, stem: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Add the alarm's detectors; a jury that serves twice is kept once, under its first name."""
    kept: dict[int, str] = {}
    juries: dict[str, Any] = {}
    for name, jury in alarm.juries.items():
        first = kept.setdefault(id(jury.members), name)
        juries[name] = (
            first
            if first != name
            else [
                model_files(one, f"{stem}-{name}-{k}", files) for k, one in enumerate(jury.members, start=1)
            ]
        )
    return {**alarm.settings(), "juries": juries}


def dump_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()


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


def model_files(model: Model | Detector | PastRows, stem: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Add a model's files; returns the manifest entry that brings it back."""
    state = model.state()
    files[f"{stem}.settings.json"] = dump_json(state.settings)
    entry: dict[str, Any] = {"class": type(model).__name__, "settings": f"{stem}.settings.json"}
    if state.arrays:
        arrays = {name: np.asarray(array, order="C") for name, array in state.arrays.items()}
        entry["arrays"] = f"{stem}.safetensors"
        files[entry["arrays"]] = dump_arrays(arrays)
    entry["texts"] = {name: f"{stem}.{name}.txt" for name in state.texts}
    files |= {entry["texts"][name]: text.encode() for name, text in state.texts.items()}
    entry["blobs"] = {name: f"{stem}.{name}.treelite" for name in state.blobs}
    files |= {entry["blobs"][name]: blob for name, blob in state.blobs.items()}
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


def read_checked(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the content of every file it lists, checksums proved.

    Raises  BundleError: no study there, another schema version, a missing or altered file
    """
    complete(folder, whole="study")
    root = folder / "study"
    place = Place(file=str(folder))
    try:
        manifest = json.loads((root / "manifest.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise BundleError(
            "There is no saved study here.", place=place, remedy="Give the folder that 'tabcouce fit' wrote."
        ) from error
    except ValueError as error:
        raise BundleError(
            "The study's manifest is damaged.", place=place, remedy="Run 'tabcouce fit' again."
        ) from error
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise BundleError(
            f"The study has schema version {manifest.get('schema_version')}, not {SCHEMA_VERSION}.",
            place=place,
            remedy="Run 'tabcouce fit' again with this version.",
        )
    contents = {}
    for relative, checksum in manifest["sha256"].items():
        path = (root / relative).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            raise BundleError(
                f"The study lacks the file '{relative}'.", place=place, remedy="Run 'tabcouce fit' again."
            )
        contents[relative] = path.read_bytes()
        if hashlib.sha256(contents[relative]).hexdigest() != checksum:
            raise BundleError(
                f"The file '{relative}' was altered or cut off after it was saved.",
                place=place,
                remedy="Run 'tabcouce fit' again, or copy the whole study folder anew.",
            )
    return manifest, contents


def load_summary(folder: Path) -> tuple[Summary, list[pd.DataFrame]]:
    """What `render` needs of a saved study."""
    manifest, contents = read_checked(folder)
    summary = Summary.from_json(json.loads(contents["summary.json"]))
    frames = [
        pd.read_csv(StringIO(contents[f"{t['folder']}/predictions.csv"].decode("utf-8-sig")))
        for t in manifest["targets"]
    ]
    return summary, frames


def load_study(folder: Path) -> SavedStudy:
    """Open a saved study for prediction; every file is proved by its checksum first."""
    manifest, contents = read_checked(folder)
    return SavedStudy(
        name=manifest["name"],
        layout=restore(Layout, manifest["layout"]),
        derive=tuple(restore(Derived, made) for made in manifest["derive"]),
        targets=tuple(restore_target(entry, contents) for entry in manifest["targets"]),
        source_sha256=manifest.get("source_sha256", ""),
        past=None
        if "past" not in manifest
        else RunHistory.from_text(contents[PAST].decode("utf-8-sig"), manifest["past"]),
    )


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


def restore_alarm(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> Alarm:
    juries: dict[str, Jury] = {}
    for name, kept in entry["juries"].items():
        juries[name] = (
            juries[kept]
            if isinstance(kept, str)
            else Jury(tuple(DETECTORS[one["class"]].from_state(restore_state(one, contents)) for one in kept))
        )
    return Alarm.from_settings(entry, juries)


def restore_model(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> Model:
    model: Model = MODELS[entry["class"]].from_state(restore_state(entry, contents))
    return model


def restore_state(entry: Mapping[str, Any], contents: Mapping[str, bytes]) -> State:
    return State(
        settings=json.loads(contents[entry["settings"]]),
        arrays=load_arrays(contents[entry["arrays"]]) if "arrays" in entry else {},
        texts={name: contents[path].decode() for name, path in entry["texts"].items()},
        blobs={name: contents[path] for name, path in entry["blobs"].items()},
    )
