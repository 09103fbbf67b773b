"""Each check finds what it is for, says where, and leaves clean data alone."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from tabcouce.checks import SEVERITIES, Finding, check
from tabcouce.checks.single_column import auc, order_violations, step_codes, step_score
from tabcouce.errors import Place
from tabcouce.read.note import CellRead, Note
from tabcouce.read.table import Column, Source, Table
from tabcouce.roles import Declaration, datasets, resolve

N = 240
RNG = np.random.default_rng(7)
MACHINE = np.repeat(np.arange(8), 30)
X1, X2 = RNG.normal(size=N), RNG.normal(size=N)
Y = X1 + 0.5 * X2 + 0.3 * MACHINE + 0.5 * RNG.normal(size=N) + 20
FAIL = (np.quantile(Y, 0.8) < Y).astype(float)
CLEAN: dict[str, object] = {"x1": X1, "x2": X2, "machine": MACHINE + 0.0, "y": Y}


def findings(
    cells: Mapping[str, object],
    *,
    notes: tuple[Note, ...] = (),
    drop: tuple[str, ...] = (),
    group: tuple[str, ...] = (),
) -> dict[str, Finding]:
    frame = pd.DataFrame(
        {n: pd.Series(c, dtype=object if isinstance(c, list) else float) for n, c in cells.items()}
    )
    table = Table(
        Source("a.csv", ""),
        tuple(Column(n, "A") for n in frame),
        frame,
        np.arange(2, len(frame) + 2),
        (1,),
        notes=notes,
    )
    declared = Declaration(targets=("y",), context=("machine",), drop=drop, group=group)
    resolved = resolve(declared, table)
    (data,) = datasets(resolved.table, resolved.roles, name="a")
    found = check(resolved.table, resolved.roles, data)
    ranks = [SEVERITIES.index(finding.severity) for finding in found]
    assert ranks == sorted(ranks)
    return {finding.rule: finding for finding in found}


def test_clean_data_have_no_findings() -> None:
    assert findings(CLEAN) == {}


@pytest.mark.parametrize(
    "copy",
    [
        Y * 145.04,
        -np.exp(Y / 5),
        np.round(Y),
        np.where(np.median(Y) < Y, 2.0, 1.0) + (np.quantile(Y, 0.25) < Y),
        Y + 0.02 * RNG.normal(size=N),
    ],
)
def test_a_copy_of_the_target_blocks_whatever_its_shape(copy: np.ndarray) -> None:
    finding = findings({**CLEAN, "copy": copy})["target-copy"]
    assert finding.severity == "blocks"
    assert finding.columns == ("copy",)
    assert finding.place.column == "copy"


def test_a_left_out_copy_is_only_noted() -> None:
    finding = findings({**CLEAN, "copy": 2 * Y}, drop=("copy",))["target-copy"]
    assert finding.severity == "note"
    assert "rightly left out" in finding.what


@pytest.mark.parametrize("formula", [(Y - X1, X1), (Y / np.exp(X1), np.exp(X1))])
def test_a_target_computed_from_two_columns_is_found(formula: tuple[np.ndarray, np.ndarray]) -> None:
    found = findings({**CLEAN, "a": formula[0], "x1": formula[1]})
    assert set(found["target-formula"].columns) == {"a", "x1"}
    assert found["target-formula"].severity == "blocks"


def test_a_column_filled_only_for_failures_blocks() -> None:
    reason = ["burr" if fail else None for fail in FAIL]
    finding = findings({**CLEAN, "y": FAIL, "cell": reason})["one-class-column"]
    assert finding.severity == "blocks"
    assert "48 of 240 rows" in finding.what


def test_texts_that_fix_the_class_block() -> None:
    mode = ["none" if not fail else ["burr", "short"][k % 2] for k, fail in enumerate(FAIL)]
    assert "one-class-column" in findings({**CLEAN, "y": FAIL, "cell": mode})


def test_a_few_blanks_in_one_class_are_chance() -> None:
    x = X1.copy()
    x[np.flatnonzero(FAIL == 0)[:5]] = np.nan
    assert "one-class-column" not in findings({**CLEAN, "x1": x, "y": FAIL})


def test_an_input_named_like_a_result_misleads() -> None:
    assert (
        findings({**CLEAN, "hardness": Y + 0.3 * RNG.normal(size=N)})["recorded-after"].severity == "misleads"
    )


def test_identifiers_constants_and_blank_columns_are_named() -> None:
    found = findings(
        {
            **CLEAN,
            "nr": np.arange(N) + 5.0,
            "code": [f"c{k}" for k in range(N)],
            "same": np.full(N, 2.0),
            "empty": np.full(N, np.nan),
            "thin": np.where(np.arange(N) % 4 == 0, X1, np.nan),
        }
    )
    assert found["identifier-input"].severity == "misleads"
    assert found["constant-input"].columns == ("same",)
    assert found["empty-input"].columns == ("empty",)
    assert found["mostly-blank"].columns == ("thin",)


def test_a_glitched_cell_is_named_by_its_address() -> None:
    x = X1.copy()
    x[17] = 1e33
    finding = findings({**CLEAN, "x1": x})["extreme-cells"]
    assert (finding.place.row, finding.place.column) == (19, "x1")


def test_duplicates_and_twins_are_found() -> None:
    again = {name: np.concatenate([np.asarray(c), np.asarray(c)[:40]]) for name, c in CLEAN.items()}
    found = findings(again)
    assert "40 of 280" in found["duplicate-rows"].what
    assert "80 of 280" in found["twin-rows"].what
    assert found["twin-rows"].severity == "misleads"


def test_twins_kept_together_by_a_group_do_not_mislead() -> None:
    piece = np.repeat(np.arange(N // 2), 2) + 0.0
    twins = {"x1": X1[piece.astype(int)], "machine": MACHINE + 0.0, "piece": piece, "y": Y}
    assert "twin-rows" in findings(twins, drop=("piece",))
    assert "twin-rows" not in findings(twins, group=("piece",))


def test_twins_bound_the_r2_of_any_function_of_the_inputs() -> None:
    setting = np.tile([1.0, 2.0, 3.0], N // 3)
    y = setting + RNG.normal(size=N)
    what = findings({"x1": setting, "machine": MACHINE + 0.0, "y": y})["twins-with-other-result"].what
    best = 1 - sum(np.sum((y[setting == s] - y[setting == s].mean()) ** 2) for s in (1, 2, 3)) / np.sum(
        (y - y.mean()) ** 2
    )
    assert f"above {best:.2f}" in what


def test_a_context_that_fixes_the_target_misleads() -> None:
    assert (
        findings({**CLEAN, "y": 5.0 * MACHINE + 0.1 * RNG.normal(size=N)})["context-fixes-target"].severity
        == "misleads"
    )
    assert "context-fixes-target" in findings({**CLEAN, "y": (MACHINE > 3) + 0.0})


def test_a_factor_that_never_varies_within_a_machine_cannot_be_separated() -> None:
    found = findings(
        {**CLEAN, "depth": np.repeat(RNG.normal(size=8), 30), "oil": [f"o{m % 3}" for m in MACHINE]}
    )
    assert found["factor-fixed-by-context"].columns == ("depth", "oil", "machine")


def test_few_and_small_contexts_are_counted() -> None:
    found = findings({**CLEAN, "machine": (MACHINE > 6) + 0.0})
    assert found["few-contexts"].severity == "weakens"
    level = np.arange(N) // 4 + 0.0
    assert "60 of 60 levels" in findings({**CLEAN, "machine": level})["rows-per-context"].what


ERRORS = (CellRead("B3", "#DIV/0!"), CellRead("B4", "#DIV/0!"))


def test_notes_of_the_reader_pass_through_with_their_place() -> None:
    note = Note("error-cell", Place(file="a.csv", row=3, column="x1"), 2, {"words": ("#DIV/0!",)}, ERRORS)
    finding = findings(CLEAN, notes=(note,))["error-cell"]
    assert (finding.place, finding.columns, finding.cells) == (note.place, ("x1",), ERRORS)
    assert finding.what == "2 error cells ('#DIV/0!') were read as missing: B3 #DIV/0!, B4 #DIV/0!"


def test_rows_without_a_target_are_counted() -> None:
    y = Y.copy()
    y[:7] = np.nan
    assert "7 of 240" in findings({**CLEAN, "y": y})["blank-target"].what


def test_auc_and_order_violations_restate_their_pairs() -> None:
    positive, score = RNG.random(60) < 0.4, RNG.integers(0, 5, 60).astype(float)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]]
    assert auc(positive, score) == pytest.approx(np.mean(pairs))
    x, y = RNG.integers(0, 4, 60).astype(float), RNG.normal(size=60)
    wrong = [(y[i] - y[j]) * (x[i] - x[j]) <= 0 for i in range(60) for j in range(60) if x[i] != x[j]]
    assert min(order_violations(x, y), order_violations(-x, y)) <= np.mean(wrong)
    assert order_violations(np.floor(y), y) == 0.0


def test_a_step_function_scores_nothing_on_noise_and_everything_on_steps() -> None:
    x = RNG.normal(size=2000)
    noise = RNG.normal(size=2000)
    assert step_score(step_codes(x), noise, classes=0, seed=0) < 0.0
    steps = np.clip(np.round(x), -2, 2)
    assert step_score(step_codes(steps), steps**2, classes=0, seed=0) == pytest.approx(1.0)
    assert step_score(step_codes(steps), steps + 2, classes=5, seed=0) == pytest.approx(1.0)


def test_a_number_that_stands_for_no_value_is_named_with_its_first_row():
    x = X1.copy()
    x[[5, 9, 70]] = -999.0
    finding = findings({**CLEAN, "x1": x})["missing-code"]
    assert (finding.place.row, finding.place.column) == (7, "x1") and finding.facts["count"] == 3
    once, within = X1.copy(), np.linspace(0, 1200, N).round()
    once[5] = -999.0
    within[:2] = 999.0
    assert "missing-code" not in findings({**CLEAN, "x1": once, "x2": within})
