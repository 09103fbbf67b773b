"""Claims T1 to T8 of the threshold-consistent margin, ten paired seeds, each as it came out.

    python benchmarks/threshold_claims.py [--seeds 10]

A simulated line: 8 classes, 8 training machines and 8 others, machines of different noise (equal
noise for the placebo T6). Encoder with the margin off, fixed and adaptive, same rows and seeds.
All figures on machines never seen. `interval` is the 95 % t interval of the paired difference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import record
from scipy.stats import t as student

from tabcouce.encoder import CouceClassifier
from tabcouce.evaluation.threshold_consistency import threshold_consistency
from tabcouce.system.match_probability import IsotonicMap, PlattMap, cross_context_pairs, per_context_maps

CLASSES, MACHINES, ROWS = 8, 8, 40
EPOCHS = 20
FAR = 0.05
VARIANTS = ("off", "fixed", "adaptive")
TESTS = {
    "T1": "test_three_hand_made_pairs_give_the_written_formula "
    "or test_without_violators_the_loss_and_its_gradient_are_zero",
    "T8": "test_swapped_margins_raise",
}


def line(seed: int, *, equal: bool, unseen: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (n, 12), class (n,), machine (n,): offsets and noise of a machine, overlapping classes."""
    process = np.random.default_rng([seed, 0])
    centre = process.normal(size=(CLASSES, 12))
    rng = np.random.default_rng([seed, 1 + unseen])
    n = MACHINES * ROWS
    machine, label = np.arange(n) % MACHINES, rng.integers(0, CLASSES, n)
    size = np.full(MACHINES, 0.8) if equal else np.exp(np.linspace(-1.0, 0.4, MACHINES))
    offset = 0.4 * rng.normal(size=(MACHINES, 12))
    X = centre[label] + offset[machine] + size[machine][:, None] * rng.normal(size=(n, 12))
    return X, label, machine


def embeddings(seed: int, variant: str, *, equal: bool) -> dict[str, Any]:
    X, label, machine = line(seed, equal=equal, unseen=False)
    model = CouceClassifier(
        members=1, epochs=EPOCHS, threads=1, random_state=seed, interventions="off", threshold_margin=variant
    ).fit(X, label, machine.astype(str))
    fresh, truth, where = line(seed, equal=equal, unseen=True)
    gross = fresh + 10 * np.random.default_rng([seed, 9]).choice([-1.0, 1.0], fresh.shape)
    return {"Z": model.embed(fresh), "label": truth, "context": where, "gross": model.embed(gross)}


def figures(found: dict[str, Any]) -> dict[str, float]:
    """OPIS over machines and classes, utility, recall at one, threshold under outliers."""
    Z, label, context = found["Z"], found["label"], found["context"]
    machines = threshold_consistency(Z, label, context)
    classes = threshold_consistency(Z, label, label)
    s = Z @ Z.T
    np.fill_diagonal(s, -2.0)
    nearest = label[s.argmax(axis=1)]
    return {
        "opis_context": machines.opis,
        "opis_class": classes.opis,
        "eps_opis_context": machines.extreme_gap,
        "utility": machines.utility,
        "recall_at_1": float((nearest == label).mean()),
        **{f"threshold_shift_{kind}": threshold_shift(found, kind) for kind in ("label", "gross")},
    }


def threshold_shift(found: dict[str, Any], kind: str) -> float:
    """|change of the similarity threshold at 5 % false accepts| / IQR, with 2 % spoiled rows.

    kind  'label': a wrong label; 'gross': the row of a broken sensor, ten standard deviations off
    """
    rng = np.random.default_rng(0)
    Z, label, context = found["Z"], found["label"], found["context"]
    chosen = rng.choice(len(label), max(1, len(label) // 50), replace=False)
    spoiled, moved = label.copy(), Z.copy()
    if kind == "label":
        spoiled[chosen] = rng.integers(0, CLASSES, len(chosen))
    else:
        moved[chosen] = found["gross"][chosen]

    def apart(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
        pairs = cross_context_pairs(rows, labels, context, most=200_000, seed=0)
        return pairs.similarity[~pairs.same]

    before, after = apart(Z, label), apart(moved, spoiled)
    change = abs(np.quantile(after, 1 - FAR) - np.quantile(before, 1 - FAR))
    return float(change / np.subtract(*np.quantile(before, [0.75, 0.25])))


def opis_by_far(value: np.ndarray, same: np.ndarray, context: np.ndarray) -> float:
    """OPIS over contexts with thresholds that are order statistics of the pairs of two labels.

    value  (n, n) likeness of two rows, larger is more alike; same (n, n) bool
    """
    off = ~np.eye(len(value), dtype=bool)
    ranked = np.sort(value[~same])[::-1]
    at = ranked[(np.linspace(0.01, 0.10, 101) * len(ranked)).astype(int)]
    utility = []
    for c in np.unique(context):
        rows = context == c
        near, far = np.sort(value[rows][same[rows] & off[rows]]), np.sort(value[rows][~same[rows]])
        tpr = 1 - np.searchsorted(near, at, side="left") / len(near)
        tnr = np.searchsorted(far, at, side="left") / len(far)
        utility.append(2 * tpr * tnr / np.maximum(tpr + tnr, 1e-12))
    U = np.array(utility)
    return float(np.square(U - U.mean(axis=0)).mean())


def calibration(found: dict[str, Any]) -> dict[str, float]:
    """T4 and T5 on held-out pairs: maps from even rows, rates on odd rows."""
    Z, label, context = found["Z"], found["label"], found["context"]
    even = np.arange(len(Z)) // MACHINES % 2 == 0
    learn = cross_context_pairs(Z[even], label[even], context[even], most=200_000, seed=0)
    test = cross_context_pairs(Z[~even], label[~even], context[~even], most=200_000, seed=0)
    own = context[~even]
    platt, steps = (kind.of(learn.similarity, learn.same) for kind in (PlattMap, IsotonicMap))
    maps = per_context_maps(learn, context[even])
    # A pair belongs to the machines of both its rows: their mean probability decides.
    personal = np.zeros(len(test.similarity))
    for side in (test.first, test.second):
        for c in np.unique(own):
            here = own[side] == c
            personal[here] += 0.5 * maps[int(c)](test.similarity[here])
    s, same = Z @ Z.T, label[:, None] == label[None, :]
    rates = {
        f"opis_{name}": opis_by_far(value, same, context)
        for name, value in (("plain", s), ("platt", platt(s)), ("isotonic", steps(s)))
    }
    for name, value in (("plain", test.similarity), ("platt", platt(test.similarity)), ("own", personal)):
        accepted = value > np.quantile(value[~test.same], 1 - FAR)
        missed = [
            float((~accepted[end & test.same]).mean())
            for c in np.unique(own)
            if (end := (own[test.first] == c) | (own[test.second] == c))[test.same].any()
        ]
        rates[f"spread_{name}"] = max(missed) - min(missed)
        rates[f"accepted_{name}"] = float(accepted.sum())
    return rates


def paired(first: list[float], second: list[float]) -> dict[str, Any]:
    """second - first, with its 95 % t interval over seeds."""
    d = np.array(second) - np.array(first)
    half = student.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return {"mean": float(d.mean()), "low": float(d.mean() - half), "high": float(d.mean() + half)}


def run_tests(expression: str) -> bool:
    """Whether the named unit tests pass."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/encoder/test_threshold_margin.py",
        "-k",
        expression,
    ]
    return subprocess.run(command, cwd=record.ROOT, capture_output=True).returncode == 0


def verdicts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each claim with its numbers and whether it holds."""

    def values(kind: str, variant: str, key: str) -> list[float]:
        return [row[kind][variant][key] for row in rows]

    found: dict[str, Any] = {name: {"holds": run_tests(tests)} for name, tests in TESTS.items()}
    for variant in VARIANTS[1:]:
        log = [np.log(values("unequal", v, "opis_context")).tolist() for v in ("off", variant)]
        change = paired(*log)
        found[f"T2 {variant}"] = {
            "log_change_of_opis_context": change,
            "holds": bool(change["mean"] <= np.log(0.75) and change["high"] < 0),
        }
        drops = {
            k: paired(values("unequal", "off", k), values("unequal", variant, k))
            for k in ("utility", "recall_at_1")
        }
        found[f"T3 {variant}"] = {**drops, "holds": all(d["mean"] >= -0.01 for d in drops.values())}
        placebo = paired(*[np.log(values("equal", v, "opis_context")).tolist() for v in ("off", variant)])
        found[f"T6 {variant}"] = {"log_change": placebo, "holds": placebo["low"] <= 0 <= placebo["high"]}
        shifts = {
            kind: paired(*(values("unequal", v, f"threshold_shift_{kind}") for v in ("off", variant)))
            for kind in ("label", "gross")
        }
        found[f"T7 {variant}"] = {**shifts, "holds": all(one["high"] < 0 for one in shifts.values())}
    spread = paired(
        [r["calibration"]["spread_plain"] for r in rows], [r["calibration"]["spread_own"] for r in rows]
    )
    by_map = {
        name: max(abs(r["calibration"][f"opis_{name}"] - r["calibration"]["opis_plain"]) for r in rows)
        for name in ("platt", "isotonic")
    }
    found["T4"] = {"largest_change_of_far_opis": by_map, "holds": by_map["platt"] < 1e-9}
    found["T5"] = {"change_of_max_minus_min_miss_rate": spread, "holds": spread["high"] < 0}
    return found


CLAIMS = {
    "T1": "The loss on hand-made pairs is the written formula; without violators it is 0",
    "T2": "TCM lowers OPIS over machines by a quarter at least (log change)",
    "T3": "and costs at most 0.01 of mean utility and of recall at one",
    "T4": "A global Platt map leaves FAR-indexed OPIS as it is (isotonic: up to ties)",
    "T5": "A map per machine lowers the largest minus the smallest miss rate at 5 % false accepts",
    "T6": "Where all machines have the same noise, TCM changes OPIS not at all (log change)",
    "T7": "TCM makes the threshold steadier under 2 % spoiled rows (change of shift per IQR)",
    "T8": "Margins the wrong way round are refused",
}


def table(claims: dict[str, Any], seeds: int) -> str:
    """The claims as Markdown: what was asked, what was measured, whether it holds."""
    lines = [
        f"# Claims T1 to T8, {seeds} paired seeds (threshold_claims.json)",
        "",
        "| id | claim | measured: mean and 95 % interval of the paired difference | holds |",
        "| --- | --- | --- | --- |",
    ]
    for name, claim in sorted(claims.items()):
        told = []
        for key, value in claim.items():
            if key == "holds":
                continue
            if isinstance(value, dict) and "low" in value:
                told.append(f"{key} {value['mean']:+.4f} ({value['low']:+.4f} to {value['high']:+.4f})")
            elif isinstance(value, dict):
                told.append(", ".join(f"{key} {k} {v:.2g}" for k, v in value.items()))
        what = "; ".join(told) or "unit tests"
        lines.append(f"| {name} | {CLAIMS[name.split()[0]]} | {what} | {'yes' if claim['holds'] else 'no'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    path = Path(record.RESULTS / "threshold_claims.json")
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    rows: list[dict[str, Any]] = known.get("rows", []) if known.get("commit") == record.commit() else []
    for seed in range(len(rows), options.seeds):
        clock = time.process_time()
        row: dict[str, Any] = {"unequal": {}, "equal": {}}
        for variant in VARIANTS:
            found = embeddings(seed, variant, equal=False)
            row["unequal"][variant] = figures(found)
            if variant == "off":
                row["calibration"] = calibration(found)
            row["equal"][variant] = figures(embeddings(seed, variant, equal=True))
        rows.append(row)
        print(seed, round(time.process_time() - clock, 1), "s", row["unequal"], flush=True)
        claims = verdicts(rows) if len(rows) > 2 else {}
        record.write("threshold_claims", {"seeds": len(rows), "claims": claims, "rows": rows})
    (record.RESULTS / "threshold_claims.md").write_text(table(verdicts(rows), len(rows)), encoding="utf-8")
    for name, claim in sorted(verdicts(rows).items()):
        print(name, "holds" if claim["holds"] else "does not hold", claim)


if __name__ == "__main__":
    main()
