"""Vega-Lite specs of the report's charts; the only package that imports altair.

Every field has a neutral name (f0, f1, ...): a dot, bracket or script in a column name means
something to Vega-Lite and to the page. The user's names appear only as titles and cells.
"""

from tabcouce.report.charts.curves import evidence_lines, shape_curve, what_if_panels
from tabcouce.report.charts.effects import effect_arrows
from tabcouce.report.charts.embedding import embedding_panels
from tabcouce.report.charts.factors import factor_curve, importance_bars
from tabcouce.report.charts.modifiers import modifier_forest
from tabcouce.report.charts.points import class_probabilities, has_points, observed_against_predicted
from tabcouce.report.charts.residuals import residuals_along_time, residuals_by_context
from tabcouce.report.charts.savings import savings_curve
from tabcouce.report.charts.scores import context_scores, difference_forest, honesty_strip
from tabcouce.report.charts.shots import shots_lines
from tabcouce.report.charts.swarm import contribution_swarm

__all__ = [
    "class_probabilities",
    "context_scores",
    "contribution_swarm",
    "difference_forest",
    "effect_arrows",
    "embedding_panels",
    "evidence_lines",
    "factor_curve",
    "has_points",
    "honesty_strip",
    "importance_bars",
    "modifier_forest",
    "observed_against_predicted",
    "residuals_along_time",
    "residuals_by_context",
    "savings_curve",
    "shape_curve",
    "shots_lines",
    "what_if_panels",
]
