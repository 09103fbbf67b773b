"""Does another host, or the neighbour term, earn its place?

    python benchmarks/encoder_hosts.py --seeds 5 --minutes 9

R2 on other machines of every simulated process with each host in turn (same seeds, same rows, same
size), and the paired gain over the default: mean, 90 % interval over processes and seeds. A part
leaves the default or stays out of it unless it gains 0.003 with the interval above zero.

A run goes on where the last one stopped. Writes benchmarks/results/encoder_hosts.json.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
from record import RESULTS, write
from scipy.stats import t as student

from tabcouce.encoder import CouceRegressor
from tabcouce.simulation import PROCESSES

VARIANTS: dict[str, dict[str, Any]] = {
    "proxy_nca": {},
    "proxy_anchor": {"host": "proxy_anchor"},
    "soft_triple": {"host": "soft_triple"},
    "neighbours": {"neighbour_weight": 0.5},
    "orthogonality": {"orthogonality": 1.0},
}
DEFAULT = "proxy_nca"
GAIN = 0.003


def scores(name: str, seed: int) -> dict[str, float]:
    seen, new = PROCESSES[name](seed=seed), PROCESSES[name](seed=seed, draw="unseen")
    out = {}
    for key, settings in VARIANTS.items():
        model = CouceRegressor(
            members=2, epochs=24, width=64, threads=1, proxy_columns=seen.proxies, **settings
        ).fit(seen.X, seen.y, seen.context)
        out[key] = float(1 - np.mean((model.predict(new.X) - new.y) ** 2) / np.var(new.y))
    return out


def gains(rows: dict[str, dict[str, dict[str, float]]]) -> dict[str, object]:
    """Paired gain in R2 of each variant over the default, and whether the drop rule keeps it."""
    all_rows = [row for process in rows.values() for row in process.values()]
    out: dict[str, object] = {}
    for key in VARIANTS:
        if key == DEFAULT or len(all_rows) < 3:
            continue
        gain = np.array([row[key] - row[DEFAULT] for row in all_rows])
        reach = float(student.ppf(0.95, len(gain) - 1) * gain.std(ddof=1) / np.sqrt(len(gain)))
        mean = float(gain.mean())
        out[key] = {
            "gain": mean,
            "interval_90": [mean - reach, mean + reach],
            "pairs": len(gain),
            "earns_its_place": mean >= GAIN and mean - reach > 0,
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=9.0)
    args = parser.parse_args()
    path, end = RESULTS / "encoder_hosts.json", time.monotonic() + 60 * args.minutes
    rows = json.loads(path.read_text(encoding="utf-8"))["r2_other_machines"] if path.exists() else {}
    for seed in range(args.seeds):
        for name in PROCESSES:
            if str(seed) in rows.get(name, {}) or time.monotonic() > end:
                continue
            rows.setdefault(name, {})[str(seed)] = scores(name, seed)
            write("encoder_hosts", {"gains": gains(rows), "r2_other_machines": rows})
    for key, gain in gains(rows).items():
        print(key, gain)


if __name__ == "__main__":
    main()
