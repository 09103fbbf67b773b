"""Fit one outside model on the folds of one job; runs in the peers' environment, never imports tabcouce.

    python worker.py job.npz realmlp_td OUT --cpu-seconds 600 --bags 1

Every fold is a single fit with the published defaults (-TD, -D of pytabkit): the 20 % of the training
rows by which rounds or epochs are chosen are drawn at random by the package itself. With --bags 8 it is
the mean of eight, each of which chooses by an eighth of the training rows. Classes are judged
by AUC here, so cross-entropy chooses the epoch and RealMLP smooths no labels, as its authors advise.
A blank becomes the median of the training rows with a flag column beside it, a blank level its own
level: pytabkit takes no blanks, and all are to be given the same columns. A reading a million
interquartile ranges away (a glitch of 1e33) counts as blank: scikit-learn refuses such a number, and
the comparison is of models, not of who survives it.
A training that ends in predictions that are no numbers is begun once more, with the next seed.
A fold that takes more than the CPU seconds ends the process (SIGXCPU); finished folds are on disk.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TREES = 300
GLITCH = 1e6
SINGLE = 1e30
BLANK = "(blank)"


def inputs(job: Any, kinds: list[str], train: np.ndarray) -> pd.DataFrame:
    """(n, p + flags) columns c0.., numbers without blanks or categories; medians of training rows."""
    columns: dict[str, Any] = {}
    for j, kind in enumerate(kinds):
        cells = job[f"column_{j}"]
        if kind == "category":
            columns[f"c{j}"] = pd.Categorical(np.where(cells == "", BLANK, cells))
            continue
        blank = np.isnan(cells) | glitches(cells, train)
        known = cells[train][~blank[train]]
        columns[f"c{j}"] = np.where(blank, np.median(known) if len(known) else 0.0, cells)
        if blank[train].any():
            columns[f"c{j}_blank"] = blank.astype(float)
    return pd.DataFrame(columns)


def glitches(cells: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(n,) readings that are beyond single precision, or absurdly far from the training rows' middle."""
    known = cells[train][~np.isnan(cells[train])]
    if not len(known):
        return np.zeros(len(cells), bool)
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    far = GLITCH * (high - low) if high > low else SINGLE
    return np.abs(cells - middle) > min(far, SINGLE)


def model_for(peer: str, regression: bool, seed: int, bags: int) -> Any:
    """A fresh, unfitted estimator."""
    if peer == "random_forest_sklearn":
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        forest = RandomForestRegressor if regression else RandomForestClassifier
        return forest(n_estimators=TREES, n_jobs=1, random_state=seed)
    from pytabkit.models.sklearn import sklearn_interfaces as tabkit

    name = {
        "lightgbm_td": "LGBM_TD",
        "catboost_td": "CatBoost_TD",
        "xrfm_d": "XRFM_D",
        "realmlp_td": "RealMLP_TD",
        "tabm_d": "TabM_D",
    }[peer.partition("_bag")[0]]
    chosen: dict[str, Any] = {"n_threads": 1, "random_state": seed, "device": "cpu"}
    if bags > 1:
        chosen["n_cv"] = bags
    if not regression:
        chosen["val_metric_name"] = "cross_entropy"
    if not regression and name == "RealMLP_TD":
        chosen["use_ls"] = False
    return getattr(tabkit, f"{name}_{'Regressor' if regression else 'Classifier'}")(**chosen)


def one_hot(frame: pd.DataFrame) -> pd.DataFrame:
    """scikit-learn's forest takes numbers only."""
    return pd.get_dummies(frame, dtype=float)


def limit_cpu(seconds: float) -> None:
    """From now on the process may use so much CPU time; past it the kernel sends SIGXCPU."""
    end = int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def fit_fold(
    job: Any, meta: dict[str, Any], peer: str, fold: str, seconds: float, bags: int
) -> dict[str, np.ndarray]:
    """Prediction of the test rows, classes that it has a column for, CPU seconds of the fit."""
    train, test = job[f"train_{fold}"], job[f"test_{fold}"]
    frame = inputs(job, meta["kinds"], train)
    if peer == "random_forest_sklearn":
        frame = one_hot(frame)
    y = job["y"] if meta["regression"] else job["y"].astype(int)
    rows = frame.iloc[test].reset_index(drop=True)
    limit_cpu(seconds)
    spent = 0.0
    for seed in (meta["seed"], meta["seed"] + 1):
        model = model_for(peer, meta["regression"], seed, bags)
        start = time.process_time()
        model.fit(frame.iloc[train].reset_index(drop=True), y[train])
        spent += time.process_time() - start
        if meta["regression"]:
            found, classes = np.asarray(model.predict(rows), float).ravel(), np.zeros(0)
        else:
            found, classes = np.asarray(model.predict_proba(rows), float), np.asarray(model.classes_, float)
        if np.isfinite(found).all():
            break
    return {"prediction": found.astype(np.float32), "classes": classes, "seconds": np.asarray(spent)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", type=Path)
    parser.add_argument("peer")
    parser.add_argument("out", type=Path)
    parser.add_argument("--cpu-seconds", type=float, default=600.0)
    parser.add_argument("--bags", type=int, default=1)
    options = parser.parse_args()
    job = np.load(options.job, allow_pickle=False)
    meta = json.loads(str(job["meta"]))
    for fold in meta["folds"]:
        with contextlib.redirect_stdout(sys.stderr):  # the packages print; stdout tells finished folds
            found = fit_fold(job, meta, options.peer, fold, options.cpu_seconds, options.bags)
        with (options.out / f"{fold}.npz").open("wb") as file:
            np.savez_compressed(file, **found)
        print(fold, flush=True)


if __name__ == "__main__":
    main()
