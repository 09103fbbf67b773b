"""Rows of the page's tables as text; a cell that is empty says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

from tabcouce.evaluation.trial import Difference, Score
from tabcouce.explanation.factor import Factor
from tabcouce.report.captions import comparison, direction_word, long_split, unit_suffix
from tabcouce.report.catalogue import Words
from tabcouce.report.digits import gain, percent, score, significant
from tabcouce.report.summary import SplitProof, TargetSummary
from tabcouce.report.verdict_text import best_model, shown_outcome, unseen

EMPTY = "–"
FACTOR_ROWS = 15
CONTEXT_ROWS = 60
SEPARABLE = 0.1
"""Below this share of variance within contexts a factor cannot be told from the context."""


@dataclass(frozen=True)
class Cell:
    """One table cell.

    small   second line, such as an interval
    reason  why there is no number; shown on hover and read aloud
    bar     length of a bar behind the number, share of the cell
    mark    style of a chip around the text, e.g. 'good', 'bad', 'open'
    link    place on the page that the text leads to
    name    text of the user's file: may be broken anywhere
    """

    text: str
    number: bool = False
    small: str = ""
    reason: str = ""
    strong: bool = False
    bar: float | None = None
    mark: str = ""
    name: bool = False
    link: str = ""


@dataclass(frozen=True)
class TableView:
    """caption, heads (text, is it a column of numbers, is it the deciding one), rows."""

    caption: str
    heads: tuple[tuple[str, bool, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]


def _number(text: str, *, small: str = "", strong: bool = False, bar: float | None = None) -> Cell:
    return Cell(text.replace("-", "−"), True, small.replace("-", "−"), strong=strong, bar=bar)


def _empty(reason: str) -> Cell:
    return Cell(EMPTY, True, reason=reason)


def _score_cell(found: Score | None, w: Words, *, unit: bool = False, strong: bool = False) -> Cell:
    if found is None:
        return _empty(w("reason.not_run"))
    if found.value is None:
        return _empty(w("reason.undefined"))
    write = significant if unit else score
    small = ""
    if found.low is not None and found.high is not None:
        small = f"{write(found.low)} … {write(found.high)}"
    return _number(write(found.value), small=small, strong=strong)


def overview_table(targets: Sequence[TargetSummary], w: Words) -> TableView:
    """With several targets: the verdict of each in one row, with the way to its part."""
    heads = (
        (w("book.target"), False, False),
        (w("page.verdict"), False, False),
        (w("table.model"), False, False),
        (w("tile.honest"), True, True),
        (w("table.held_out"), False, False),
    )
    marks = {"do_not_predict": "bad", "undecided": "open", "weak": "open", "blocked": "bad"}
    rows = []
    for k, target in enumerate(targets, 1):
        verdict = target.verdict
        none = verdict.outcome == "do_not_predict"
        shown = shown_outcome(target)
        symbol = w.label("metric_symbol", target.metric)
        found = _score_cell(target.score(target.headline, best_model(target), target.metric), w, strong=True)
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


def _model_row(target: TargetSummary, model: str, mode: str, keys: list[str], w: Words) -> tuple[Cell, ...]:
    """One model in one mode; a row whose runs knew the test rows' contexts says so."""
    blind = mode == "blind"
    chosen = model == target.verdict.recommended and blind
    cells = [Cell(w.label("model", model), small="" if blind else w.label("mode", mode), strong=chosen)]
    for key in keys:
        run = target.of(key, model, mode)
        if run is None and mode == "known" and target.of(key, model) is not None:
            cells.append(_empty(w("reason.cannot_be_known")))
        else:
            found = None if run is None else run.metrics.get(target.metric)
            cells.append(_score_cell(found, w, strong=key == target.headline))
    run = target.of(target.headline, model, mode)
    if run is None:
        reason = "reason.not_run" if blind else "reason.cannot_be_known"
        return (*cells, *(_empty(w(reason)),) * 3, Cell(""))
    cells.append(_score_cell(run.metrics.get(target.error_metric), w, unit=target.is_regression))
    cells.append(_number(f"{run.fit_seconds:,.1f}" if run.fit_seconds >= 0.05 else "<0.1"))
    cells.append(_number(f"{run.rows_used:,}"))
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
                _number(gain(made.gain), strong=True),
                _span(made.low, made.high, w),
                _span(made.low68, made.high68, w),
                _number(str(made.units)),
                _empty(w("reason.undefined"))
                if made.worst is None
                else _number(gain(made.worst), small=made.worst_unit or ""),
                Cell(w.label("reading", word), mark=marks[word]),
            )
        )
    caption = "table.differences_blocks" if target.by_blocks else "table.differences"
    return TableView(w(caption, metric=metric), heads, tuple(rows))


def _span(low: float | None, high: float | None, w: Words) -> Cell:
    if low is None or high is None:
        return _empty(w("reason.no_interval"))
    return _number(f"{gain(low)} … {gain(high)}")


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
            _number(f"{max((found.n for found in metrics.values()), default=0):,}"),
            *(_score_cell(metrics.get(key), w, unit=key in ("rmse", "mae", "log_loss")) for key in keys),
        )
        for unit, metrics in list(per_context.items())[:CONTEXT_ROWS]
    )
    caption = w("table.contexts", model=w.label("model", model), unseen=unseen(target, w))
    return TableView(caption, tuple(heads), rows)


def _metric_head(target: TargetSummary, key: str, w: Words) -> str:
    suffix = unit_suffix(target.target.unit, w) if key in ("rmse", "mae") else ""
    return w.label("metric", key) + suffix


def factor_table(target: TargetSummary, model: str, w: Words) -> TableView:
    """The most important factors: size, direction, agreement with what was expected."""
    factors = target.factors_of(model)[:FACTOR_ROWS]
    other = {factor.name: factor for factor in target.factors_of("lightgbm")} if model != "lightgbm" else {}
    unit = unit_suffix(target.target.unit if target.is_regression else None, w)
    heads = [
        (w("table.rank"), True, False),
        (w("table.factor"), False, False),
        (w("table.importance", unit=unit), True, False),
        (w("table.share"), True, False),
    ]
    if other:
        heads.append((w("table.share_lightgbm"), True, False))
    heads += [
        (w("table.direction"), False, False),
        (w("table.expected"), False, False),
        (w("table.agreement"), False, False),
        (w("table.permutation", metric=w.label("metric_symbol", target.metric)), True, False),
        (w("table.within"), True, False),
    ]
    top = max((factor.share for factor in factors), default=1.0) or 1.0
    rows = [_factor_row(k, factor, other, top, w) for k, factor in enumerate(factors, 1)]
    if target.by_blocks:  # blocks of rows are no contexts: what varies within them says nothing
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return TableView(w("table.factors", model=w.label("model", model)), tuple(heads), tuple(rows))


def _factor_row(
    rank: int, factor: Factor, other: dict[str, Factor], top: float, w: Words
) -> tuple[Cell, ...]:
    marks = {"agrees": "good", "opposite": "bad", "unclear": "open", "not_reviewed": "plain"}
    cells = [
        _number(str(rank)),
        Cell(
            factor.name,
            small=factor.unit if factor.unit and factor.unit not in factor.name else "",
            name=True,
        ),
        _number(significant(factor.importance), small=f"± {significant(factor.spread, 2)}"),
        _number(f"{percent(factor.share)} %", bar=factor.share / top),
    ]
    if other:
        beside = other.get(factor.name)
        cells.append(_number(f"{percent(beside.share)} %") if beside else _empty(w("reason.not_measured")))
    arrow = w.label("arrow", factor.direction) if f"arrow.{factor.direction}" in w.messages else ""
    within = factor.varies_within_context
    return (
        *cells,
        Cell(f"{arrow} {direction_word(factor, w)}".strip(), mark="word"),
        Cell(w.label("expected", factor.expected), mark="muted" if factor.expected == "unknown" else "word"),
        Cell(w.label("agreement", factor.agreement), mark=marks.get(factor.agreement, "plain")),
        _loss_cell(factor.permutation, w),
        _empty(w("reason.not_measured"))
        if within is None
        else Cell(
            f"{percent(within)} %",
            True,
            reason=w("reason.inseparable") if within < SEPARABLE else "",
            mark="bad" if within < SEPARABLE else "",
        ),
    )


def _loss_cell(found: Score | None, w: Words) -> Cell:
    """Loss of the primary score: three decimals, since small losses are the interesting ones."""
    if found is None or found.value is None:
        return _empty(w("reason.not_measured"))
    value, low, high = (
        "" if each is None else f"{each:.3f}".replace("-0.000", "0.000")
        for each in (found.value, found.low, found.high)
    )
    return _number(value, small=f"{low} … {high}" if low and high else "")


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
        _number(str(proof.folds)),
        _number(f"{proof.units:,}"),
        _number(f"{proof.tested:,}"),
        _number(str(proof.shared_rows)),
        _number(str(proof.shared_labels), small=w("checked.rows_apart") if proof.by_rows else ""),
    )
