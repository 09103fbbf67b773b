"""`Comparison` -> tables, plain lines for the terminal and one offline HTML file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tabcouce.checks.finding import Finding
from tabcouce.evaluation.trial import Score
from tabcouce.report.atomic import write_bytes
from tabcouce.report.catalogue import Words, words
from tabcouce.report.comparison import Change, Comparison, FactorChange, ScoreChange, TargetComparison
from tabcouce.report.digits import gain, percent, score
from tabcouce.report.finding_text import finding_text
from tabcouce.report.naming import long_split
from tabcouce.report.table_view import Cell, TableView, empty_cell, number_cell
from tabcouce.report.templating import templates


def write_comparison(comparison: Comparison, path: Path, lang: str = "en") -> Path:
    """Write the page; it needs no network and is replaced in one step. Returns path."""
    return write_bytes(path, render_comparison(comparison, lang).encode())


def render_comparison(comparison: Comparison, lang: str) -> str:
    """The HTML text; names from the users' files are escaped everywhere."""
    w = words(lang)
    return (
        templates()
        .get_template("comparison.html.j2")
        .render(
            w=w,
            lang=lang,
            comparison=comparison,
            setup=setup_table(comparison, w),
            targets=[
                (target, verdict_change(target, w), target_tables(target, comparison, w))
                for target in comparison.targets
            ],
        )
    )


def comparison_lines(comparison: Comparison, lang: str) -> Iterable[str]:
    """What changed, for a terminal: the verdicts and the deciding scores that moved."""
    w = words(lang)
    yield w("compare.title", first=comparison.first, second=comparison.second)
    for change in (*comparison.setup, *comparison.columns):
        yield "  " + w(
            "compare.line",
            what=w.label("compare_setup", change.what),
            first=change.first or w("list.none"),
            second=change.second or w("list.none"),
        )
    for target in comparison.targets:
        yield target.name
        yield "  " + verdict_change(target, w)
        for row in target.scores:
            if row.mode == "blind" and row.first and row.second:
                yield "  " + _score_line(row, target, w)


def _score_line(row: ScoreChange, target: TargetComparison, w: Words) -> str:
    assert row.first is not None and row.second is not None
    return w(
        "compare.score_line",
        split=long_split(row.split, w),
        model=w.label("model", row.model),
        metric=w.label("metric_plain", target.metric),
        first=score(row.first.value),
        second=score(row.second.value),
        reading=w(f"compare.{_reading(row)}"),
    )


def verdict_change(target: TargetComparison, w: Words) -> str:
    """One sentence: the same verdict, or from which to which."""

    def told(outcome: str | None, model: str | None) -> str:
        return f"{w.label('outcome', outcome or '')} ({w.label('model', model or '')})"

    first = told(target.outcome.first, target.recommended.first)
    second = told(target.outcome.second, target.recommended.second)
    if first == second:
        return w("compare.same_verdict", verdict=first)
    return w("compare.new_verdict", first=first, second=second)


def setup_table(comparison: Comparison, w: Words) -> TableView | None:
    """Differences of file, settings and roles; None where there are none."""
    rows = [
        *((w.label("compare_setup", change.what), change) for change in comparison.setup),
        *((change.what, _kinds(change, w)) for change in comparison.columns),
    ]
    if not rows:
        return None
    heads = _heads(comparison, w("compare.what"), numbers=False)
    none = w("list.none")
    cells = tuple(
        (Cell(name, name=True), Cell(change.first or none), Cell(change.second or none))
        for name, change in rows
    )
    return TableView(w("compare.setup"), heads, cells)


def _kinds(change: Change, w: Words) -> Change:
    first, second = (
        None if kind is None else w.label("kind", kind) for kind in (change.first, change.second)
    )
    return Change(change.what, first, second)


def _heads(comparison: Comparison, *first: str, numbers: bool = True) -> tuple[tuple[str, bool, bool], ...]:
    names = (comparison.first, comparison.second)
    return (*((text, False, False) for text in first), *((name, numbers, False) for name in names))


def target_tables(target: TargetComparison, comparison: Comparison, w: Words) -> tuple[TableView, ...]:
    """Scores, factors and warnings of one target."""
    scores = TableView(
        w("compare.scores", metric=w.label("metric", target.metric)),
        (
            *_heads(comparison, w("chart.split"), w("table.model")),
            (w("compare.change"), True, False),
            (w("table.reading"), False, False),
        ),
        tuple(_score_row(row, w) for row in target.scores),
    )
    factors = TableView(
        w("compare.factors"),
        _heads(comparison, w("table.factor")),
        tuple(_factor_row(row, w) for row in target.factors),
    )
    warnings = TableView(
        w("compare.warnings"),
        ((w("compare.what"), False, False), (w("page.warnings"), False, False)),
        (
            *(_warning_row("appeared", finding, w) for finding in target.appeared),
            *(_warning_row("gone", finding, w) for finding in target.gone),
        ),
    )
    return tuple(table for table in (scores, factors, warnings) if table.rows)


def _score_row(row: ScoreChange, w: Words) -> tuple[Cell, ...]:
    name = w.label("model", row.model)
    model = name if row.mode == "blind" else f"{name} ({w.label('mode', row.mode)})"
    both = row.first is not None and row.second is not None
    change = _difference(row.first, row.second)
    reading = _reading(row)
    return (
        Cell(long_split(row.split, w)),
        Cell(model),
        _place(row.first, w),
        _place(row.second, w),
        number_cell(gain(change)) if both else empty_cell(w("reason.not_run")),
        Cell(w(f"compare.{reading}"), mark={"better": "good", "worse": "bad"}.get(reading, "plain")),
    )


def _difference(first: Score | None, second: Score | None) -> float | None:
    if first is None or second is None or first.value is None or second.value is None:
        return None
    return second.value - first.value


def _reading(row: ScoreChange) -> str:
    """'better' or 'worse' only where the intervals lie apart; 'unclear' where they overlap."""
    if row.clear is None:
        return "untold"
    if not row.clear:
        return "unclear"
    return "better" if (_difference(row.first, row.second) or 0.0) > 0 else "worse"


def _place(found: Score | None, w: Words) -> Cell:
    if found is None:
        return empty_cell(w("reason.not_run"))
    small = "" if found.low is None or found.high is None else f"{score(found.low)} … {score(found.high)}"
    return number_cell(score(found.value), small=small)


def _factor_row(row: FactorChange, w: Words) -> tuple[Cell, ...]:
    def place(number: int | None, share: float | None) -> Cell:
        if number is None:
            return empty_cell(w("compare.not_an_input"))
        return number_cell(f"{number}", small=w("unit.percent", percent=percent(share)))

    return (
        Cell(row.name, name=True),
        place(row.first_place, row.first_share),
        place(row.second_place, row.second_share),
    )


def _warning_row(key: str, finding: Finding, w: Words) -> tuple[Cell, ...]:
    return (Cell(w(f"compare.{key}")), Cell(finding_text(finding, w).what))
