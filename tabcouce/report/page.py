"""`Summary` -> one offline HTML file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from markupsafe import Markup

from tabcouce.report.atomic import write_bytes
from tabcouce.report.catalogue import Words, words
from tabcouce.report.digits import percent, significant
from tabcouce.report.finding_text import warning_text
from tabcouce.report.naming import cap_text, long_split, sentences, unit_beside, unit_suffix
from tabcouce.report.script import chart_library
from tabcouce.report.summary import Summary, Target, TargetSummary
from tabcouce.report.tables import overview_table
from tabcouce.report.target_view import target_view
from tabcouce.report.templating import templates

LISTED = 40
"""Names of columns that are listed per role before 'and n more'."""
GLOSSARY = (
    "r2", "rmse", "auc", "context", "shuffled", "unseen", "shots", "interval", "conformal", "outside",
    "strength", "adjusted", "contribution", "ale", "kernel", "couce", "system", "capability", "saved",
)  # fmt: skip


def write_page(summary: Summary, path: Path, lang: str = "en") -> Path:
    """Write the report; the file needs no network and is replaced in one step.

    lang     'en' or 'ja'
    Returns  path
    """
    return write_bytes(path, render_page(summary, lang).encode())


def render_page(summary: Summary, lang: str) -> str:
    """The HTML text; names from the user's file are escaped everywhere."""
    w = words(lang)
    # The bundler works outside of Python for more than a second: the charts are made meanwhile.
    with ThreadPoolExecutor(1) as aside:
        library = aside.submit(chart_library)
        page: str = (
            templates()
            .get_template("report.html.j2")
            .render(
                w=w,
                lang=lang,
                summary=summary,
                targets=[target_view(target, k + 1, w) for k, target in enumerate(summary.targets)],
                overview=overview_table(summary.targets, w) if len(summary.targets) > 1 else None,
                settings=[_settings(summary, target, w) for target in summary.targets],
                columns=[
                    (w.label("kind", kind), len(names), w.listing(list(names), LISTED))
                    for kind, names in summary.columns.items()
                ],
                source=_source(summary, w),
                glossary=[(w(f"glossary.{key}"), w(f"glossary.{key}_text")) for key in GLOSSARY],
                library=Markup(library.result()),  # our own bundle, checked not to end its tag
                unit=lambda about: unit_suffix(_unnamed_unit(about), w),
                cap=lambda cap: cap_text(cap, w),
                split_name=lambda key: long_split(key, w),
            )
        )
    return page


def _source(summary: Summary, w: Words) -> str:
    """File, sheet, rows and every target; the units stand here only where there is one target."""
    targets = [target.target for target in summary.targets]
    names = [w("list.quoted", name=about.name) for about in targets]
    if len(targets) == 1:
        names[0] += unit_suffix(_unnamed_unit(targets[0]), w)
    told = {
        "file": summary.source.file,
        "rows": _rows(summary, w),
        "targets": w(
            "page.source_target" if len(names) == 1 else "page.source_targets", names=w.listing(names)
        ),
    }
    sheet = summary.source.sheet
    return w("page.source_sheet", sheet=sheet, **told) if sheet else w("page.source", **told)


def _rows(summary: Summary, w: Words) -> str:
    """'480', or '3,000 of 36,733' where rows had no target or models were compared on fewer."""
    used, there = summary.targets[0].rows, summary.rows
    return f"{used:,}" if used == there else w("page.rows_of", rows=f"{used:,}", all=f"{there:,}")


def _unnamed_unit(about: Target) -> str | None:
    """The target's unit; None where its name says it already."""
    return unit_beside(about.name, about.unit)


def _settings(summary: Summary, target: TargetSummary, w: Words) -> list[tuple[str, str]]:
    """Name and value of everything one needs to run the study again."""
    source = summary.source
    contexts = [
        w("checked.context_levels", name=name, levels=levels) for name, levels in target.contexts.items()
    ]
    seconds = {**summary.seconds, **target.seconds}
    shown = [
        (w("checked.file"), source.file),
        (w("checked.sheet"), source.sheet),
        (w("checked.encoding"), source.encoding),
        (w("checked.hash"), source.sha256),
        (w("checked.roles"), w.label("origin", summary.roles_origin)),
        (w("checked.inputs"), w("checked.inputs_value", inputs=target.inputs)),
        (w("checked.contexts"), w.listing(contexts) if contexts else w("list.none")),
        (w("checked.effort"), w.label("effort", summary.effort)),
        (w("checked.seed"), str(summary.seed)),
        (
            w("checked.outside"),
            None
            if target.outside_rate is None
            else w("checked.outside_value", percent=percent(target.outside_rate)),
        ),
        (
            w("checked.far"),
            None
            if target.far is None or target.far.false_alarms is None
            else w("checked.outside_value", percent=percent(target.far.false_alarms)),
        ),
        (
            w("checked.time"),
            w.listing(
                [
                    w("checked.seconds", stage=w.label("stage", k), seconds=significant(v, 2))
                    if v >= 0.1
                    else w("checked.less_than", stage=w.label("stage", k))
                    for k, v in seconds.items()
                ],
                20,
            ),
        ),
        (w("checked.versions"), w.listing([f"{k} {v}" for k, v in summary.versions.items()], 30)),
        (
            w("checked.role_warnings"),
            sentences(w, *(warning_text(text, target.findings, w) for text in summary.role_warnings)),
        ),
    ]
    return [(name, value) for name, value in shown if value]
