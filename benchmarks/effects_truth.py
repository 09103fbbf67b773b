"""Do the intervals of the adjusted effects hold what they say, and is a claimed sign right?

    python benchmarks/effects_truth.py --runs 200

Draws of `confounded_line` with 12, 16 and 24 machines in turn. Per column: how often the 95 %
interval of the naive and of the adjusted slope covers the true mean slope; over all columns, how
often a claimed sign (interval and Benjamini-Hochberg value over the factors) is wrong, and how
often an effect is claimed for a column that has none.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from confounded_line import COLUMNS, confounded_line
from record import write

from tabcouce.explanation.effects import slopes
from tabcouce.explanation.factor import Effect

MACHINES = (12, 16, 24)


def covers(effect: Effect, truth: float) -> bool:
    return effect.low is not None and effect.high is not None and effect.low <= truth <= effect.high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=480)
    args = parser.parse_args()
    start = time.process_time()
    naive = {c: [] for c in COLUMNS}
    adjusted = {c: [] for c in COLUMNS}
    bias = {c: [] for c in COLUMNS}
    claimed = wrong = false_alarms = nulls = open_effects = 0
    for run in range(args.runs):
        line = confounded_line(
            seed=1000 + run, confounded=True, rows=args.rows, machines=MACHINES[run % len(MACHINES)]
        )
        found = slopes(line.data, COLUMNS, line.split, seed=run)
        for column, pair in found.items():
            truth = line.effects[column]
            naive[column].append(covers(pair.naive, truth))
            if pair.adjusted.low is None:
                open_effects += 1
                continue
            adjusted[column].append(covers(pair.adjusted, truth))
            bias[column].append(pair.adjusted.slope - truth)
            nulls += truth == 0
            if pair.adjusted.claimed:
                claimed += truth != 0
                false_alarms += truth == 0
                wrong += truth != 0 and pair.adjusted.slope * truth < 0
    every = [value for values in adjusted.values() for value in values]
    columns = {
        c: {
            "truth": line.effects[c],
            "naive_coverage": float(np.mean(naive[c])),
            "adjusted_coverage": float(np.mean(adjusted[c])) if adjusted[c] else None,
            "intervals": len(adjusted[c]),
            "bias": float(np.mean(bias[c])) if bias[c] else None,
            "sd": float(np.std(bias[c])) if bias[c] else None,
        }
        for c in COLUMNS
    }
    figures = {
        "runs": args.runs,
        "rows": args.rows,
        "machines": MACHINES,
        "adjusted_coverage": float(np.mean(every)),
        "sign_errors": wrong / max(claimed, 1),
        "claimed_true_effects": claimed,
        "false_alarms": false_alarms / max(nulls, 1),
        "refused": open_effects,
        "columns": columns,
        "process_seconds": time.process_time() - start,
    }
    print(write("effects_truth", figures))
    for c, row in columns.items():
        print(f"{c:26s}", {k: round(v, 3) for k, v in row.items() if v is not None})
    print({k: v for k, v in figures.items() if k != "columns"})


if __name__ == "__main__":
    main()
