"""Every out-of-fold prediction beside the address of its row in the user's file."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from tabcouce.evaluation.trial import Trial
from tabcouce.report.summary import MODEL_ORDER
from tabcouce.roles.dataset import Dataset
from tabcouce.study.alarms import AlarmStudy
from tabcouce.study.value import TargetStudy
from tabcouce.system.alarm import LIMIT


def model_rank(model: str) -> tuple[int, str]:
    """Sort key: simplest model first, unknown ones last."""
    return (MODEL_ORDER.index(model) if model in MODEL_ORDER else len(MODEL_ORDER), model)


def single_number(trial: Trial, dataset: Dataset) -> npt.NDArray[np.float64]:
    """(n,) predicted value; the probability of the positive class, or of the row's own class.

    With two classes the second is the positive one; with more, the probability that the model
    gave to the class that was observed.
    """
    prediction = np.asarray(trial.prediction, float)
    if prediction.ndim == 1:
        return prediction
    if prediction.shape[1] == 2:
        return prediction[:, 1]
    own = prediction[np.arange(len(prediction)), dataset.y.astype(int)]
    return np.asarray(own, float)


def trial_of(study: TargetStudy, split: str, model: str, mode: str = "blind") -> Trial | None:
    """The trial of one model on one split in one mode; None where it was not run so."""
    asked = (split, model, mode)
    return next((trial for trial in study.trials if (trial.split, trial.model, trial.mode) == asked), None)


def models_of(study: TargetStudy) -> tuple[str, ...]:
    """Models that were scored, simplest first."""
    return tuple(sorted({trial.model for trial in study.trials}, key=model_rank))


def predictions_frame(study: TargetStudy) -> pd.DataFrame:
    """All out-of-fold predictions of one target, one row per row of the dataset.

    Columns: 'row' (1-based row of the file), 'context:<column>' per context column,
    'observed' (value, or class text), then '<split>:<model>' for the headline and the
    shuffled split, '<split>/known:<model>' where the contexts were given. For classes the
    probability of the positive class, or of the observed class where there are more than two,
    and '<split>:<model>:class', the predicted class. With alarms the columns 'alarm:...'.
    """
    dataset = study.dataset
    columns: dict[str, object] = {"row": dataset.rows}
    for name in dataset.contexts.columns:
        columns[f"context:{name}"] = dataset.contexts[name].astype(object).to_numpy()
    classes = np.asarray(dataset.classes, object)
    if dataset.labelled:
        columns["observed"] = classes[dataset.y.astype(int)] if len(classes) else dataset.y
    if study.alarms is not None:
        columns |= _alarm_columns(study.alarms, dataset)
    for split in dict.fromkeys((study.plan.headline, "shuffled")):
        for model, mode in product(models_of(study), ("blind", "known")):
            trial = trial_of(study, split, model, mode)
            if trial is None:
                continue
            key = f"{split}:{model}" if mode == "blind" else f"{split}/{mode}:{model}"
            columns[key] = single_number(trial, dataset)
            if len(classes):
                columns[f"{key}:class"] = _predicted_class(trial, classes)
    return pd.DataFrame(columns)


def _alarm_columns(alarms: AlarmStudy, dataset: Dataset) -> dict[str, object]:
    """'alarm:approved' where a period was named, 'alarm:score' (limit 1) and 'alarm:rings', 0 or 1."""
    place = np.searchsorted(dataset.rows, alarms.rows)
    score, rings = np.full(len(dataset.rows), np.nan), np.full(len(dataset.rows), np.nan)
    score[place], rings[place] = alarms.score, alarms.score > LIMIT
    found: dict[str, object] = {}
    if dataset.approved is not None:
        found["alarm:approved"] = dataset.approved.astype(int)
    return {**found, "alarm:score": score, "alarm:rings": rings}


def _predicted_class(trial: Trial, classes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """(n,) text of the most probable class; None where no fold tested the row."""
    probability = np.asarray(trial.prediction, float)
    if probability.ndim == 1:
        probability = np.column_stack([1 - probability, probability])
    tested = np.isfinite(probability).all(axis=1)
    named = np.full(len(probability), None, object)
    named[tested] = classes[probability[tested].argmax(axis=1)]
    return named
