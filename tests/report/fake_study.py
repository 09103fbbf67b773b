"""Small studies written by hand: no room below `report` has to work for its tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabcouce.advice.neighbour_quality import NeighbourQuality, SpaceScore
from tabcouce.advice.past_rows import PastRows
from tabcouce.checks.finding import Finding
from tabcouce.errors import Place
from tabcouce.evaluation.trial import Difference, ModelScores, Score, Trial, Verdict
from tabcouce.explanation.accumulated import Accumulated
from tabcouce.explanation.factor import Attribution, Factor
from tabcouce.explanation.joint_reading import JointGrid, PairGrid
from tabcouce.explanation.together import ColumnGroup, PairEffect
from tabcouce.explanation.what_if import Profiler, WhatIf
from tabcouce.read.table import Column, Source, Table
from tabcouce.roles.dataset import Dataset
from tabcouce.roles.role import ColumnRole, Roles
from tabcouce.splits.split import Fold, Split, SplitPlan
from tabcouce.study.advise import Advice
from tabcouce.study.effort import EFFORTS
from tabcouce.study.value import Cap, Study, TargetStudy
from tabcouce.system.intervals import Intervals
from tabcouce.system.spec_risk import SpecRisk
from tabcouce.system.training_range import TrainingRange

HOSTILE = "<script>alert(1)</script>"
FORMULA = "=1+1"
INPUTS = ("温度[℃]", "流量, L/min", HOSTILE, "圧力 {MPa}", FORMULA, "材料")
MACHINES = tuple(f"{k}号機" for k in range(1, 13))
SOURCE = Source(file="成形条件.xlsx", sheet="3月", sha256="0123456789abcdef" * 4)
MODELS = ("constant", "linear", "lightgbm", "couce")
NOISE = {  # how far each model misses, as a share of the target's spread: shuffled, new machine
    "constant": (1.0, 1.02),
    "linear": (0.62, 0.86),
    "lightgbm": (0.42, 0.80),
    "couce": (0.45, 0.70),
}


def _inputs(rng: np.random.Generator, machine: np.ndarray) -> pd.DataFrame:
    n = len(machine)
    return pd.DataFrame(
        {
            INPUTS[0]: 180 + 2 * machine + rng.normal(0, 5, n),
            INPUTS[1]: rng.uniform(1, 9, n),
            INPUTS[2]: rng.normal(0, 1, n),
            INPUTS[3]: np.where(rng.random(n) < 0.05, np.nan, rng.normal(80, 10, n)),
            INPUTS[4]: rng.normal(0, 1, n),
            INPUTS[5]: pd.Categorical(rng.choice(["PP", "ABS", HOSTILE], n)),
        }
    )


def _plan(n: int, machine: np.ndarray, lot: np.ndarray, seed: int) -> SplitPlan:
    rng = np.random.default_rng(seed)
    everything = np.arange(n)
    order = rng.permutation(n)

    def folds(label: np.ndarray, names: tuple[str, ...], parts: int) -> tuple[Fold, ...]:
        made = []
        for k in range(parts):
            test = np.flatnonzero(label % parts == k)
            held = tuple(names[u] for u in np.unique(label[test])) if names else ()
            made.append(Fold(np.setdiff1d(everything, test), test, held))
        return tuple(made)

    lots = tuple(f"L{k:03d}" for k in range(lot.max() + 1))
    shuffled = np.empty(n, np.int64)
    shuffled[order] = everything
    return SplitPlan(
        splits=(
            Split("shuffled", folds(shuffled, (), 5), everything, lot, lots),
            Split("group", folds(lot, lots, 5), lot, lot, lots),
            Split("unseen:号機", folds(machine, MACHINES, 12), machine, machine, MACHINES, "号機"),
        ),
        headline="unseen:号機",
    )


def _roles(target: ColumnRole, task: str) -> Roles:
    inputs = (
        ColumnRole(INPUTS[0], "condition", unit="℃", expected="increases", basis="physics"),
        ColumnRole(INPUTS[1], "condition", unit="L/min", expected="decreases"),
        *(ColumnRole(name, "sensor", guessed=True) for name in INPUTS[2:]),
    )
    contexts = (
        ColumnRole("号機", "context", flags=frozenset({"split"})),
        ColumnRole("ロット", "context", flags=frozenset({"group"})),
    )
    return Roles(
        columns=(*inputs, *contexts, target),
        targets=(target.name,),
        task=task,  # type: ignore[arg-type]
        origin="guessed",
        warnings=("key 'note' is only prose and was ignored",),
    )


def _dataset(n: int, seed: int, *, classes: bool) -> tuple[Dataset, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    machine = np.arange(n) % 12
    lot = np.arange(n) // 8
    X = _inputs(rng, machine)
    signal = 0.3 * (X[INPUTS[0]] - 190) - 0.8 * X[INPUTS[1]] + 0.5 * (machine - 6) + rng.normal(0, 0.5, n)
    y = (signal.to_numpy() > 0).astype(float) if classes else 42 + signal.to_numpy()
    name = "判定" if classes else "引張強度"
    target = (
        ColumnRole(name, "target")
        if classes
        else ColumnRole(name, "target", unit="MPa", lower=30.0, upper=50.0)
    )
    dataset = Dataset(
        name=f"成形_{name}",
        source=SOURCE,
        task="binary" if classes else "regression",
        target=name,
        X=X,
        y=y,
        classes=("OK", "NG") if classes else (),
        contexts=pd.DataFrame(
            {"号機": np.asarray(MACHINES, object)[machine], "ロット": [f"L{k:03d}" for k in lot]}
        ),
        group=lot,
        order=None,
        rows=np.arange(n) + 5,
        roles=_roles(target, "binary" if classes else "regression"),
    )
    return dataset, machine, lot


def _predict(
    dataset: Dataset, machine: np.ndarray, share: float, model: str, rng: np.random.Generator
) -> np.ndarray:
    y = dataset.y
    if not dataset.is_regression:
        logit = (2 * y - 1) * 0.5 / share + rng.normal(0, 1.5, len(y)) + 0.3 * share * (machine - 6)
        p = np.full(len(y), y.mean()) if model == "constant" else 1 / (1 + np.exp(-logit))
        return np.column_stack([1 - p, p])
    if model == "constant":
        return np.full(len(y), y.mean())
    sd = y.std()
    return y + sd * share * (0.8 * rng.normal(0, 1, len(y)) + 0.6 * np.sin(machine))


def _metrics(y: np.ndarray, prediction: np.ndarray, units: int) -> dict[str, Score]:
    n = len(y)
    if prediction.ndim == 2:
        p = prediction[:, 1]
        positive, negative = p[y == 1], p[y == 0]
        if not len(positive) or not len(negative):
            return {"auc": Score(None, None, None, n, units)}
        auc = float((positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean())
        cut = np.quantile(negative, 0.95)
        values = {
            "auc": auc,
            "average_precision": auc * 0.95,
            "f1": auc * 0.9,
            "accuracy": float(((p > 0.5) == y).mean()),
            "log_loss": float(-np.log(np.where(y == 1, p, 1 - p).clip(1e-6)).mean()),
            "recall_at_5pct_false_alarms": float((positive > cut).mean()),
        }
    else:
        error = y - prediction
        values = {
            "r2": float(1 - (error**2).mean() / y.var()) if y.var() > 0 else float("nan"),
            "rmse": float(np.sqrt((error**2).mean())),
            "mae": float(np.abs(error).mean()),
        }
    return {
        key: Score(value, value - 0.06 * abs(value), value + 0.05 * abs(value), n, units)
        for key, value in values.items()
    }


def _scores(dataset: Dataset, plan: SplitPlan, trial: Trial, seconds: float) -> ModelScores:
    split = plan.of(trial.split)
    prediction = trial.prediction
    per_context = {}
    for k, text in enumerate(split.units):
        mine = split.unit == k
        scored = _metrics(dataset.y[mine], prediction[mine], 1)
        per_context[text] = {key: Score(s.value, None, None, s.n, 1) for key, s in scored.items()}
    return ModelScores(
        model=trial.model,
        split=trial.split,
        metrics=_metrics(dataset.y, prediction, len(split.units)),
        per_context=per_context,
        fit_seconds=seconds,
        rows_used=trial.rows_used,
        notes=trial.notes,
    )


def _difference(
    scores: dict[tuple[str, str], ModelScores], first: str, second: str, metric: str
) -> Difference:
    a, b = scores["unseen:号機", first], scores["unseen:号機", second]
    per_unit = {
        unit: a.per_context[unit][metric].value - b.per_context[unit][metric].value
        for unit in a.per_context
        if a.per_context[unit][metric].value is not None and b.per_context[unit][metric].value is not None
    }
    gain = a.metrics[metric].value - b.metrics[metric].value
    worst = min(per_unit, key=per_unit.__getitem__)
    return Difference(
        first, second, gain, gain - 0.05, gain + 0.06, gain - 0.025, gain + 0.03,
        per_unit[worst], worst, len(per_unit), per_unit,
    )  # fmt: skip


def _factors(dataset: Dataset, attribution: Attribution) -> tuple[Factor, ...]:
    importance = np.abs(attribution.values).mean(0)
    words = ("increases", "decreases", "none", "mixed", "peak", "mixed")
    made = []
    for j, name in enumerate(attribution.columns):
        role = dataset.role(name)
        agreement = {"increases": "agrees", "decreases": "agrees"}.get(role.expected, "not_reviewed")
        made.append(
            Factor(
                name=name,
                model=attribution.model,
                importance=float(importance[j]),
                spread=float(importance[j] * 0.2),
                share=float(importance[j] / importance.sum()),
                direction=words[j],
                correlation=None if name == INPUTS[5] else 0.8,
                per_context={m: float(importance[j]) for m in MACHINES},
                permutation=Score(0.02, 0.01, 0.03, len(dataset.y), 12),
                expected=role.expected,
                agreement=agreement,
                unit=role.unit,
                varies_within_context=0.04 if j == 0 else 0.9,
                strength=0.0 if j == 0 else float(importance[j]),
            )
        )
    return tuple(made)


def _findings() -> tuple[Finding, ...]:
    place = Place(SOURCE.file, SOURCE.sheet, None, INPUTS[0])
    return (
        Finding("constant", "note", f"'{FORMULA}' hardly varies.", Place(), "Nothing to do.", (FORMULA,)),
        Finding(
            "not-separable", "weakens", "96 % of its variance lies between machines.", place,
            "Vary it within one machine.", (INPUTS[0],),
        ),
        Finding(
            "target-copy", "blocks", f"The column {HOSTILE} repeats the target in 98 % of the rows.",
            Place(SOURCE.file, SOURCE.sheet, 214, HOSTILE), "Give it the kind 'after'.", (HOSTILE,),
        ),
    )  # fmt: skip


def _shape(dataset: Dataset, name: str, machine: np.ndarray) -> Accumulated:
    edges = np.quantile(dataset.X[name].dropna(), np.linspace(0, 1, 9))
    effect = (edges - edges.mean()) * 0.1
    lines = {m: effect + 0.05 * k for k, m in enumerate(MACHINES)}
    lines[MACHINES[0]] = np.where(np.arange(9) < 3, np.nan, effect)
    return Accumulated(name, edges, effect, np.array([1, 12, 12, 12, 12, 12, 12, 1]), lines)


def _profiler(dataset: Dataset) -> Profiler:
    rows = np.array([3, 10, 17])
    panels = []
    for name in (INPUTS[0], INPUTS[1]):
        values = np.linspace(dataset.X[name].min(), dataset.X[name].max(), 7)
        line = np.tile(40 + np.arange(7.0), (3, 1))
        panels.append(
            WhatIf(
                name, values, dataset.X[name].to_numpy(float)[rows], line, np.tile(np.arange(7) > 5, (3, 1))
            )
        )
    along = np.arange(0, 7.0, 2)
    square = np.tile(40 + along[:, None] + along + 0.5 * along[:, None] * along, (3, 1, 1))
    outside = np.tile((along[:, None] > 5) | (along > 5), (3, 1, 1))
    joint = JointGrid(2, (PairGrid(0, 1, square, outside),), error=0.4)
    return Profiler(rows, np.array([42.0, 43.0, 44.0]), tuple(panels), joint)


class FakeEncoder:
    """Places rows by two of the inputs that what comes out is made of, and one that is noise."""

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        columns = [(X[INPUTS[0]] - 190) / 8, X[INPUTS[1]], X[INPUTS[2]] / 4]
        return np.column_stack(columns).astype(np.float32)


def _advice(dataset: Dataset, metric: str) -> Advice:
    encoder = FakeEncoder()
    scores = tuple(
        SpaceScore(space, Score(value, value - 0.1, value + 0.1, len(dataset.y), 12))
        for space, value in (("scaled", 0.5), ("encoder", 0.6))
    )
    quality = NeighbourQuality("unseen:号機", metric, 5, scores, "encoder", 480, 440)
    past = PastRows.of(dataset, encoder.embed(dataset.X), 440)
    return Advice(quality, past, encoder)  # type: ignore[arg-type]


def fake_target(
    *, classes: bool = False, n: int = 480, seed: int = 0, outcome: str = "use_model"
) -> TargetStudy:
    """One target with 12 machines and 60 lots; predictions are the truth plus stated noise."""
    dataset, machine, lot = _dataset(n, seed, classes=classes)
    plan = _plan(n, machine, lot, seed)
    rng = np.random.default_rng(seed + 1)
    trials = []
    for key in ("shuffled", "group", "unseen:号機"):
        for model in MODELS:
            near, far = NOISE[model]
            share = near if key == "shuffled" else far if key.startswith("unseen") else (near + far) / 2
            prediction = _predict(dataset, machine, share, model, rng)
            notes = ("do-view",) if model == "couce" else ()
            trials.append(Trial(model, key, prediction, (), 0.5, int(n * 0.9), notes=notes))
    scores = tuple(_scores(dataset, plan, trial, 1.25) for trial in trials)
    by = {(s.split, s.model): s for s in scores}
    metric = "auc" if classes else "r2"
    picks = {"do_not_predict": "constant", "use_linear": "linear", "undecided": "linear"}
    recommended = picks.get(outcome, "couce")
    known = "lightgbm" if outcome == "split_advice" else recommended
    rows = np.arange(0, n, 2)
    weights = np.array([1.5, 1.2, 0.05, 0.4, 0.1, 0.6])
    values = np.column_stack(
        [np.nan_to_num(dataset.X[c].to_numpy(float)) for c in INPUTS[:5]] + [np.zeros(n)]
    )[rows]
    values = (values - values.mean(0)) / np.where(values.std(0) > 0, values.std(0), 1) * weights
    values[:, 5] = np.where(dataset.X["材料"].to_numpy()[rows] == "PP", 0.6, -0.3)
    attributions = tuple(
        Attribution(model, INPUTS, values, np.zeros(len(rows)), rows, rows % 12, 1e-9, "expected gradients")
        for model in dict.fromkeys((recommended, "lightgbm"))
    )
    return TargetStudy(
        dataset=dataset,
        findings=_findings(),
        plan=plan,
        trials=tuple(trials),
        scores=scores,
        verdict=Verdict(
            outcome, recommended, known, metric, plan.headline,
            (
                _difference(by, "linear", "constant", metric),
                _difference(by, "lightgbm", "linear", metric),
                _difference(by, "couce", "lightgbm", metric),
            ),
        ),
        factors=tuple(f for a in attributions for f in _factors(dataset, a)),
        attributions=attributions,
        intervals=None
        if classes
        else Intervals(0.9, 6.2, 0.87, (0.9,) * 11 + (float("nan"),), n, 12, plan.headline),
        inside=TrainingRange.of(dataset.X),
        outside_rate=0.03,
        final={},
        caps=(Cap("training rows per fold of the encoder", 10_000, 12_345),),
        seconds={"splits": 0.1, "evaluation": 12.3, "explanation": 2.2},
        shapes=(_shape(dataset, INPUTS[1], machine),),
        groups=(ColumnGroup((INPUTS[0], INPUTS[3]), 1.2),),
        pairs=(PairEffect(INPUTS[1], HOSTILE, 0.8, 0.31), PairEffect(INPUTS[0], INPUTS[1], 0.1, 0.04)),
        profiler=_profiler(dataset),
        spec_risk=None
        if classes
        else SpecRisk.of(dataset.y - trials[-1].prediction, 30.0, 50.0),
        advice=_advice(dataset, metric),
    )  # fmt: skip


def fake_study(*targets: TargetStudy, seed: int = 7) -> Study:
    """A study around the given targets, with the first one's table."""
    first = targets[0].dataset
    frame = first.X.astype(object).assign(号機=first.contexts["号機"], ロット=first.contexts["ロット"])
    frame[first.target] = first.y
    table = Table(
        source=SOURCE,
        columns=tuple(Column(name, chr(65 + k)) for k, name in enumerate(frame.columns)),
        frame=frame,
        rows=first.rows,
        header_rows=(3,),
        unit_row=4,
    )
    return Study(
        name="成形条件",
        source=SOURCE,
        effort=EFFORTS["quick"],
        seed=seed,
        table=table,
        roles=first.roles,
        targets=targets,
        versions={"python": "3.11.7", "tabcouce": "0.1.0"},
        seconds={"total": 31.4},
    )
