"""A network in context from a checkpoint on disk: it takes part, is proved to be the same, runs no code."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import torch
from random_checkpoint import random_checkpoint
from test_outside_model import machines

from tabcouce.errors import BundleError, FitError, MissingExtraError, ReadError
from tabcouce.models import in_context
from tabcouce.models.checkpoint import Checkpoint
from tabcouce.models.contract import State
from tabcouce.models.in_context import InContextModel
from tabcouce.study.object_file import dump_object, load_object


@pytest.fixture
def regressor(tmp_path) -> Checkpoint:
    pytest.importorskip("tabicl")
    return Checkpoint.read(random_checkpoint(tmp_path / "numbers.ckpt", classes=0))


@pytest.fixture
def classifier(tmp_path) -> Checkpoint:
    pytest.importorskip("tabicl")
    return Checkpoint.read(random_checkpoint(tmp_path / "classes.ckpt", classes=3))


def restored(model: InContextModel) -> InContextModel:
    state = model.state()
    return InContextModel.from_state(State(state.settings, dict(state.arrays)))


def test_a_number_is_predicted_from_the_rows_shown_and_comes_back_from_the_state(regressor) -> None:
    X, y, context = machines()
    model = InContextModel(regressor).fit(X, y, context)
    told = model.predict(X)
    assert np.ptp(told) > 0 and (told > y.min() - y.std()).all() and (told < y.max() + y.std()).all()
    assert (restored(model).predict(X) == told).all()
    other = InContextModel(regressor).fit(X, y[::-1].copy(), context)
    assert np.abs(other.predict(X) - told).max() > 0.01 * np.ptp(told)  # the labels shown decide


def test_training_rows_are_predicted_without_their_machine(regressor) -> None:
    X, y, context = machines()
    model = InContextModel(regressor).fit(X, y, context)
    assert np.isfinite(model.left_out_).all()
    moved = y + 1e-3 * (context["機番"] == "2")
    again = InContextModel(regressor).fit(X, moved.to_numpy(), context)
    own = (context["機番"] == "2").to_numpy()
    alike = again.left_out_[own] == pytest.approx(model.left_out_[own], rel=1e-3)
    assert alike and np.abs(again.left_out_[~own] - model.left_out_[~own]).max() > 1e-5


def test_a_prediction_depends_on_no_other_row_and_stands_a_blank_and_a_fault(regressor) -> None:
    X, y, context = machines()
    model = InContextModel(regressor).fit(X, y, context)
    new = machines(seed=1)[0].iloc[:20]
    new.loc[:, "b"] = np.nan  # TabICL leaves out a column that is blank in all rows asked about
    new.loc[7, "温度[℃]"] = 1e33
    whole = model.predict(new)
    assert np.isfinite(whole).all()
    filled = new.copy()
    filled["b"] = X["b"].median()
    assert model.predict(filled) == pytest.approx(whole, abs=1e-6 * y.std())
    alone = np.concatenate([model.predict(new.iloc[[i]]) for i in range(len(new))])
    assert alone == pytest.approx(whole, abs=1e-4 * y.std())


def test_classes_have_probabilities_also_those_that_the_network_does_not_know(classifier) -> None:
    X, y, context = machines()
    for cuts in ([0.3, 0.7], [0.2, 0.4, 0.6, 0.8]):
        label = np.digitize(y, np.quantile(y, cuts)).astype(float)
        model = InContextModel(classifier, "classification").fit(X, label, context)
        told = model.predict_proba(X)
        assert told.shape == (240, len(cuts) + 1) and told.sum(axis=1) == pytest.approx(1.0)
        assert restored(model).predict_proba(X) == pytest.approx(told, abs=1e-9)


def test_a_few_rows_are_shown_and_every_class_is_among_them(classifier, monkeypatch) -> None:
    monkeypatch.setattr(in_context, "MOST_ROWS", 40)
    X, _, context = machines()
    rare = (np.arange(240) == 17).astype(float)
    model = InContextModel(classifier, "classification").fit(X, rare, context)
    assert 40 <= model.rows_used_ <= 42 and model.shown_.label.sum() == 1


def test_a_checkpoint_of_the_other_task_is_refused(regressor, classifier) -> None:
    X, y, context = machines()
    with pytest.raises(FitError, match="predicts classes") as caught:
        InContextModel(classifier).fit(X, y, context)
    assert "regressor" in caught.value.remedy
    with pytest.raises(FitError, match="predicts a number") as caught:
        InContextModel(regressor, "classification").fit(X, (y > np.median(y)).astype(float), context)
    assert "classifier" in caught.value.remedy


def test_a_checkpoint_that_is_gone_moved_or_another_is_said_and_found_again(
    regressor, tmp_path, monkeypatch
) -> None:
    X, y, context = machines()
    model = InContextModel(regressor).fit(X, y, context)
    told = model.predict(X)
    moved = tmp_path / "elsewhere" / "numbers.ckpt"
    moved.parent.mkdir()
    (tmp_path / "numbers.ckpt").rename(moved)
    with pytest.raises(BundleError, match="no longer there") as caught:
        restored(model).predict(X)
    assert "numbers.ckpt" in str(caught.value) and regressor.sha256[:16] in caught.value.remedy
    monkeypatch.setenv("TABCOUCE_CHECKPOINTS", str(moved.parent))
    assert (restored(model).predict(X) == told).all()
    random_checkpoint(moved, classes=0, seed=1)
    with pytest.raises(BundleError, match="not the checkpoint that the study was fitted with"):
        restored(model).predict(X)


def test_neither_the_state_nor_the_journal_holds_the_weights(regressor, tmp_path) -> None:
    X, y, context = machines()
    model = InContextModel(regressor).fit(X, y, context)
    assert set(model.state().arrays) == {"rows", "label", "centre", "factor"}
    assert (load_object(dump_object(model)).predict(X) == model.predict(X)).all()


class Runs:
    """Pickled, this asks for a call of the reader."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_file_that_asks_for_code_is_refused_unopened(tmp_path) -> None:
    path, made = tmp_path / "evil.ckpt", tmp_path / "made"
    for protocol in (2, 4):
        content = {"config": {"max_classes": 0}, "state_dict": Runs(made)}
        torch.save(content, path, pickle_protocol=protocol)
        with pytest.raises(ReadError, match="asks for more than weights"):
            Checkpoint.read(path)
        assert not made.exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut off"])
def test_what_torch_did_not_save_is_refused(tmp_path, content) -> None:
    path = tmp_path / "notes.ckpt"
    path.write_bytes(content)
    with pytest.raises(ReadError, match="no file of weights") as caught:
        Checkpoint.read(path)
    assert "notes.ckpt" in str(caught.value) and "nothing is downloaded" in caught.value.remedy


def test_weights_of_another_network_are_refused(tmp_path) -> None:
    pytest.importorskip("tabicl")
    path = tmp_path / "other.ckpt"
    for content in ({"weight": torch.zeros(3)}, {"config": {"max_classes": 0}, "state_dict": {}}, [1, 2]):
        torch.save(content, path)
        with pytest.raises(ReadError, match="cannot open it"):
            Checkpoint.read(path)


def test_tabicl_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch) -> None:
    path = tmp_path / "weights.ckpt"
    torch.save({"config": {}, "state_dict": {}}, path)
    monkeypatch.setitem(sys.modules, "tabicl", None)
    with pytest.raises(MissingExtraError, match="tabicl") as caught:
        Checkpoint.read(path)
    assert "tabcouce[tabicl]" in str(caught.value)
