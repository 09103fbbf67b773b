"""The same trials on a real Dask scheduler and two workers, on this computer's loopback only."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabcouce.encoder import CouceRegressor
from tabcouce.errors import FitError, MissingExtraError
from tabcouce.evaluation import Candidate, run_trials
from tabcouce.evaluation.cluster import cluster
from tabcouce.models import BoostingModel, ContextBoostingModel, ForestModel, LinearModel

LOOPBACK = pytest.mark.allow_hosts(["127.0.0.1"])
PANEL = [
    Candidate("linear", LinearModel),
    Candidate("random_forest", partial(ForestModel, trees=20)),
    Candidate("lightgbm", BoostingModel),
    Candidate("lightgbm_context", ContextBoostingModel, uses_context=True),
    Candidate("couce", partial(CouceRegressor, members=2, epochs=2, random_state=0), uses_context=True),
]


def start(*arguments: str) -> subprocess.Popen:
    root = str(Path(__file__).parents[2])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "dask", *arguments], env=environment, **quiet)


@pytest.fixture
def dask(tmp_path):
    """Address of a scheduler, and its two workers' processes."""
    pytest.importorskip("distributed")
    said = tmp_path / "scheduler.json"
    local = ["--scheduler-file", str(said), "--no-dashboard"]
    processes = [start("scheduler", "--host", "127.0.0.1", "--port", "0", *local)]
    workers = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)]
    processes += [start("worker", *local, *workers) for _ in range(2)]
    try:
        yield said, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def address_of(said: Path) -> str:
    import json

    from distributed import Client

    deadline = time.monotonic() + 60
    while not said.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.2)
    address = json.loads(said.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return address


def data(n: int = 120) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    machine = rng.integers(0, 4, n)
    X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["温度[℃]", "b", "c"])
    y = X["b"].to_numpy() + np.array([-5.0, 0.0, 1.0, 6.0])[machine] + 0.2 * rng.normal(size=n)
    return X, y, machine


@LOOPBACK
def test_a_cluster_gives_the_numbers_of_this_computer_although_a_worker_is_killed(dask, dataset_of, plan_of):
    said, processes = dask
    X, y, machine = data()
    dataset, plan = dataset_of(X, y, machine), plan_of(machine)
    here = list(run_trials(PANEL, dataset, plan))
    heard: list[str] = []

    def kill_one_worker(name: str) -> None:
        heard.append(name)
        if len(heard) == 2:
            os.kill(processes[1].pid, signal.SIGKILL)

    with cluster(address_of(said)) as executor:
        there = list(run_trials(PANEL, dataset, plan, executor=executor, progress=kill_one_worker))
    assert processes[1].wait(10) == -signal.SIGKILL and processes[2].poll() is None
    assert len(heard) == 4 * 8 + 1
    assert [(t.model, t.split, t.mode) for t in there] == [(t.model, t.split, t.mode) for t in here]
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.prediction, other.prediction)
        assert (one.rows_used, one.notes) == (other.rows_used, other.notes)
        for mine, theirs in zip(one.fitted, other.fitted, strict=True):
            np.testing.assert_array_equal(mine.estimate(X), theirs.estimate(X))


@LOOPBACK
def test_an_address_where_nobody_answers_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr("tabcouce.evaluation.cluster.ANSWER_SECONDS", 0.5)
    with pytest.raises(FitError, match="No Dask scheduler") as told, cluster("tcp://127.0.0.1:9"):
        pass
    assert "dask scheduler" in told.value.remedy


def test_without_the_extra_the_message_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError) as told, cluster("tcp://127.0.0.1:9"):
        pass
    assert "tabcouce[cluster]" in told.value.remedy
