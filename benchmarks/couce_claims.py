"""C1 to C11: what each CouCE-style part must do, where the truth is known, and whether it does.

    python benchmarks/couce_claims.py --seeds 10 --minutes 9

Every claim switches one part, on the same rows and seeds; outcome by the mean and by a paired sign
test over seeds. A run goes on where the last one stopped: finished seeds stand in
benchmarks/results/couce_claims.json and are not run again (delete the file to start anew).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import torch
from record import RESULTS, commit, write
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import balanced_accuracy_score

from tabcouce.encoder import CouceRegressor, Nuisance
from tabcouce.encoder.intervention import Budget
from tabcouce.encoder.members import FoldRows, Variant, member_tasks
from tabcouce.encoder.packed_net import NetShape
from tabcouce.encoder.packed_training import train
from tabcouce.encoder.proxies import bin_count
from tabcouce.encoder.recipe import Recipe
from tabcouce.errors import FitError
from tabcouce.simulation import (
    Process,
    assignment,
    common_cause,
    drifting_sensors,
    none,
    operating_point,
    sensor_shift,
    sparse_lots,
    waveform,
)

Row = dict[str, float]
FRESH = 1000
"""Added to the seed for new rows of the same machines."""


def rmse(prediction: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((prediction - truth) ** 2)))


def fitted(process: Process, X: pd.DataFrame | None = None, **settings: Any) -> CouceRegressor:
    """A small encoder, as in the tests; the same size on both sides of every comparison."""
    rows = process.X if X is None else X
    return CouceRegressor(members=2, epochs=24, width=64, threads=1, **settings).fit(
        rows, process.y, process.context
    )


# One function a claim: a seed's figures ------------------------------------------------------


def c1(seed: int) -> Row:
    seen, hand_set = common_cause(seed=seed), common_cause(seed=seed, draw="interventional")
    off = rmse(fitted(seen, view="pooled").predict(hand_set.X), hand_set.surface)
    on = rmse(fitted(seen, view="do").predict_do(hand_set.X), hand_set.surface)
    return {"off": off, "on": on}


def c2(seed: int) -> Row:
    seen, fresh = common_cause(seed=seed), common_cause(seed=seed + FRESH)

    def with_machine(process: Process) -> pd.DataFrame:
        return pd.concat([process.X, pd.get_dummies(process.context["machine"], dtype=float)], axis=1)

    host = fitted(seen, with_machine(seen), view="pooled")
    own = fitted(seen, view="do").predict(fresh.X, fresh.context)
    return {"off": rmse(host.predict(with_machine(fresh)), fresh.y), "on": rmse(own, fresh.y)}


def c3(seed: int) -> Row:
    seen, unseen = none(seed=seed), none(seed=seed, draw="unseen")
    off = rmse(fitted(seen, view="pooled").predict(unseen.X), unseen.y)
    return {"off": off, "on": rmse(fitted(seen, view="do").predict_do(unseen.X), unseen.y)}


def probes(model: CouceRegressor, seen: Process, fresh: Process) -> tuple[float, float]:
    """Balanced accuracy of the machine from bin-centred embeddings, R2 of the surface from them."""
    edges = np.quantile(seen.y, np.linspace(0, 1, bin_count(len(seen.y)) + 1)[1:-1])
    z, bins = zip(*((model.embed(p.X), np.searchsorted(edges, p.y)) for p in (seen, fresh)), strict=True)
    centre = np.stack([z[0][bins[0] == k].mean(axis=0) for k in range(len(edges) + 1)])
    machine = LogisticRegression(class_weight="balanced", max_iter=2000, C=100.0)
    machine.fit(z[0] - centre[bins[0]], seen.context["machine"])
    told = machine.predict(z[1] - centre[bins[1]])
    latent = RidgeCV(np.logspace(-6, 2, 9)).fit(z[0], seen.surface)
    return float(balanced_accuracy_score(fresh.context["machine"], told)), float(
        latent.score(z[1], fresh.surface)
    )


def c4(seed: int) -> Row:
    seen, fresh = assignment(seed=seed), assignment(seed=seed + FRESH)
    unseen = assignment(seed=seed, draw="unseen")
    row: Row = {}
    for key, weight in (("off", 0.0), ("on", 1.0), ("strong", 5.0)):
        model = fitted(seen, view="do", orthogonality=weight)
        row[key], row[f"latent_{key}"] = probes(model, seen, fresh)
        row[f"unseen_{key}"] = rmse(model.predict_do(unseen.X), unseen.y)
    return row


def gates(process: Process, seed: int) -> tuple[float, float]:
    """Mean gate of the three-row lots and of the large ones with a true effect (|m| > 0.5), over
    members that learn from the lot; the dictionary looks on, its penalty has no weight.
    """
    fold = FoldRows.of(process.X, process.y, process.context, classes=0, held_out=None, seed=seed)
    budget, bins = Budget.of(fold.code, (), {}), bin_count(len(fold.y))
    tasks = member_tasks(fold, Variant(True, False), members=2, bins=bins, budget=budget, seed=seed)
    shape = NetShape(
        numeric=7,
        inputs=7,
        outputs=1,
        proxies=bins,
        levels=fold.levels.total,
        width=64,
        depth=2,
        embedding=32,
        frequencies=8,
    )
    trained = train(tasks, shape, Recipe(epochs=24, orthogonality=1e-6), torch.device("cpu"))
    rare, large = [], []
    state = np.abs(np.linspace(-1.5, 1.5, fold.levels.total))
    for task, member in zip(tasks, trained, strict=True):
        rows = task.frequency[:-1] * len(task.train)
        rare += list(member.weights["detector_gate"][(rows > 0) & (rows < 4)])
        large += list(member.weights["detector_gate"][(rows > 50) & (state > 0.5)])
    return float(np.mean(rare)), float(np.mean(large))


def c5(seed: int) -> Row:
    seen, unseen = sparse_lots(seed=seed), sparse_lots(seed=seed, draw="unseen")
    row = {
        key: rmse(
            fitted(seen, view="do", orthogonality=1.0, variance_gate=gate).predict_do(unseen.X), unseen.y
        )
        for key, gate in (("off", False), ("on", True))
    }
    row["gate_rare"], row["gate_large"] = gates(seen, seed)
    return row


def c6(seed: int) -> Row:
    """Also C7: the donor swap without, with and with the usual weight of the invariance term.

    no_line: the latter without the straight line that intervened members have beside the network.
    auto: whether left-out machines choose the swap, at the default number of members; the routing holds on
    them too.
    """
    draws: dict[str, Process] = {
        "unseen": assignment(seed=seed, draw="unseen"),
        "reversed": assignment(seed=seed, draw="reversed"),
        "known": assignment(seed=seed + FRESH),
    }
    seen = assignment(seed=seed)
    kept = [name for name in seen.X if name not in seen.proxies]
    swap = {"proxy_columns": seen.proxies, "interventions": "on"}
    models = {
        "off": fitted(seen, view="pooled"),
        "weight_0": fitted(seen, view="pooled", invariance_weight=0.0, **swap),
        "weight_1": fitted(seen, view="pooled", **swap),
        "oracle": fitted(seen, seen.X[kept], view="pooled"),
    }
    with mock.patch.object(Variant, "linear_skip", False):
        models["no_line"] = fitted(seen, view="pooled", **swap)
    auto = CouceRegressor(view="pooled", proxy_columns=seen.proxies, threads=1)
    auto.fit(seen.X, seen.y, seen.context)
    return {"auto": float(auto.intervention_)} | {
        f"{draw}_{key}": rmse(model.predict(process.X[kept] if key == "oracle" else process.X), process.y)
        for draw, process in draws.items()
        for key, model in models.items()
    }


def c8(seed: int) -> Row:
    seen, drifted = drifting_sensors(seed=seed), drifting_sensors(seed=seed, draw="drifted")
    everywhere = Nuisance(repeatability={name: 0.8 * float(seen.X[name].std()) for name in seen.X})
    settings: dict[str, dict[str, Any]] = {
        "host": {},
        "off": {"nuisance": everywhere, "interventions": "on"},
        "on": {"tolerances": dict(seen.tolerances), "interventions": "on"},
    }
    return {
        key: rmse(fitted(seen, view="pooled", **one).predict(drifted.X), drifted.y)
        for key, one in settings.items()
    }


def c9(seed: int) -> Row:
    seen, unseen = operating_point(seed=seed), operating_point(seed=seed, draw="unseen")
    names = list(seen.X.columns)
    settings: dict[str, dict[str, Any]] = {
        "off": {},
        "o1": {"tolerances": {name: (0.9 * float(seen.X[name].std()), 0.0) for name in names}},
        "o5": {"nuisance": Nuisance(mixed=names)},
    }
    return {
        key: rmse(fitted(seen, view="pooled", interventions="on", **one).predict(unseen.X), unseen.y)
        for key, one in settings.items()
    }


def c10(seed: int) -> Row:
    seen = waveform(seed=seed)
    draws = {draw: waveform(seed=seed, draw=draw) for draw in ("unseen", "reversed")}
    blocks = {"curve": list(seen.X.columns)}
    row: Row = {}

    def add(key: str, **settings: Any) -> CouceRegressor:
        # The straight line reads an amplitude; threshold and periodic codes of 64 points cost time.
        model = fitted(seen, view="pooled", frequencies=0, piecewise=False, **settings)
        row.update({f"{draw}_{key}": rmse(model.predict(p.X), p.y) for draw, p in draws.items()})
        return model

    add("none")
    for band in ("low", "mid", "high"):
        nuisance = Nuisance(blocks=blocks, ordered=("curve",), bands={"curve": (band,)})
        add(band, nuisance=nuisance, interventions="on")
    by_rule = Nuisance(blocks=blocks, ordered=("curve",))
    add("rule", nuisance=by_rule, interventions="on")
    fold = FoldRows.of(seen.X, seen.y, seen.context, classes=0, held_out=None, seed=0)
    budget = Budget.of(fold.code, (), {}, by_rule)
    chosen = budget.with_chosen_bands(fold.u.astype(float), fold.y, fold.joint, by_rule).ordered[0].bands
    row.update({f"chose_{band}": float(k in chosen) for k, band in enumerate(("low", "mid", "high"))})
    return row


def c11(seed: int) -> Row:
    seen, unseen = sensor_shift(seed=seed), sensor_shift(seed=seed, draw="unseen")
    turned = [seen.X.columns[j] for j in np.random.default_rng(seed).permutation(seen.X.shape[1])]
    sensors = list(seen.tolerances)
    declared = {
        "tolerances": dict(seen.tolerances),
        "interventions": "on",
        "view": "pooled",
        "nuisance": Nuisance(
            blocks={"card": sensors[:4]},
            loading={name: 0.2 * float(seen.X[name].std()) for name in sensors},
            mixed=sensors,
        ),
    }
    first = fitted(seen, **declared).predict(unseen.X)
    permuted = fitted(seen, seen.X[turned], **declared).predict(unseen.X[turned])
    other_seed = fitted(seen, random_state=1, **declared).predict(unseen.X)
    try:
        fitted(seen, nuisance=Nuisance(blocks={"card": sensors}, bands={"card": ("low",)}))
        refused = 0.0
    except FitError:
        refused = 1.0
    return {
        "off": rmse(first, unseen.y),
        "on": rmse(permuted, unseen.y),
        "by_order": rmse(permuted, first),
        "by_seed": rmse(other_seed, first),
        "refused": refused,
    }


# What a claim's figures mean -----------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """kept, refuted or undecided (neither bound of the claim is met)."""

    outcome: str
    figure: str
    p: float


def mean(rows: Sequence[Row], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def change(rows: Sequence[Row], on: str = "on", off: str = "off") -> float:
    return mean(rows, on) / mean(rows, off) - 1


def sign_test(rows: Sequence[Row], on: str = "on", off: str = "off", *, way: str = "greater") -> float:
    """Paired, over seeds: how likely `on` is below `off` that often by chance; ties are no wins."""
    wins = sum(row[on] < row[off] for row in rows)
    return float(binomtest(wins, len(rows), alternative=way).pvalue)


def outcome(kept: bool, refuted: bool) -> str:
    return "kept" if kept else "refuted" if refuted else "undecided"


def v1(rows: Sequence[Row]) -> Verdict:
    moved, p = change(rows), sign_test(rows)
    return Verdict(outcome(moved <= -0.25 and p < 0.05, moved > -0.10), f"do-RMSE {moved:+.1%}", p)


def v2(rows: Sequence[Row]) -> Verdict:
    moved = change(rows)
    return Verdict(outcome(moved <= 0.03, moved > 0.03), f"RMSE {moved:+.1%}", sign_test(rows))


def v3(rows: Sequence[Row]) -> Verdict:
    moved = change(rows)
    p = sign_test(rows, way="two-sided")
    return Verdict(outcome(abs(moved) <= 0.02, abs(moved) > 0.02), f"RMSE {moved:+.1%}", p)


def v4(rows: Sequence[Row]) -> Verdict:
    probe = mean(rows, "on") - mean(rows, "off")
    latent = mean(rows, "latent_on") - mean(rows, "latent_off")
    strong = mean(rows, "strong") - mean(rows, "off")
    p = sign_test(rows)
    kept = probe <= -0.05 and latent >= -0.02 and p < 0.05
    figure = f"context probe {probe:+.3f} (weight 5: {strong:+.3f}), latent R2 {latent:+.3f}"
    return Verdict(outcome(kept, not kept), figure, p)


def v5(rows: Sequence[Row]) -> Verdict:
    moved, rare, large = change(rows), mean(rows, "gate_rare"), mean(rows, "gate_large")
    kept = moved <= 0 and rare < 0.2 and large > 0.8
    figure = f"RMSE {moved:+.2%}, gate {rare:.2f} of three rows, {large:.2f} of large lots"
    return Verdict(outcome(kept, not kept), figure, sign_test(rows))


def v6(rows: Sequence[Row]) -> Verdict:
    off, on, best = (mean(rows, f"unseen_{key}") for key in ("off", "weight_1", "oracle"))
    above, closed = on / best - 1, (off - on) / (off - best)
    alone = (off - mean(rows, "unseen_no_line")) / (off - best)
    figure = (
        f"{above:+.1%} from the oracle, {closed:.0%} of the gap closed ({alone:.0%} without a straight "
        f"line); left to the data, on which the routing holds, it is chosen in {mean(rows, 'auto'):.0%}"
    )
    p = sign_test(rows, "unseen_weight_1", "unseen_off")
    return Verdict(outcome(above <= 0.03 and p < 0.05, closed < 0.5), figure, p)


def v7(rows: Sequence[Row]) -> Verdict:
    turned, known = (change(rows, f"{d}_weight_1", f"{d}_weight_0") for d in ("reversed", "known"))
    p = sign_test(rows, "reversed_weight_1", "reversed_weight_0")
    figure = f"reversed RMSE {turned:+.1%}, known machines {known:+.1%}"
    return Verdict(outcome(turned < 0 and known < 0.05 and p < 0.05, turned >= 0), figure, p)


def v8(rows: Sequence[Row]) -> Verdict:
    moved, host, p = change(rows), change(rows, "on", "host"), sign_test(rows)
    figure = f"RMSE {moved:+.1%} from placebo, {host:+.1%} from the host"
    return Verdict(outcome(moved <= -0.10 and p < 0.05, moved >= 0), figure, p)


def v9(rows: Sequence[Row]) -> Verdict:
    o1, o5 = change(rows, "o1"), change(rows, "o5")
    p = max(sign_test(rows, "off", "o1"), sign_test(rows, "off", "o5"))
    kept = o1 > 0 and o5 > 0 and p < 0.05
    return Verdict(outcome(kept, o1 <= 0 or o5 <= 0), f"RMSE {o1:+.1%} by O1, {o5:+.1%} by O5", p)


def v10(rows: Sequence[Row]) -> Verdict:
    low, mid, rule = (change(rows, f"unseen_{band}", "unseen_none") for band in ("low", "mid", "rule"))
    turned = change(rows, "reversed_low", "reversed_none")
    p = max(
        sign_test(rows, "unseen_low", "unseen_none"),
        sign_test(rows, "unseen_none", "unseen_mid"),
        sign_test(rows, "reversed_low", "reversed_none"),
    )
    kept = low <= -0.20 and turned <= -0.20 and mid > 0 and p < 0.05
    alone = np.mean([r["chose_low"] == 1 and r["chose_mid"] + r["chose_high"] == 0 for r in rows])
    figure = (
        f"unseen RMSE {low:+.0%} low, {mid:+.0%} mid, {rule:+.0%} by rule; reversed {turned:+.0%} low; "
        f"rule chose the low band alone in {alone:.0%}"
    )
    return Verdict(outcome(kept, low >= mid), figure, p)


def v11(rows: Sequence[Row]) -> Verdict:
    order, seed = mean(rows, "by_order"), mean(rows, "by_seed")
    p = sign_test(rows, way="two-sided")
    kept = all(row["refused"] for row in rows) and order <= 1.25 * seed and p >= 0.05
    figure = f"predictions move {order:.3f} by order, {seed:.3f} by seed; RMSE {change(rows):+.1%}"
    return Verdict(outcome(kept, not kept), figure, p)


@dataclass(frozen=True)
class Claim:
    """What is switched, what must happen, and the functions that measure and judge it."""

    says: str
    measure: Callable[[int], Row]
    judge: Callable[[Sequence[Row]], Verdict]


CLAIMS = {
    "C1": Claim("backdoor sum, common cause: do-RMSE at least 25 % down", c1, v1),
    "C2": Claim("backdoor sum, known machine: at most 3 % above a host with one-hot machines", c2, v2),
    "C3": Claim("backdoor sum without confounding: within 2 %", c3, v3),
    "C4": Claim("orthogonality: context probe 0.05 down, latent R2 at most 0.02 down", c4, v4),
    "C5": Claim("variance gate: no worse than open, shut for three rows, open for large lots", c5, v5),
    "C6": Claim("donor swap: within 3 % of the model that never saw the proxies", c6, v6),
    "C7": Claim("invariance term: reversed RMSE down at less than 5 % cost on known machines", c6, v7),
    "C8": Claim("declared recalibration: 10 % below noise on all columns, sensors drifted", c8, v8),
    "C9": Claim("recalibration and mixing where shifts are real: RMSE up", c9, v9),
    "C10": Claim("Fourier bands: nuisance band 20 % down, label band up", c10, v10),
    "C11": Claim("column order changes nothing; unordered Fourier block refused", c11, v11),
}
MEASURED_WITH = {"C7": "C6"}


def finished() -> dict[str, dict[str, Row]]:
    """Rows by claim and seed from an earlier run."""
    path = RESULTS / "couce_claims.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else {}


def judged(rows: dict[str, dict[str, Row]]) -> dict[str, dict[str, object]]:
    out = {}
    for name, claim in CLAIMS.items():
        own = list(rows.get(MEASURED_WITH.get(name, name), {}).values())
        if own:
            verdict = claim.judge(own)
            out[name] = {
                "claim": claim.says,
                "outcome": verdict.outcome,
                "figure": verdict.figure,
                "sign_test_p": verdict.p,
                "seeds": len(own),
                "mean": {key: mean(own, key) for key in own[0] if key != "commit"},
            }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--claims", nargs="+", choices=[c for c in CLAIMS if c not in MEASURED_WITH])
    args = parser.parse_args()
    rows, end, head = finished(), time.monotonic() + 60 * args.minutes, commit()
    wanted = args.claims or [name for name in CLAIMS if name not in MEASURED_WITH]
    for seed in range(args.seeds):
        for name in wanted:
            if str(seed) in rows.get(name, {}) or time.monotonic() > end:
                continue
            row = {**CLAIMS[name].measure(seed), "commit": head}
            # Another piece of the run may have written meanwhile.
            rows = finished()
            rows.setdefault(name, {})[str(seed)] = row  # type: ignore[assignment]
            write("couce_claims", {"claims": judged(rows), "rows": rows})
    for name, result in judged(rows).items():
        print(f"{name:4} {result['outcome']:9} p {result['sign_test_p']:.3f}  {result['figure']}")
    missing = sum(str(seed) not in rows.get(name, {}) for seed in range(args.seeds) for name in wanted)
    print(f"{missing} runs left" if missing else "complete", file=sys.stderr)


if __name__ == "__main__":
    main()
