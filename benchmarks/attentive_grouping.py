"""Claims G1 to G6 of attentive grouping, on three mechanisms of four columns each.

    python benchmarks/attentive_grouping.py --seeds 5

1,500 rows on 12 machines: columns read the state of their mechanism with noise 0.5, two proxies read
the machine, y = s1 + 0.7 s2 + 0.5 s1 s3 + 0.8 m + 0.3 noise; 1,500 fresh rows of the same machines are
scored. The bars were written down with the method.

  G1  permuted columns: largest change of an embedding below 1e-5
  G2  diversity 0 -> 0.02: mean cosine between groups below 0.5, R2 loss below 0.02 (of the groups' own
      mean answer: the whole model has a straight line beside them)
  G3  purity of groups (each column to the group that attends to it most) against mechanisms: 0.6, else
      no group may be called a mechanism
  G4  a group's own R2 (what its proxies read out) loses at least twice as much without its two most
      attended columns as without two others
  G5  context query: a straight probe reads the machine's state from the predicting groups less well
  G6  attention against occlusion (the column at its median, whole model), and against the training path
      of the plain encoder: rank correlation over the columns of mechanisms 0.5

`CouceRegressor` with two members and 12 passes throughout, with groups and, as the row to beat, without;
also on six other simulated processes, on machines never seen, with default settings: does it earn a
place (480 rows)? Pooled view; the do view for the context query and what stands beside it.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
import pandas as pd
import torch
from parts import resumed
from record import write
from scipy.stats import spearmanr, t
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score

from tabcouce import simulation
from tabcouce.encoder import CouceRegressor
from tabcouce.explanation.formation import formation

MECHANISM = np.repeat([0, 1, 2], 4)
COLUMNS = [f"m{m + 1}{'abcd'[k % 4]}" for k, m in enumerate(MECHANISM)] + ["proxy 1", "proxy 2"]
ROWS, MACHINES = 1500, 12
DIVERSITY = (0.0, 0.02, 0.3, 3.0)
PROCESSES = ("none", "common_cause", "target_offset", "sensor_shift", "step_like", "operating_point")


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


def between(model: CouceRegressor, X: pd.DataFrame) -> float:
    """Mean cosine between the groups of a row."""
    e = model.by_group(X).embedding
    i, j = np.triu_indices(e.shape[2], k=1)
    return float((e[:, :, i] * e[:, :, j]).sum(-1).mean())


def groups_r2(model: CouceRegressor, X: pd.DataFrame, y: np.ndarray) -> float:
    """R2 of the mean of what the groups read out."""
    return float(r2_score(y, model.by_group(X).said.mean(axis=(0, 1))[:, 0]))


def purity(attention: np.ndarray) -> float:
    """Share of columns whose group has their mechanism as its most frequent one; a third is chance.

    attention  (M, k, p); mean over members
    """
    found = []
    for own in attention:
        group = own[:, :12].argmax(axis=0)
        most = sum(np.bincount(MECHANISM[group == g], minlength=3).max() for g in np.unique(group))
        found.append(most / 12)
    return float(np.mean(found))


def attended(model: CouceRegressor, X: pd.DataFrame, y: np.ndarray, seed: int) -> dict[str, float]:
    """Loss of a group's own R2 without its two most attended columns, and without two other ones."""
    rng = np.random.default_rng(seed)
    whole = model.by_group(X)
    attention = whole.attention.mean(axis=1)
    top: list[float] = []
    other: list[float] = []
    for m, g in np.ndindex(attention.shape[:2]):
        order = np.argsort(-attention[m, g])
        score = r2_score(y, whole.said[m, g, :, 0])
        for chosen, kept in ((order[:2], top), *((rng.choice(order[2:], 2, False), other) for _ in range(4))):
            without = model.by_group(X, np.isin(np.arange(len(COLUMNS)), chosen)).said[m, g, :, 0]
            kept.append(score - r2_score(y, without))
    return {"top": float(np.mean(top)), "other": float(np.mean(other))}


def probe(model: CouceRegressor, X: pd.DataFrame, state: np.ndarray) -> float:
    """R2 of a straight line from the predicting groups to the machine's state, on the second half."""
    half, e = ROWS // 2, model.by_group(X).embedding[:, :, int(model.context_query) :]
    found = []
    for own in e.reshape(len(e), ROWS, -1):
        line = RidgeCV(np.logspace(-3, 3, 7)).fit(own[:half], state[:half])
        found.append(r2_score(state[half:], line.predict(own[half:])))
    return float(np.mean(found))


def turned_change(model: CouceRegressor, X: pd.DataFrame, seed: int) -> float:
    """Largest change of an embedding when the tokens come in another order."""
    net = model.blind_.net
    a = net.scaled(torch.as_tensor(model.gradient_inputs(X)).expand(net.members, -1, -1))
    coded = torch.cat([net.coded(a), net.on_ramps(a)], dim=-1)
    tokens = net.grouping.tokens(coded, net.first_owner)
    order = torch.as_tensor(np.random.default_rng(seed).permutation(tokens.shape[2]))
    change = net.grouping.attend(tokens[:, :, order]).embedding - net.grouping.attend(tokens).embedding
    return float(change.abs().max())


def measure(key: str) -> dict[str, object]:
    seed = int(key)
    X, y, machine, _ = process(seed, 0)
    fresh, truth, _, state = process(seed, 1)
    context = pd.DataFrame({"machine": machine.astype(str)})
    encoder = partial(
        CouceRegressor, proxy_columns=COLUMNS[12:], members=2, epochs=12, view="pooled", head="off",
        threads=1, random_state=seed,
    )  # fmt: skip
    models = {lam: encoder(groups=3, group_diversity=lam).fit(X, y, context) for lam in DIVERSITY}
    usual = models[0.02]
    seeing = partial(encoder, groups=3, view="do", interventions="off")
    told, untold = (seeing(context_query=asked).fit(X, y, context) for asked in (True, False))
    attention = usual.by_group(fresh).attention.mean(axis=(0, 1, 2))[:12]
    whole = usual.predict(fresh)
    middle = X.median()
    occluded = [np.abs(whole - usual.predict(fresh.assign(**{c: middle[c]}))).mean() for c in COLUMNS[:12]]
    plain = encoder(checkpoints=10).fit(X, y, context)
    path = formation(plain, fresh.iloc[:300], COLUMNS[12:])

    def r2(model: CouceRegressor) -> float:
        return float(r2_score(truth, model.predict(fresh)))

    return {
        "r2": {str(lam): r2(model) for lam, model in models.items()},
        "r2_groups": {str(lam): groups_r2(model, fresh, truth) for lam, model in models.items()},
        "r2_context_query": r2(told),
        "r2_plain": r2(plain),
        "cosine": {str(lam): between(model, fresh) for lam, model in models.items()},
        "purity": {
            str(lam): purity(model.by_group(fresh).attention.mean(axis=1)) for lam, model in models.items()
        },
        "permuted": turned_change(usual, fresh, seed),
        "attended": attended(usual, fresh, truth, seed),
        "probe": {"without": probe(untold, fresh, state), "with": probe(told, fresh, state)},
        "attention_occlusion": float(spearmanr(attention, occluded).statistic),
        "attention_path": None if path is None else float(spearmanr(attention, path.size[:12]).statistic),
    }


def unseen(key: str) -> dict[str, float]:
    """R2 on contexts never seen, with groups and without, default settings."""
    name, seed = key.split(":")
    made = getattr(simulation, name)
    seen = made(rows=480, contexts=12, seed=int(seed))
    new = made(rows=400, contexts=6, seed=int(seed), draw="unseen")
    found = {}
    for groups in (0, 3):
        model = CouceRegressor(groups=groups, threads=1, random_state=int(seed))
        clock = time.process_time()
        model.fit(seen.X, seen.y, seen.context)
        found[f"seconds_{groups}"] = time.process_time() - clock
        found[f"r2_{groups}"] = float(r2_score(new.y, model.predict(new.X)))
    return found


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
    parser.add_argument("--place-seeds", type=int, default=3, help="draws of each of the other processes")
    args = parser.parse_args()
    torch.set_num_threads(1)
    draws = resumed("attentive_grouping", [str(seed) for seed in range(args.seeds)], measure)
    table = {
        f"diversity {lam}": {
            key: mean(draws, key, str(lam)) for key in ("r2", "r2_groups", "cosine", "purity")
        }
        for lam in DIVERSITY
    }
    keys = [f"{name}:{seed}" for name in PROCESSES for seed in range(args.place_seeds)]
    pairs = resumed("attentive_grouping_unseen", keys, unseen)
    gain = np.array([one["r2_3"] - one["r2_0"] for one in pairs]).reshape(len(PROCESSES), -1)
    over = gain.mean(axis=1)
    half = t.ppf(0.975, len(over) - 1) * over.std(ddof=1) / np.sqrt(len(over))
    place = {
        "r2_by_process": {
            name: [float(np.mean([p[f"r2_{k}"] for key, p in zip(keys, pairs, strict=True)
                                  if key.startswith(name + ":")])) for k in (0, 3)]
            for name in PROCESSES
        },
        "gain_with_interval": [float(over.mean() + s * half) for s in (0, -1, 1)],
        "cpu_seconds_plain_and_groups": [float(np.mean([p[f"seconds_{k}"] for p in pairs])) for k in (0, 3)],
    }  # fmt: skip
    off, on = table["diversity 0.0"], table["diversity 0.02"]
    top, other = mean(draws, "attended", "top"), mean(draws, "attended", "other")
    probes = {key: mean(draws, "probe", key) for key in ("without", "with")}
    agree = {key: mean(draws, key) for key in ("attention_occlusion", "attention_path")}
    permuted = max(draw["permuted"] for draw in draws)
    claims = {
        "G1": {"largest_change": permuted, "held": permuted < 1e-5},
        "G2": {
            "cosine": [off["cosine"], on["cosine"]],
            "loss": off["r2_groups"] - on["r2_groups"],
            "held": on["cosine"] < 0.5 and off["r2_groups"] - on["r2_groups"] < 0.02,
        },
        "G3": {"purity": on["purity"], "held": on["purity"] >= 0.6},
        "G4": {"top": top, "other": other, "held": top >= 2 * other},
        "G5": {**probes, "held": probes["with"] < probes["without"]},
        "G6": {**agree, "held": min(agree.values()) >= 0.5},
    }
    figures = {
        "seeds": args.seeds,
        "place_seeds": args.place_seeds,
        "groups": 3,
        "table": table,
        "r2_context_query": mean(draws, "r2_context_query"),
        "r2_plain": mean(draws, "r2_plain"),
        "unseen_contexts": place,
        "claims": claims,
        "draws": draws,
    }
    print(write("attentive_grouping", figures))
    for key in ("table", "r2_context_query", "r2_plain", "unseen_contexts", "claims"):
        print(key, figures[key])


if __name__ == "__main__":
    main()
