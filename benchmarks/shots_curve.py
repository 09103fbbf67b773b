"""What are k labelled rows of a new machine worth, per model?

    python benchmarks/shots_curve.py ../shared/data [--only nasa_milling ...] [--most-rows 3000]

Error on held-out contexts against the number of labelled rows, every model given the same rows.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import record
from headline_trials import headline

from tabcouce.evaluation.shots_curve import shots_curve

TABLES = ("nasa_milling", "garment_productivity", "gas_turbine")
MODELS = ("linear", "random_forest", "lightgbm", "lightgbm_context", "kernel", "couce", "system")


def one_table(folder: Path, most_rows: int) -> dict[str, Any]:
    found = headline(folder, MODELS, most_rows=most_rows)
    curve = shots_curve(found.trials, MODELS, found.dataset, found.split, draws=1000, seed=0)
    drawn = None
    if curve is not None:
        drawn = {
            "metric": curve.metric,
            "k": list(curve.shots),
            "contexts": curve.contexts,
            "left_out": curve.left_out,
            "sets": curve.sets,
            "error": {
                each.model: {"value": each.error, "low": each.low, "high": each.high} for each in curve.curves
            },
        }
    return {
        "sha256": found.sha256,
        "commit": record.commit(),
        "rows": len(found.dataset.y),
        "split": found.split.key,
        "curve": drawn,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(TABLES))
    parser.add_argument("--most-rows", type=int, default=3000)
    options = parser.parse_args()
    path = record.RESULTS / "shots_curve.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    tables = known.get("tables", {})
    for name in options.only:
        tables[name] = one_table(options.folder / name, options.most_rows)
        print(name, json.dumps(tables[name]["curve"]), flush=True)
        record.write("shots_curve", {"tables": tables})


if __name__ == "__main__":
    main()
