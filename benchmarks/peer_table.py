"""Our models and outside ones on the same folds of every table of a folder: one table, never refitting peers.

    python benchmarks/peer_table.py ../shared/data [--own cached] [--only SET ...]
    python benchmarks/peer_table.py ../shared/data --bagged --only SET ...

Outside models come from the cache that benchmarks/run_peers.py fills; what is not there is named as
missing. Our panel is run where the cache lacks its commit (--own run), or taken as it is (--own cached).
Every model sees the same thinned rows, folds and input columns, blind: no context column is an input.
Shots: each held-out context gives the same labelled rows to every model (five, at most half of its
rows), none of which is scored. Outside models get an offset shrunken by what contexts differ
(peers/shots.py), ours use the labels as the product does. Modes are never mixed in one table.
--bagged: outside models as bags of eight, our encoder with eight members, the rest of our panel as it is.
Writes benchmarks/results/peer_table.json (peer_bags.json) and .md, and prints the latter.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import record
from peers.answers import Answers, Source
from peers.benchmark_set import FOLDS, ROWS, BenchmarkSet, read_sets
from peers.cache import COMMITTED, COMMITTED_BAGS, Cache
from peers.coverage import Coverage, coverages
from peers.credit import Credit, stack_credit
from peers.markdown import coverage_text, credit_text, mode_table, verdict_text
from peers.own_models import candidates, own_version
from peers.registry import BAGGED, OUTSIDE, PEERS
from peers.shots import offset_scores, score
from peers.standing import SetScores, standings
from peers.verdicts import Named, verdict_of

from tabcouce.evaluation.deployment import DRAWS, SHOTS
from tabcouce.splits import Split

REFERENCE = "couce"
LARGE_SET = 1000


def blind_scores(one: BenchmarkSet, split: Split, found: Sequence[Answers]) -> SetScores:
    tested = np.zeros(len(one.dataset.y), bool)
    for fold in split.folds:
        tested[fold.test] = True
    values = {a.model: score(one, a.prediction, tested) for a in found if a.prediction is not None}
    return scores_of(one, split, values, {a.model: a.reason for a in found if a.reason})


def shot_scores(one: BenchmarkSet, split: Split, found: Sequence[Answers]) -> tuple[SetScores, SetScores]:
    """With a few labels of each context, and the same models blind on the very same rows.

    Ours as the product uses labels; the others by the generic offset.
    """
    shots: dict[str, float | None] = {}
    blind: dict[str, float | None] = {}
    for a in found:
        if a.prediction is None:
            continue
        moved, before = offset_scores(one, split, a.prediction)
        told = a.shot_scores if a.model not in OUTSIDE else moved
        if told and before:
            shots[a.model], blind[a.model] = float(np.mean(told)), float(np.mean(before))
    reasons = {a.model: a.reason for a in found if a.reason}
    return scores_of(one, split, shots, reasons), scores_of(one, split, blind, reasons)


def scores_of(
    one: BenchmarkSet, split: Split, values: Mapping[str, float | None], why_not: Mapping[str, str]
) -> SetScores:
    contexts = len(np.unique(split.apart)) if split.column is not None else 0
    metric = "r2" if one.dataset.is_regression else "auc"
    known = {model: value for model, value in values.items() if value is not None}
    return SetScores(one.name, metric, len(one.dataset.y), contexts, known, why_not)


def sections(
    sets: Sequence[BenchmarkSet], source: Source
) -> tuple[dict[str, list[SetScores]], list[Answers], list[Credit], list[Coverage], list[Named]]:
    """Mode -> scores of every set; all answers behind them; what our experts add to a stack; intervals."""
    found: dict[str, list[SetScores]] = {"shuffled": [], "unseen": []}
    shots, before = f"unseen, {SHOTS} labels", f"unseen, blind on the rows of '{SHOTS} labels'"
    found |= {shots: [], before: []}
    everything: list[Answers] = []
    credits: list[Credit | None] = []
    covered: list[Coverage] = []
    named: list[Named] = []
    for one in sets:
        told = [(split.key, source.answers(one, split)) for split in one.splits]
        verdict = verdict_of(one, told)
        named += [] if verdict is None else [verdict]
        for split, (_, given) in zip(one.splits, told, strict=True):
            everything += given
            credits.append(stack_credit(one, split, given))
            covered += coverages(one, split, given)
            unseen = split.key.startswith("unseen:")
            found["unseen" if unseen else "shuffled"].append(blind_scores(one, split, given))
            if unseen:
                with_shots, without = shot_scores(one, split, given)
                if with_shots.values:
                    found[shots].append(with_shots)
                    found[before].append(without)
    for mode in ("shuffled", "unseen"):
        found[f"{mode}, n >= {LARGE_SET}"] = [one for one in found[mode] if one.rows >= LARGE_SET]
    filled = {mode: scores for mode, scores in found.items() if scores}
    return filled, everything, [credit for credit in credits if credit is not None], covered, named


def seconds_per_fit(everything: Sequence[Answers]) -> dict[str, float]:
    """Model -> mean CPU seconds of a fit, over all fits there are."""
    spent: dict[str, list[float]] = {}
    for a in everything:
        spent.setdefault(a.model, []).extend(a.seconds)
    return {model: round(float(np.mean(s)), 2) for model, s in spent.items() if s}


def rounded(value: Any) -> Any:
    """Four digits are what differences of scores need; more would hide the change in a diff."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def versions(everything: Sequence[Answers]) -> dict[str, list[str]]:
    """Model -> versions behind its predictions; more than one where a cache is of several commits."""
    found: dict[str, set[str]] = {}
    for a in everything:
        if a.prediction is not None:
            found.setdefault(a.model, set()).add(a.version)
    return {model: sorted(each) for model, each in sorted(found.items())}


def figures(sets: Sequence[BenchmarkSet], source: Source) -> tuple[dict[str, Any], str]:
    """What goes into the result file, and the tables as markdown."""
    found, everything, credits, covered, named = sections(sets, source)
    lines = {mode: standings(s, reference=REFERENCE, outside=sorted(OUTSIDE)) for mode, s in found.items()}
    lacking = sorted({f"{a.model}, {a.where}: {a.reason}" for a in everything if a.prediction is None})
    document = {
        "thinning": f"at most {ROWS} rows a set, drawn within context x class; the same for all models",
        "folds": f"at most {FOLDS} a split; inputs without context columns",
        "shots": f"{SHOTS} labels a context, at most half of its rows; mean of {DRAWS} draws, fewer of many",
        "sets": {
            one.name: {
                "target": one.dataset.target,
                "sha256": one.dataset.source.sha256,
                "rows": len(one.dataset.y),
                "rows_before_thinning": one.whole,
                "splits": {split.key: len(split.folds) for split in one.splits},
            }
            for one in sets
        },
        "model_versions": versions(everything),
        "cpu_seconds_a_fit": seconds_per_fit(everything),
        "missing": lacking,
        "stack_credit": [{**asdict(credit), "ratio": credit.ratio} for credit in credits],
        "coverage": [asdict(each) for each in covered],
        "verdicts": [asdict(each) for each in named],
        "modes": {
            mode: {
                "table": [asdict(line) for line in lines[mode]],
                "scores": {s.name: {"metric": s.metric, **asdict(s)} for s in found[mode]},
            }
            for mode in found
        },
    }
    texts = [mode_table(mode, lines[mode], document["cpu_seconds_a_fit"], REFERENCE) for mode in found]
    texts.append("\n### Our experts added to a stack of all other models\n")
    for split in ("shuffled", "unseen"):
        texts.append(credit_text(split, [c for c in credits if c.split.startswith(split)]))
    texts += [coverage_text(covered), verdict_text(named)]
    return rounded(document), "\n".join([*texts, *(f"missing: {line}" for line in lacking)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--own", choices=["run", "cached"], default="run")
    parser.add_argument("--bagged", action="store_true")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    sets = read_sets(options.folder, only=options.only, targets=options.targets)
    bagged: bool = options.bagged
    source = Source(
        Cache(options.cache or (COMMITTED_BAGS if bagged else COMMITTED)),
        partial(candidates, bagged=bagged),
        version=own_version(bagged=bagged) if options.own == "run" or bagged else None,
        outside=BAGGED if bagged else PEERS,
    )
    for one in sets:
        source.run_missing(one)
    document, text = figures(sets, source)
    print(text)
    path = record.write("peer_bags" if bagged else "peer_table", document)
    what = "with eight encoders, and bags of eight outside ones" if bagged else "and outside ones"
    title = f"# Our models {what}, {json.loads(path.read_text('utf-8'))['date']}\n"
    path.with_suffix(".md").write_text(f"{title}{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
