"""How a benchmark's figures are written down: what was run, on what, with which versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("tabcouce", "numpy", "pandas", "scikit-learn", "lightgbm", "torch", "shap")


def commit() -> str:
    """The commit the figures belong to; '+changes' where the tree was not clean."""
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "--", "tabcouce"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return head + ("+changes" if dirty else "")


def write(name: str, figures: dict[str, Any]) -> Path:
    """Write `benchmarks/results/<name>.json`; `figures` holds what was measured."""
    document = {
        "benchmark": name,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "commit": commit(),
        "command": " ".join(["python", *sys.argv]),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        "cores": os.cpu_count(),
        **figures,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
