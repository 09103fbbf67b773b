"""When new values keep the study's promise, when they break it, and when they cannot tell."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tabcouce.advice.neighbour_quality import NeighbourQuality
from tabcouce.advice.past_rows import PastRows
from tabcouce.read.table import Column, Source, Table
from tabcouce.study.predict import predict, predict_study
from tabcouce.study.promise import FEWEST_ROWS, judge
from tabcouce.study.saved import InputColumn, Memory, Promise, SavedStudy, SavedTarget
from tabcouce.system import Intervals, TrainingRange

X = pd.DataFrame({"x": np.linspace(0.0, 10.0, 40)})


class Echo:
    """A model whose estimate is its input, or its input as the probability of the second class."""

    def __init__(self, classes: int = 0) -> None:
        self.classes = classes

    def estimate(self, rows, context=None):
        x = rows["x"].to_numpy(float)
        return x if self.classes == 0 else np.column_stack([1 - x / 10, x / 10])


def saved(
    classes: tuple[str, ...] = (), *, half_width: float = 2.0, outcome: str = "use_model"
) -> SavedTarget:
    band = Intervals(0.9, half_width, 0.9, (0.9,), 100, 5, "unseen:machine")
    promise = Promise("auc", 0.9, 0.8, 0.95, None) if classes else Promise("r2", 0.8, 0.7, 0.9, 1.0, 1.2)
    return SavedTarget(
        target="強度",
        task="binary" if classes else "regression",
        classes=classes,
        inputs=(InputColumn("x", True),),
        levels={},
        recommended="linear",
        known_context="linear",
        outcome=outcome,
        models={"linear": Echo(len(classes))},
        intervals=None if classes else band,
        inside=TrainingRange.of(X),
        promise=promise,
    )


def table_of(cells: dict[str, object]) -> Table:
    frame = pd.DataFrame(cells)
    return Table(
        Source("new.csv", "abc"),
        tuple(Column(n, "A") for n in frame),
        frame,
        np.arange(2, len(frame) + 2),
        (1,),
    )


def test_small_errors_keep_the_promise_although_the_new_rows_hardly_vary() -> None:
    """Rows of one machine: R2 is far below the promised 0.7, every error within the promise."""
    narrow = np.full(40, 5.0)
    noise = np.random.default_rng(0).normal(scale=0.8, size=40)
    outcome = judge(saved(), narrow, pd.Series(narrow + noise))
    assert outcome is not None and outcome.scores["r2"] < 0.1
    assert outcome.kept is True


def test_errors_above_the_promised_bound_break_it() -> None:
    x = X["x"].to_numpy()
    outcome = judge(saved(), x, pd.Series(x + 1.9))
    assert outcome is not None and outcome.coverage == 1.0
    assert outcome.kept is False


def test_a_coverage_that_chance_explains_breaks_nothing() -> None:
    x = np.full(10, 5.0)
    errors = np.array([2.1, 2.1, 2.1, 0, 0, 0, 0, 0, 0, 0])
    few = judge(saved(), x, pd.Series(x + errors))
    many = judge(saved(), np.tile(x, 20), pd.Series(np.tile(x + errors, 20)))
    assert few is not None and few.coverage == pytest.approx(0.7) and few.kept is True
    assert many is not None and many.coverage == pytest.approx(0.7) and many.kept is False


def test_too_few_values_neither_keep_nor_break_the_promise() -> None:
    x = X["x"].to_numpy()
    values = pd.Series(x + 50.0).where(np.arange(40) < FEWEST_ROWS - 1)
    outcome = judge(saved(), x, values)
    assert outcome is not None and outcome.n == FEWEST_ROWS - 1 and outcome.kept is None


def test_a_blank_target_column_is_not_scored() -> None:
    assert judge(saved(), X["x"].to_numpy(), pd.Series([None] * 40, dtype=object)) is None


def test_an_infinite_interval_proves_no_coverage() -> None:
    x = X["x"].to_numpy()
    outcome = judge(saved(half_width=float("inf")), x, pd.Series(x))
    assert outcome is not None and outcome.coverage is None


def test_classes_are_judged_by_auc_and_one_class_alone_tells_nothing() -> None:
    study = saved(("OK", "NG"))
    estimate = study.models["linear"].estimate(X)
    good = np.where(X["x"] > 5, "NG", "OK")
    for cells, kept in ((good, True), (good[::-1], False), (np.full(40, "OK"), None)):
        outcome = judge(study, estimate, pd.Series(cells, dtype=object))
        assert outcome is not None and outcome.kept is kept


@pytest.mark.parametrize(("classes", "says"), [((), "not a number"), (("OK", "NG"), "no class of the study")])
def test_cells_that_cannot_be_scored_are_named(classes: tuple[str, ...], says: str) -> None:
    values: list[object] = list(X["x"]) if not classes else ["OK", "NG"] * 20
    values[3] = "weird"
    notes = predict(saved(classes), table_of({"x": X["x"], "強度 ": pd.Series(values, dtype=object)})).notes
    assert any("'weird' in row 5" in note and says in note for note in notes)


def test_predictions_of_a_study_that_advised_against_them_say_so() -> None:
    assert any(
        "do not predict" in n for n in predict(saved(outcome="do_not_predict"), table_of({"x": X["x"]})).notes
    )


def test_scores_on_the_training_file_are_called_what_they_are() -> None:
    from tabcouce.read.table import Layout

    table = table_of({"x": X["x"], "強度": X["x"]})
    for digest, told in (("abc", True), ("other", False)):
        [found] = predict_study(SavedStudy("s", Layout(), (), (saved(),), source_sha256=digest), table)
        assert any("have seen" in note for note in found.notes) is told


def test_a_renamed_column_is_not_confused_with_another_input() -> None:
    from tabcouce.errors import RoleError

    two = dataclasses.replace(saved(), inputs=(InputColumn("x1", True), InputColumn("x2", True)))
    with pytest.raises(RoleError) as error:
        predict(two, table_of({"x2": X["x"]}))
    assert "renamed" not in error.value.remedy
    with pytest.raises(RoleError) as error:
        predict(two, table_of({"x2": X["x"], "強度": X["x"]}))
    assert "renamed" not in error.value.remedy
    with pytest.raises(RoleError) as error:
        predict(two, table_of({"x2": X["x"], "x1_new": X["x"]}))
    assert "renamed to 'x1_new'" in error.value.remedy


def remembering(rows: int) -> SavedTarget:
    """A study that keeps its training rows: x = y = 0 to 10 in 40 steps, of which the first `rows`."""
    x = X["x"].to_numpy()[:rows]
    past = PastRows(pd.DataFrame({"x": x}), x, np.arange(2, rows + 2), pd.DataFrame(index=range(rows)))
    memory = Memory(past, None, NeighbourQuality("unseen:machine", "r2", 5, (), "scaled", 0, rows), {})
    return dataclasses.replace(saved(), memory=memory)


def test_rows_the_models_were_trained_on_keep_no_promise_in_whatever_order_they_come() -> None:
    turned = X["x"].to_numpy()[::-1].astype(np.float32).astype(float)  # written and read in between
    found = predict(remembering(40), table_of({"x": turned, "強度": turned}))

    assert found.outcome is not None and (found.outcome.trained, found.outcome.kept) == (40, None)
    assert any("All 40 scored rows" in note for note in found.notes)


def test_the_promise_is_judged_by_the_rows_that_are_new() -> None:
    off = X["x"] + np.where(np.arange(40) < 25, 0.0, 9.0)  # the new rows break the promise
    found = predict(remembering(25), table_of({"x": X["x"], "強度": off}))

    assert found.outcome is not None and (found.outcome.trained, found.outcome.n) == (25, 40)
    assert found.outcome.kept is False
    assert any("25 of the 40 scored rows" in note for note in found.notes)


def test_a_row_with_known_inputs_and_another_outcome_is_new() -> None:
    found = predict(remembering(40), table_of({"x": X["x"], "強度": X["x"] + 0.5}))

    assert found.outcome is not None and (found.outcome.trained, found.outcome.kept) == (0, True)
