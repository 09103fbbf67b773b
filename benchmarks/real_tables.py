"""`tabcouce fit` on every table of a folder, as a user would run it.

    python benchmarks/real_tables.py ../shared/data --effort quick [--only nasa_milling ...]

Each sub-folder holds data and a roles.toml. Prints and writes one row per target: scores of
every model shuffled and on unseen contexts, seconds, peak memory, verdict. Tables already in
the result file with the same data hash and commit are not run again (--again runs them).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

import record


def run_fit(data: Path, roles: Path, out: Path, effort: str) -> dict[str, Any]:
    """One whole process; its wall seconds, peak memory and exit code."""
    command = [sys.executable, "-m", "tabcouce", "fit", str(data), "--roles", str(roles)]
    command += ["--out", str(out), "--effort", effort, "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    text, errors = process.communicate()
    _, usage = 0, __import__("resource").getrusage(__import__("resource").RUSAGE_CHILDREN)
    return {
        "exit_code": process.returncode,
        "wall_s": round(time.perf_counter() - start, 1),
        "children_peak_mb_so_far": round(usage.ru_maxrss / 1024),
        "verdict": text.strip(),
        "errors": errors.strip()[-600:],
    }


def scores(result: dict[str, Any]) -> dict[str, Any]:
    """split -> model -> the primary score, its interval and the fit seconds."""
    metric = "r2" if result["study"]["task"] == "regression" else "auc"
    table: dict[str, Any] = {}
    for split, content in result["splits"].items():
        table[split] = {}
        for model, entry in content.get("models", {}).items():
            kept = {"auc": entry["metrics"].get("auc"), "r2": entry["metrics"].get("r2")}[metric]
            row = {metric: kept and [kept["value"], kept["low"], kept["high"]], "fit_s": entry["fit_seconds"]}
            for other in ("f1", "recall_at_5pct_false_alarms", "average_precision"):
                if other in entry["metrics"]:
                    row[other] = entry["metrics"][other]["value"]
            table[split][model] = row
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--effort", default="quick")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    name = f"real_tables_{options.effort}"
    path = record.RESULTS / f"{name}.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    tables: dict[str, Any] = known.get("tables", {})
    for roles in sorted(options.folder.glob("*/roles.toml")):
        key = roles.parent.name
        if options.only and key not in options.only:
            continue
        if key in tables and tables[key].get("commit") == record.commit() and not options.again:
            continue
        declared = tomllib.loads(roles.read_text("utf-8"))
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(os.environ.get("TABCOUCE_BENCH_OUT", scratch)) / key
            row = {
                "commit": record.commit(),
                **run_fit(roles.parent / declared["file"], roles, out, options.effort),
            }
            documents = []
            several = sorted(out.glob("targets/*/result.json"))
            for file in several or [out / "result.json"]:
                if file.exists():
                    documents.append(json.loads(file.read_text("utf-8")))
            row["targets"] = [
                {
                    "target": d["study"]["target"],
                    "task": d["study"]["task"],
                    "rows": d["study"]["rows"],
                    "sha256": d["study"]["source"]["sha256"],
                    "outcome": d["verdict"]["outcome"],
                    "recommended": d["verdict"]["recommended"],
                    "splits": scores(d),
                    "timings": d["timings"],
                }
                for d in documents
            ]
        tables[key] = row
        print(key, row["exit_code"], row["wall_s"], "s", flush=True)
        record.write(name, {"effort": options.effort, "tables": tables})


if __name__ == "__main__":
    main()
