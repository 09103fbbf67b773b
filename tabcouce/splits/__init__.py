"""Dataset -> Splits, disjoint by construction."""

from tabcouce.splits.plan import describe, plan_splits
from tabcouce.splits.split import Fold, Split, SplitPlan

__all__ = ["Fold", "Split", "SplitPlan", "describe", "plan_splits"]
