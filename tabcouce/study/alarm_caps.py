"""How many normal rows the dearer detectors learn from at most, for the report."""

from __future__ import annotations

from tabcouce.models.outlier_models import MOST_ROWS
from tabcouce.roles.dataset import Dataset
from tabcouce.study.effort import Effort
from tabcouce.study.value import Cap


def alarm_caps(dataset: Dataset, effort: Effort) -> tuple[Cap, ...]:
    """Every limit that bites; none but for the task 'anomaly'.

    The unlabelled encoder learns from as many contrast rows as normal ones, so it takes half of its rows.
    """
    if dataset.task != "anomaly":
        return ()
    normal = int((dataset.y == 0).sum()) if dataset.approved is None else int(dataset.approved.sum())
    most = {"isolation_forest": MOST_ROWS, "lof": MOST_ROWS}
    if not dataset.labelled:
        most["couce"] = effort.encoder_rows // 2
    return tuple(
        Cap(f"normal rows per fold, {key}", limit, normal) for key, limit in most.items() if normal > limit
    )
