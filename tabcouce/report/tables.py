"""Rows of the tables of scores, differences, contexts and splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

from tabcouce.evaluation.trial import Difference
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import gain
from tabcouce.report.naming import comparison, context_name, long_split, natural_order, unit_suffix
from tabcouce.report.summary import SplitProof, TargetSummary
from tabcouce.report.table_view import EMPTY, Cell, TableView, empty_cell, number_cell, score_cell
from tabcouce.report.verdict_text import best_model, shown_outcome, unseen

CONTEXT_ROWS = 60


def overview_table(targets: Sequence[TargetSummary], w: Words) -> TableView:
    """With several targets: the verdict of each in one row, with the way to its part."""
    heads = (
        (w("book.target"), False, False),
        (w("page.verdict"), False, False),
        (w("table.model"), False, False),
        (w("tile.honest"), True, True),
        (w("table.held_out"), False, False),
    )
    marks = {"do_not_predict": "bad", "undecided": "open", "weak": "open", "care": "open", "blocked": "bad"}
    rows = []
    for k, target in enumerate(targets, 1):
        verdict = target.verdict
        none = verdict.outcome == "do_not_predict"
        shown = shown_outcome(target)
        symbol = w.label("metric_symbol", target.metric)
        found = score_cell(target.score(target.headline, best_model(target), target.metric), w, strong=True)
        rows.append(
            (
                Cell(target.target.name, name=True, link=f"t{k}-verdict"),
                Cell(w.label("outcome", shown), mark=marks.get(shown, "good")),
                Cell(EMPTY if none else w.label("model", verdict.recommended)),
                found if found.reason else replace(found, text=f"{symbol} {found.text}"),
                Cell(long_split(target.headline, w)),
            )
        )
    return TableView(w("page.several", n=len(targets)), heads, tuple(rows))


def model_table(target: TargetSummary, w: Words) -> TableView:
    """One row per model (and mode), one score column per split, error and cost beside them."""
    metric = w.label("metric", target.metric)
    keys = [proof.key for proof in target.splits]
    heads = [(w("table.model"), False, False)]
    heads += [(long_split(key, w), True, key == target.headline) for key in keys]
    if target.is_regression:
        heads.append((w("table.error", unit=unit_suffix(target.target.unit, w)), True, False))
    else:
        heads.append((w.label("metric", target.error_metric), True, False))
    heads += [(w("table.seconds"), True, False), (w("table.rows_used"), True, False)]
    heads.append((w("table.notes"), False, False))
    runs = [scores for scores in target.scores if scores.split == target.headline]
    # A column that says the same of every model only takes the room of those that do not.
    shown = [True] * (len(heads) - 2) + [
        len({run.rows_used for run in runs}) > 1,
        any(run.notes for run in runs),
    ]
    rows = []
    for model in target.models:
        rows += [_model_row(target, model, mode, keys, w) for mode in target.modes(model) or ("blind",)]
    return TableView(
        w("table.models", metric=metric),
        tuple(compress(heads, shown)),
        tuple(tuple(compress(row, shown)) for row in rows),
    )


def helped_table(target: TargetSummary, w: Words) -> TableView | None:
    """Headline scores with rows of the held-out context at hand, one column per mode; None without any.

    A table of its own: blind predictions know nothing of the context, so the two are no rivals.
    """
    modes = target.helped_modes
    if not modes:
        return None
    heads = [(w("table.model"), False, False), *((w.label("mode", mode), True, False) for mode in modes)]
    rows = [
        (
            Cell(w.label("model", model)),
            *(score_cell(target.score(target.headline, model, target.metric, mode), w) for mode in modes),
        )
        for model in target.models
    ]
    title = w("table.helped", metric=w.label("metric", target.metric), unseen=unseen(target, w))
    return TableView(title, tuple(heads), tuple(rows))


def _model_row(target: TargetSummary, model: str, mode: str, keys: list[str], w: Words) -> tuple[Cell, ...]:
    """One model in one mode; a row whose runs knew the test rows' contexts says so."""
    blind = mode == "blind"
    chosen = model == target.verdict.recommended and blind
    cells = [Cell(w.label("model", model), small="" if blind else w.label("mode", mode), strong=chosen)]
    for key in keys:
        run = target.of(key, model, mode)
        if run is None and mode == "known" and target.of(key, model) is not None:
            cells.append(empty_cell(w("reason.cannot_be_known")))
        else:
            found = None if run is None else run.metrics.get(target.metric)
            cells.append(score_cell(found, w, strong=key == target.headline))
    run = target.of(target.headline, model, mode)
    if run is None:
        reason = "reason.not_run" if blind else "reason.cannot_be_known"
        return (*cells, *(empty_cell(w(reason)),) * 3, Cell(""))
    cells.append(score_cell(run.metrics.get(target.error_metric), w, unit=target.is_regression))
    cells.append(number_cell(f"{run.fit_seconds:,.1f}" if run.fit_seconds >= 0.05 else "<0.1"))
    cells.append(number_cell(f"{run.rows_used:,}"))
    inside = [w.label("inside", note) for note in run.notes]
    return (*cells, Cell(w.listing(inside, 3) if inside else ""))


def reading(difference: Difference) -> str:
    """'better', 'slightly', 'open' or 'worse', from the intervals alone."""
    if difference.low is not None and difference.low > 0:
        return "better"
    if difference.high is not None and difference.high < 0:
        return "worse"
    if difference.low68 is not None and difference.low68 > 0:
        return "slightly"
    return "open"


def difference_table(target: TargetSummary, w: Words) -> TableView:
    """Every comparison that the rule made, with what it reads as."""
    metric = w.label("metric", target.metric)
    heads = (
        (w("table.comparison"), False, False),
        (w("table.gain", metric=metric), True, False),
        (w("table.interval95"), True, False),
        (w("table.interval68"), True, False),
        (w("table.units"), True, False),
        (w("table.worst_block" if target.by_blocks else "table.worst"), True, False),
        (w("table.reading"), False, False),
    )
    marks = {"better": "good", "slightly": "good", "open": "open", "worse": "bad"}
    rows = []
    for made in target.verdict.differences:
        word = reading(made)
        rows.append(
            (
                Cell(comparison(made, w)),
                number_cell(gain(made.gain), strong=True),
                _span(made.low, made.high, w),
                _span(made.low68, made.high68, w),
                number_cell(str(made.units)),
                empty_cell(w("reason.undefined"))
                if made.worst is None
                else number_cell(gain(made.worst), small=context_name(target, made.worst_unit or "")),
                Cell(w.label("reading", word), mark=marks[word]),
            )
        )
    caption = "table.differences_blocks" if target.by_blocks else "table.differences"
    return TableView(w(caption, metric=metric), heads, tuple(rows))


def _span(low: float | None, high: float | None, w: Words) -> Cell:
    if low is None or high is None:
        return empty_cell(w("reason.no_interval"))
    return number_cell(f"{gain(low)} … {gain(high)}")


def context_table(target: TargetSummary, w: Words) -> TableView:
    """The chosen model on each held-out context, every score it has there."""
    model = best_model(target)
    scores = target.of(target.headline, model)
    per_context = {} if scores is None else dict(scores.per_context)
    known = [metrics for metrics in per_context.values() if metrics]
    keys = list(dict.fromkeys(key for metrics in known for key in metrics))[:4]
    heads = [(w("table.context"), False, False), (w("table.n"), True, False)]
    heads += [(_metric_head(target, key, w), True, False) for key in keys]
    rows = tuple(
        (
            Cell(unit, name=True),
            number_cell(f"{max((found.n for found in metrics.values()), default=0):,}"),
            *(score_cell(metrics.get(key), w, unit=key in ("rmse", "mae", "log_loss")) for key in keys),
        )
        for unit, metrics in sorted(per_context.items(), key=lambda item: natural_order(item[0]))[
            :CONTEXT_ROWS
        ]
    )
    caption = w("table.contexts", model=w.label("model", model), unseen=unseen(target, w))
    return TableView(caption, tuple(heads), rows)


def _metric_head(target: TargetSummary, key: str, w: Words) -> str:
    suffix = unit_suffix(target.target.unit, w) if key in ("rmse", "mae") else ""
    return w.label("metric", key) + suffix


def split_table(target: TargetSummary, w: Words) -> TableView:
    """How rows were held out, and how many ended up on both sides (none may)."""
    heads = (
        (w("table.split"), False, False),
        (w("table.folds"), True, False),
        (w("table.units"), True, False),
        (w("table.tested"), True, False),
        (w("table.shared_rows"), True, False),
        (w("table.shared_labels"), True, False),
    )
    rows = tuple(_split_row(proof, target, w) for proof in target.splits)
    return TableView(w("table.splits"), heads, rows)


def _split_row(proof: SplitProof, target: TargetSummary, w: Words) -> tuple[Cell, ...]:
    decides = proof.key == target.headline
    return (
        Cell(long_split(proof.key, w), small=w("checked.headline") if decides else "", strong=decides),
        number_cell(str(proof.folds)),
        number_cell(f"{proof.units:,}"),
        number_cell(f"{proof.tested:,}"),
        number_cell(str(proof.shared_rows)),
        number_cell(str(proof.shared_labels), small=w("checked.rows_apart") if proof.by_rows else ""),
    )
