"""Honest models for process data: compared on machines, lots and periods never seen.

    from pathlib import Path
    from tabcouce import CouceRegressor, open_inputs

    inputs = open_inputs(Path("sample_data/injection_line.xlsx"))

Names are loaded when they are first used, so that `import tabcouce` loads neither torch nor
pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabcouce.bundle import load_study, save_study
    from tabcouce.checks import Finding
    from tabcouce.encoder import CouceClassifier, CouceDetector, CouceRegressor
    from tabcouce.errors import TabcouceError
    from tabcouce.evaluation import Verdict
    from tabcouce.explanation import Attribution
    from tabcouce.read import Table, read_table
    from tabcouce.roles import Dataset, Roles
    from tabcouce.splits import Split
    from tabcouce.study import Effort, Study
    from tabcouce.study.fit import fit_study
    from tabcouce.study.inputs import open_inputs

HOME = {
    "Attribution": "tabcouce.explanation",
    "CouceClassifier": "tabcouce.encoder",
    "CouceDetector": "tabcouce.encoder",
    "CouceRegressor": "tabcouce.encoder",
    "Dataset": "tabcouce.roles",
    "Effort": "tabcouce.study",
    "Finding": "tabcouce.checks",
    "Roles": "tabcouce.roles",
    "Split": "tabcouce.splits",
    "Study": "tabcouce.study",
    "Table": "tabcouce.read",
    "TabcouceError": "tabcouce.errors",
    "Verdict": "tabcouce.evaluation",
    "fit_study": "tabcouce.study.fit",
    "load_study": "tabcouce.bundle",
    "open_inputs": "tabcouce.study.inputs",
    "read_table": "tabcouce.read",
    "save_study": "tabcouce.bundle",
}

__all__ = [
    "Attribution",
    "CouceClassifier",
    "CouceDetector",
    "CouceRegressor",
    "Dataset",
    "Effort",
    "Finding",
    "Roles",
    "Split",
    "Study",
    "TabcouceError",
    "Table",
    "Verdict",
    "fit_study",
    "load_study",
    "open_inputs",
    "read_table",
    "save_study",
]


def __getattr__(name: str) -> Any:
    if name in HOME:
        return getattr(import_module(HOME[name]), name)
    raise AttributeError(f"module 'tabcouce' has no attribute '{name}'")
