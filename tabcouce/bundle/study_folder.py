"""The study folder: a manifest, the checksum of every file it lists, and what they hold."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from tabcouce.bundle.model_files import dump_json
from tabcouce.bundle.target_entry import restore_target, target_entry
from tabcouce.errors import BundleError, Place
from tabcouce.read.table import Layout
from tabcouce.report import Summary
from tabcouce.report.atomic import complete
from tabcouce.report.plain import restore
from tabcouce.report.result import target_folder
from tabcouce.roles.declaration import Derived
from tabcouce.study import Study
from tabcouce.study.run_history import RunHistory
from tabcouce.study.saved import SavedStudy

SCHEMA_VERSION = 1
PAST = "past.csv"
"""Rows of the training file, which `suggest` starts from; they stay in the study folder."""


def study_files(study: Study, summary: Summary, predictions: list[pd.DataFrame]) -> dict[str, bytes]:
    """Relative path -> content of every file of the study folder, the manifest last."""
    files: dict[str, bytes] = {"summary.json": dump_json(summary.to_json())}
    units = {column.name: column.unit for column in study.table.columns}
    targets = []
    for number, (target, frame) in enumerate(zip(study.targets, predictions, strict=True), start=1):
        where = f"targets/{target_folder(number, target.dataset.target)}"
        files[f"{where}/predictions.csv"] = frame.to_csv(index=False).encode("utf-8-sig")
        targets.append(target_entry(target, units, where, files))
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
