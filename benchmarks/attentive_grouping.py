"""Claims G1 to G6 of attentive grouping, on three mechanisms of four columns each.

    python benchmarks/attentive_grouping.py --seeds 5

1,500 rows on 12 machines: columns read the state of their mechanism with noise 0.5, two proxies read
the machine, y = s1 + 0.7 s2 + 0.5 s1 s3 + 0.8 m + 0.3 noise; 1,500 fresh rows of the same machines are
scored. The bars were written down with the method.

  G1  permuted columns: largest change of an embedding below 1e-5
  G2  diversity 0 -> 0.02: mean cosine between groups below 0.5, R2 loss below 0.02
  G3  purity of groups (each column to the group that attends to it most) against mechanisms: 0.6, else
      no group may be called a mechanism
  G4  a group's own R2 loses at least twice as much without its two most attended columns as without
      two others
  G5  context query: a straight probe reads the machine's state from the predicting groups less well
  G6  attention against occlusion, and against the training path of the encoder: rank correlation over
      the columns of mechanisms 0.5

Beside them R2 of `CouceRegressor` (two members, 12 passes) on the same rows.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from parts import resumed
from record import write
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score

from tabcouce.encoder import CouceRegressor
from tabcouce.encoder.attentive_grouping import GroupedEncoder, GroupingSettings
from tabcouce.explanation.formation import formation

MECHANISM = np.repeat([0, 1, 2], 4)
COLUMNS = [f"m{m + 1}{'abcd'[k % 4]}" for k, m in enumerate(MECHANISM)] + ["proxy 1", "proxy 2"]
ROWS, MACHINES = 1500, 12
DIVERSITY = (0.0, 0.02, 0.3, 3.0)


def process(seed: int, draw: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, target, machine and its state of each row; the machines are those of the seed."""
    state = np.random.default_rng([seed, 99]).standard_normal(MACHINES)
    rng = np.random.default_rng([seed, draw])
    machine = rng.integers(MACHINES, size=ROWS)
    s, m = rng.standard_normal((ROWS, 3)), state[machine]
    X = np.column_stack([s[:, MECHANISM] + 0.5 * rng.standard_normal((ROWS, 12)), m, m])
    X[:, 12:] += 0.3 * rng.standard_normal((ROWS, 2))
    y = s[:, 0] + 0.7 * s[:, 1] + 0.5 * s[:, 0] * s[:, 2] + 0.8 * m + 0.3 * rng.standard_normal(ROWS)
    return pd.DataFrame(X, columns=COLUMNS), y, machine, m


def between(model: GroupedEncoder, X: pd.DataFrame) -> float:
    """Mean cosine between the groups of a row."""
    e = model.grouped(X).embedding
    i, j = torch.triu_indices(e.shape[1], e.shape[1], offset=1)
    return float((e[:, i] * e[:, j]).sum(-1).mean())


def purity(attention: np.ndarray) -> float:
    """Share of columns whose group has their mechanism as its most frequent one; a third is chance."""
    group = attention[:, :12].argmax(axis=0)
    most = sum(np.bincount(MECHANISM[group == g], minlength=3).max() for g in np.unique(group))
    return float(most / 12)


def attended(model: GroupedEncoder, X: pd.DataFrame, y: np.ndarray, seed: int) -> dict[str, float]:
    """Loss of a group's own R2 without its two most attended columns, and without two other ones."""
    rng = np.random.default_rng(seed)
    first, attention = int(model.settings.context_query), model.column_attention(X)
    whole = [r2_score(y, one) for one in model.predict_groups(X)]
    top, other = [], []
    for g, score in enumerate(whole):
        order = np.argsort(-attention[first + g])
        for chosen, kept in ((order[:2], top), *((rng.choice(order[2:], 2, False), other) for _ in range(4))):
            hidden = np.isin(np.arange(len(COLUMNS)), chosen)
            kept.append(score - r2_score(y, model.predict_groups(X, hidden)[g]))
    return {"top": float(np.mean(top)), "other": float(np.mean(other))}


def probe(model: GroupedEncoder, X: pd.DataFrame, state: np.ndarray) -> float:
    """R2 of a straight line from the predicting groups to the machine's state, on the second half."""
    first, half = int(model.settings.context_query), ROWS // 2
    e = model.grouped(X).embedding[:, first:].reshape(ROWS, -1).numpy()
    line = RidgeCV(np.logspace(-3, 3, 7)).fit(e[:half], state[:half])
    return float(r2_score(state[half:], line.predict(e[half:])))


def measure(key: str) -> dict[str, object]:
    seed = int(key)
    X, y, machine, _ = process(seed, 0)
    fresh, truth, _, state = process(seed, 1)
    plain = GroupingSettings(seed=seed)
    models = {lam: GroupedEncoder.fit(X, y, replace(plain, diversity=lam)) for lam in DIVERSITY}
    usual = models[0.02]
    told = GroupedEncoder.fit(X, y, replace(plain, groups=4, context_query=True), machine)
    untold = GroupedEncoder.fit(X, y, plain)
    tokens = usual.net.tokens(torch.as_tensor(usual.code(fresh), dtype=torch.float32))
    order = torch.as_tensor(np.random.default_rng(seed).permutation(len(COLUMNS)))
    turned = usual.net.attend(tokens[:, order]).embedding - usual.net.attend(tokens).embedding
    attention = usual.column_attention(fresh).mean(axis=0)[:12]
    whole = usual.predict(fresh)
    occluded = [np.abs(whole - usual.predict(fresh, np.arange(len(COLUMNS)) == j)).mean() for j in range(12)]
    couce = CouceRegressor(
        proxy_columns=COLUMNS[12:], members=2, epochs=12, view="pooled", checkpoints=10, threads=1
    ).fit(X, y, pd.DataFrame({"machine": machine.astype(str)}))
    path = formation(couce, fresh.iloc[:300], COLUMNS[12:])
    return {
        "r2": {str(lam): float(r2_score(truth, model.predict(fresh))) for lam, model in models.items()},
        "r2_context_query": float(r2_score(truth, told.predict(fresh))),
        "r2_couce": float(r2_score(truth, couce.predict(fresh))),
        "cosine": {str(lam): between(model, fresh) for lam, model in models.items()},
        "purity": {str(lam): purity(model.column_attention(fresh)) for lam, model in models.items()},
        "permuted": float(turned.abs().max()),
        "attended": attended(usual, fresh, truth, seed),
        "probe": {"without": probe(untold, fresh, state), "with": probe(told, fresh, state)},
        "attention_occlusion": float(spearmanr(attention, occluded).statistic),
        "attention_path": None if path is None else float(spearmanr(attention, path.size[:12]).statistic),
    }


def mean(draws: list[dict], *keys: str) -> float:
    found = []
    for draw in draws:
        value = draw
        for key in keys:
            value = value[key]
        if value is not None:
            found.append(value)
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    draws = resumed("attentive_grouping", [str(seed) for seed in range(args.seeds)], measure)
    table = {
        f"diversity {lam}": {key: mean(draws, key, str(lam)) for key in ("r2", "cosine", "purity")}
        for lam in DIVERSITY
    }
    off, on = table["diversity 0.0"], table["diversity 0.02"]
    top, other = mean(draws, "attended", "top"), mean(draws, "attended", "other")
    probes = {key: mean(draws, "probe", key) for key in ("without", "with")}
    agree = {key: mean(draws, key) for key in ("attention_occlusion", "attention_path")}
    permuted = max(draw["permuted"] for draw in draws)
    claims = {
        "G1": {"largest_change": permuted, "held": permuted < 1e-5},
        "G2": {"held": on["cosine"] < 0.5 and off["r2"] - on["r2"] < 0.02},
        "G3": {"purity": on["purity"], "held": on["purity"] >= 0.6},
        "G4": {"top": top, "other": other, "held": top >= 2 * other},
        "G5": {**probes, "held": probes["with"] < probes["without"]},
        "G6": {**agree, "held": min(agree.values()) >= 0.5},
    }
    figures = {
        "seeds": args.seeds,
        "groups": 3,
        "table": table,
        "r2_context_query": mean(draws, "r2_context_query"),
        "r2_couce": mean(draws, "r2_couce"),
        "claims": claims,
        "draws": draws,
    }
    print(write("attentive_grouping", figures))
    for key in ("table", "r2_context_query", "r2_couce", "claims"):
        print(key, figures[key])


if __name__ == "__main__":
    main()
