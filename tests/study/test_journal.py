"""`fit --resume`: finished folds are not trained again, and the result is that of one run."""

import hashlib
import json

import numpy as np
import pytest
from small_study import ROLES, process, run

from tabcouce.evaluation import LocalExecutor
from tabcouce.models import ConstantModel
from tabcouce.study.object_file import ObjectFileError, dump_object, load_object


@pytest.fixture
def press(tmp_path, monkeypatch):
    """A file, and a panel of quick models that hold every kind of object."""
    from dataclasses import replace

    from tabcouce.study import panel

    whole = panel.panel

    def chosen(dataset, effort, **settings):
        keys = ("constant", "random_forest", "lightgbm", "couce")
        small = replace(effort, members=2, epochs=2, trees=20)
        return tuple(c for c in whole(dataset, small, **settings) if c.key in keys)

    monkeypatch.setattr("tabcouce.study.fit.panel", chosen)
    path = tmp_path / "press.csv"
    process(4, 15).to_csv(path, index=False)
    (tmp_path / "press.roles.toml").write_text(ROLES, encoding="utf-8")
    return path


class KilledError(BaseException):
    """Stands for SIGKILL; not even Ctrl-C's handling may see it."""


def fit(press, name, *more):
    return run("fit", press, "--out", press.parent / name, "--effort", "quick", "--quiet", *more)


def without_times(path):
    def clean(part):
        if isinstance(part, dict):
            return {k: clean(v) for k, v in part.items() if k not in ("timings", "fit_seconds", "seconds")}
        return [clean(each) for each in part] if isinstance(part, list) else part

    return clean(json.loads((path / "result.json").read_text("utf-8")))


def killed_after(jobs, monkeypatch, whole=LocalExecutor.run):
    """The process dies when so many jobs are kept; returns which jobs were asked for."""
    asked_for = []

    def run_some(self, asked, dataset, say):
        asked_for.extend(f"{job.model}, {job.part}" for job in asked)
        for number, fits in enumerate(whole(self, asked, dataset, say)):
            if number == jobs:
                raise KilledError
            yield fits

    monkeypatch.setattr(LocalExecutor, "run", run_some)
    return asked_for


def test_a_killed_fit_goes_on_from_its_finished_folds_and_gives_the_same_result(press, monkeypatch):
    assert fit(press, "whole").exit_code == 0
    assert not (press.parent / "whole" / ".unfinished").exists()
    first = killed_after(20, monkeypatch)
    with pytest.raises(KilledError):
        fit(press, "killed")
    assert not (press.parent / "killed" / "report.html").exists()
    again = killed_after(1000, monkeypatch)
    answer = fit(press, "killed", "--resume")
    assert answer.exit_code == 0, answer.output
    assert len(again) == len(first) - 20 and again == first[20:]
    one, other = without_times(press.parent / "whole"), without_times(press.parent / "killed")
    one["study"]["name"] = other["study"]["name"]
    assert one == other
    assert not (press.parent / "killed" / ".unfinished").exists()


def test_a_journal_of_other_data_or_settings_is_refused_with_what_differs(press, monkeypatch):
    killed_after(2, monkeypatch)
    with pytest.raises(KilledError):
        fit(press, "o")
    seed = fit(press, "o", "--resume", "--seed", "3")
    assert seed.exit_code == 3 and "other seed" in seed.stderr and "without --resume" in seed.stderr
    process(4, 15, seed=5).to_csv(press, index=False)
    data = fit(press, "o", "--resume")
    assert data.exit_code == 3 and "other data" in data.stderr
    assert fit(press, "nothing", "--resume").exit_code == 3


def test_a_file_of_the_journal_that_was_cut_off_is_trained_again(press, monkeypatch):
    whole = killed_after(3, monkeypatch)
    with pytest.raises(KilledError):
        fit(press, "o")
    files = [p for p in (press.parent / "o" / ".unfinished" / "0").iterdir()]
    assert len(files) == 3
    files[0].write_bytes(files[0].read_bytes()[:-10])
    again = killed_after(0, monkeypatch)
    with pytest.raises(KilledError):
        fit(press, "o", "--resume")
    assert len(again) == len(whole) - 2


def test_objects_come_back_as_they_were_and_shared_ones_stay_shared():
    shared = np.arange(3.0)
    value = (shared, [shared, float("nan"), -0.0, None, True, "温度[℃]"], {("a", 1): {2, 3}}, np.float32(0.1))
    back = load_object(dump_object(value))
    assert back[1][0] is back[0] and np.array_equal(back[0], shared)
    assert np.isnan(back[1][1]) and str(back[1][2]) == "-0.0" and back[1][3:] == [None, True, "温度[℃]"]
    assert back[2] == {("a", 1): {2, 3}} and back[3].dtype == np.float32 and back[3] == value[3]


def test_a_file_cannot_name_a_class_that_is_none_of_a_fitted_model():
    with pytest.raises(TypeError, match="no plain form"):
        dump_object(lambda: 0)
    good = dump_object(ConstantModel())
    for name, other in ((b"ConstantModel", b"ConstantModal"), (b"tabcouce.models.", b"subprocess.call.")):
        assert name in good
        body = good[32:].replace(name, other)
        with pytest.raises(ObjectFileError, match="no class of a fitted model"):
            load_object(hashlib.sha256(body).digest() + body)
    with pytest.raises(ObjectFileError, match="checksum"):
        load_object(good[:-1])
