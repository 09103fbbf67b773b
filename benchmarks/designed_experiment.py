"""Are the effects of a designed experiment found, with the batch's shift separated?

    python benchmarks/designed_experiment.py ../shared/data

nist_ceramic: three two-level grinding factors, 8 laboratories, 2 batches of bars, 32 sets of 15 bars.
Its balanced plan gives each effect without any adjustment: mean at high less mean at low. Known from the
NIST/SEMATECH handbook (section 1.4.2.10): the batch moves strength by 77.8 MPa, table speed leads in
batch 1 (-30.8 MPa), down feed in batch 2 (+18.2 MPa), laboratories hardly differ.

  declared     as the table's role file says: contexts Lab and batch, whole laboratories held out
  plan         context batch, rows of one set of bars stay together
  confounded   the same with 3 of 4 rows dropped where wheel grit and batch disagree, `--draws` times:
               how often each slope's 95 % interval covers the plan's own effect
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from record import write

from tabcouce.explanation.context_shift import context_shifts
from tabcouce.explanation.effects import slopes
from tabcouce.explanation.factor import Effect
from tabcouce.roles import Dataset, datasets
from tabcouce.splits import Split, plan_splits
from tabcouce.study.inputs import open_inputs

FACTORS = ("table_speed", "down_feed", "wheel_grit")
PLAN = """
targets = ["strength"]
inputs = ["table_speed", "down_feed", "wheel_grit"]
context = ["batch"]
group = "Set2"
drop = ["Id", "Lab", "Num", "Test", "direction", "Trt", "Set", "Llab", "Rep", "Sblab"]
"""
TURNED = "wheel_grit"
KEPT = 0.25


def planned(folder: Path, roles: str | None) -> Dataset:
    """The table with its own role file, or with the given roles."""
    with tempfile.TemporaryDirectory() as place:
        path = folder / "roles.toml"
        if roles is not None:
            path = Path(place) / "roles.toml"
            path.write_text(roles, encoding="utf-8")
        inputs = open_inputs(folder / "nist_ceramic.csv", role_file=path)
        return datasets(inputs.table, inputs.roles, name="nist_ceramic")[0]


def headline(data: Dataset) -> Split:
    plan = plan_splits(data, folds=5, seed=0)
    return plan.of(plan.headline)


def contrast(data: Dataset, factor: str, rows: np.ndarray) -> float:
    """Mean at high less mean at low: the effect that a balanced plan gives by itself."""
    high = data.X[factor].to_numpy(float) > 0
    return float(data.y[rows & high].mean() - data.y[rows & ~high].mean())


def told(effect: Effect) -> dict[str, Any]:
    """The effect from low to high level, its interval, and by context."""

    def step(value: float | None) -> float | None:
        return None if value is None else float(value * effect.step)

    return {
        "effect": step(effect.slope),
        "interval": [step(effect.low), step(effect.high)],
        "claimed": effect.claimed,
        "clusters": effect.clusters,
        "placebo": effect.placebo,
        "by": {
            one.column: {
                "p": one.p,
                "q": one.q,
                "effects": {s.context: [step(s.slope), step(s.low), step(s.high)] for s in one.slopes},
            }
            for one in effect.modifiers
        },
    }


def analysed(data: Dataset) -> dict[str, Any]:
    split = headline(data)
    found = slopes(data, FACTORS, split, seed=0)
    batch = data.contexts["batch"].astype(str).to_numpy()
    return {
        "split": split.key,
        "units": len(split.units),
        "shifts": {s.column: [s.low, s.high, s.share] for s in context_shifts(data)},
        "factors": {
            c: {
                "plan": {b: contrast(data, c, batch == b) for b in np.unique(batch)}
                | {"all": contrast(data, c, batch != "")},
                "naive": told(found[c].naive),
                "adjusted": told(found[c].adjusted),
            }
            for c in FACTORS
        },
    }


def confounded(data: Dataset, seed: int) -> Dataset:
    """Fewer rows, so that high wheel grit was mostly run on the stronger batch."""
    high = data.X[TURNED].to_numpy(float) > 0
    strong = data.contexts["batch"].astype(str).to_numpy() == "1"
    keep = (high == strong) | (np.random.default_rng(seed).random(len(high)) < KEPT)
    return replace(
        data,
        X=data.X[keep].reset_index(drop=True),
        y=data.y[keep],
        contexts=data.contexts[keep].reset_index(drop=True),
        group=None if data.group is None else data.group[keep],
        rows=data.rows[keep],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=100)
    args = parser.parse_args()
    folder = args.folder / "nist_ceramic"
    plan = planned(folder, PLAN)
    truth = contrast(plan, TURNED, np.ones(len(plan.y), bool))
    naive, adjusted = [], []
    for seed in range(args.draws):
        less = confounded(plan, seed)
        found = slopes(less, [TURNED], headline(less), seed=0)[TURNED]
        for effect, kept in ((found.naive, naive), (found.adjusted, adjusted)):
            kept.append([v * effect.step for v in (effect.slope, effect.low, effect.high)])

    def covers(found: list[list[float]]) -> dict[str, float]:
        values = np.array(found)
        inside = (values[:, 1] <= truth) & (truth <= values[:, 2])
        return {
            "mean": float(values[:, 0].mean()),
            "covers": float(inside.mean()),
            "wrong_sign_claimed": float((values[:, 1:].min(axis=1) * np.sign(truth) < 0).mean())
            if truth > 0
            else float((values[:, 1] > 0).mean()),
        }

    figures = {
        "declared": analysed(planned(folder, None)),
        "plan": analysed(plan),
        "confounded": {
            "factor": TURNED,
            "draws": args.draws,
            "plan": truth,
            "naive": covers(naive),
            "adjusted": covers(adjusted),
        },
    }
    print(write("nist_ceramic_effects", figures))
    print(figures["plan"], figures["confounded"])


if __name__ == "__main__":
    main()
