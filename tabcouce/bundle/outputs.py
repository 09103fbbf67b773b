"""Everything a study writes, all of it or nothing: report, workbook, result.json and the study folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tabcouce.bundle.study_folder import study_files
from tabcouce.report import Summary, predictions_frame, write_page, write_result, write_workbook
from tabcouce.report.atomic import install
from tabcouce.report.catalogue import words
from tabcouce.report.persons import without_persons
from tabcouce.study import Study


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
