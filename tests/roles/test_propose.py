"""Guessed roles, each with its reason."""

import numpy as np
import pandas as pd
import pytest

from tabcouce.errors import RoleError
from tabcouce.read.table import Column, Source, Table
from tabcouce.roles import Roles, propose
from tabcouce.roles.proxy import between_share, telling

RNG = np.random.default_rng(0)
N = 120
MACHINE = np.repeat(np.arange(6), 20)


def table_of(cells: dict[str, object]) -> Table:
    frame = pd.DataFrame(
        {n: pd.Series(c, dtype=object if isinstance(c, list) else float) for n, c in cells.items()}
    )
    return Table(Source("a.csv", ""), tuple(Column(n, "A") for n in frame), frame, np.arange(N), (1,))


def kind(roles: Roles, name: str) -> str:
    return roles.of(name).kind


def test_an_english_and_japanese_table_is_understood() -> None:
    roles = propose(
        table_of(
            {
                "No.": np.arange(N) + 1,
                "日付": [f"2024/{1 + k // 28}/{1 + k % 28}" for k in range(N)],
                "号機": MACHINE + 1.0,
                "材料ロット": [f"L{k // 5}" for k in range(N)],
                "設定温度[℃]": RNG.choice([180.0, 200.0, 220.0], N),
                "圧力実績": RNG.normal(size=N),
                "ライン速度": RNG.choice([10.0, 12.0, 15.0], N),
                "室温": RNG.normal(size=N),
                "tool_temp": 5.0 * MACHINE + RNG.normal(size=N) * 0.1,
                "grade": ["a", "b", "c"] * 40,
                "定数": np.full(N, 3.0),
                "mixed": ["1", "2", "?", "4"] * 30,
                "備考": ["ok", "再測定"] * 60,
                "硬度": RNG.normal(size=N),
                "引張強度": RNG.normal(size=N),
            }
        )
    )
    assert {c.name: c.kind for c in roles.columns} == {
        "No.": "identifier", "日付": "ignored", "号機": "context", "材料ロット": "context",
        "設定温度[℃]": "condition", "圧力実績": "sensor", "ライン速度": "condition", "室温": "proxy",
        "tool_temp": "proxy", "grade": "condition", "定数": "ignored", "mixed": "ignored",
        "備考": "after", "硬度": "after", "引張強度": "target",
    }  # fmt: skip
    assert roles.order == ("日付",)
    assert "time" in roles.of("日付").flags
    assert all(c.reason and c.guessed for c in roles.columns)


def test_without_a_hint_the_last_numeric_column_is_the_target() -> None:
    roles = propose(table_of({"a": RNG.normal(size=N), "b": RNG.normal(size=N), "c": ["u", "v", "w"] * 40}))
    assert roles.targets == ("b",)


def test_named_targets_and_contexts_are_kept() -> None:
    cells = {"a": RNG.normal(size=N), "k": MACHINE + 0.0, "strength": RNG.normal(size=N)}
    roles = propose(table_of(cells), targets=["a"], context=["k"])
    assert (roles.targets, kind(roles, "k")) == (("a",), "context")
    assert kind(roles, "strength") == "after"
    assert not roles.of("a").guessed
    with pytest.raises(RoleError, match="'b'"):
        propose(table_of(cells), targets=["b"])


def test_a_setting_that_each_machine_keeps_is_no_proxy() -> None:
    roles = propose(
        table_of({"machine": MACHINE + 0.0, "depth": np.repeat([1.0, 2.0, 1.0, 2.0, 1.0, 2.0], 20),
                  "x": RNG.normal(size=N), "yield": RNG.normal(size=N)})
    )  # fmt: skip
    assert kind(roles, "depth") == "condition"


def test_a_counter_that_starts_again_is_an_identifier() -> None:
    roles = propose(
        table_of({"row": np.tile(np.arange(20.0), 6), "x": RNG.normal(size=N), "y": RNG.normal(size=N)})
    )
    assert kind(roles, "row") == "identifier"


def test_a_table_without_any_usable_target_is_refused() -> None:
    with pytest.raises(RoleError, match="quality value"):
        propose(table_of({"t": [f"text {k}" for k in range(N)]}))


def test_between_share_is_the_written_ratio_of_mean_squares() -> None:
    x = RNG.normal(size=N) + MACHINE
    within = sum(np.sum((part - part.mean()) ** 2) for part in x.reshape(6, 20))
    total = ((x - x.mean()) ** 2).sum()
    assert between_share(x, MACHINE) == pytest.approx(1 - (within / (N - 6)) / (total / (N - 1)))
    assert abs(between_share(RNG.normal(size=N), np.arange(N) // 2) or 0) < 0.5
    assert between_share(np.full(N, 2.0), MACHINE) is None


def test_telling_knows_a_column_of_contexts_with_equal_means_but_other_spread() -> None:
    level = np.repeat([0, 1], 200)
    x = RNG.normal(size=400) * np.where(level == 0, 1e-3, 10.0)
    found = telling(x, level)
    assert found is not None
    assert found.between < 0.1
    assert found.recall > 0.95


def test_a_channel_of_a_spectrum_is_never_guessed_as_the_target() -> None:
    channels: dict[str, object] = {f"nm{1100 + 2 * k}": RNG.normal(size=N) for k in range(12)}
    assert propose(table_of({"Starch": RNG.normal(size=N), **channels})).targets == ("Starch",)
    assert propose(table_of({"gas": ["a", "b", "c"] * 40, **channels})).targets == ("gas",)
    with pytest.raises(RoleError, match="nm1100"):
        propose(table_of(channels))


def test_days_of_the_week_and_departments_are_contexts() -> None:
    days = ["Monday", "Tue", "Wednesday"] * 40
    cells: dict[str, object] = {
        "day": days, "日": ["月", "火曜日", "水"] * 40, "department": ["sewing", "finishing"] * 60,
        "grade": ["a", "b", "c"] * 40, "yield": RNG.normal(size=N),
    }  # fmt: skip
    kinds = {c.name: c.kind for c in propose(table_of(cells)).columns}
    assert kinds == {
        "day": "context", "日": "context", "department": "context", "grade": "condition", "yield": "target"
    }  # fmt: skip


@pytest.mark.parametrize(("name", "is_result"), [("Y-Kappa", True), ("y1", True), ("Y_position", False)])
def test_a_name_that_begins_with_y_is_a_result_but_no_place(name: str, is_result: bool) -> None:
    roles = propose(table_of({name: RNG.normal(size=N), "a": RNG.normal(size=N), "b": RNG.normal(size=N)}))
    assert roles.targets == ((name,) if is_result else ("b",))


def test_labels_of_lots_are_never_inputs_however_they_repeat() -> None:
    """First row of a merged block only, one lot a row or two, more lots than can be held out."""
    first_rows = ["L1", *[None] * 29, "L2", *[None] * 29, "L3", *[None] * 59]
    cells: dict[str, object] = {
        "ロット": first_rows,
        "lot no.": 1000.0 + np.arange(N) // 2 * 3 + RNG.permutation(N) % 2,
        "batch": [f"B{k // 5 * 4 + k % 5 % 4}" for k in range(N)],
        "tool life": RNG.integers(0, 10_000, N).astype(float),
        "yield": RNG.normal(size=N),
    }
    kinds = {c.name: c.kind for c in propose(table_of(cells)).columns}
    assert kinds == {
        "ロット": "ignored", "lot no.": "identifier", "batch": "identifier", "tool life": "sensor",
        "yield": "target",
    }  # fmt: skip


def test_a_text_that_names_each_context_again_is_no_input() -> None:
    source = np.arange(N) // 3
    cells: dict[str, object] = {
        "doi": [f"10/{k}" for k in source], "title": [f"On alloy {k}" for k in source],
        "x": RNG.normal(size=N), "yield": RNG.normal(size=N),
    }  # fmt: skip
    roles = propose(table_of(cells))
    assert kind(roles, "title") == "ignored" and "'doi'" in roles.of("title").reason


def test_a_guessed_target_of_few_whole_numbers_says_how_it_is_read() -> None:
    roles = propose(table_of({"x": RNG.normal(size=N), "quality": RNG.integers(1, 5, N).astype(float)}))
    assert roles.targets == ("quality",) and "multiclass" in roles.of("quality").reason


def test_a_column_of_ok_and_ng_is_the_target_whatever_its_name() -> None:
    cells: dict[str, object] = {
        "x": RNG.normal(size=N),
        "検品": ["OK", "OK", "NG"] * 40,
        "z": RNG.normal(size=N),
    }
    roles = propose(table_of(cells))
    assert roles.targets == ("検品",) and "NG" in roles.of("検品").reason
    named = propose(table_of({**cells, "strength": RNG.normal(size=N)}))
    assert named.targets == ("strength",) and kind(named, "検品") == "after"


def test_a_glitch_of_1e300_is_no_reason_to_overflow(recwarn: pytest.WarningsRecorder) -> None:
    x = RNG.normal(size=N)
    x[3] = 1e300
    propose(table_of({"machine": MACHINE + 0.0, "x": x, "yield": RNG.normal(size=N)}))
    assert not [w for w in recwarn.list if issubclass(w.category, RuntimeWarning)]


def test_a_result_with_a_bad_cell_is_still_the_target() -> None:
    cells: dict[str, object] = {
        "x": RNG.normal(size=N), "strength": [*map(str, RNG.normal(size=N - 1)), "broken"],
        "remeasured": [*map(str, RNG.normal(size=N - 1)), "?"],
    }  # fmt: skip
    roles = propose(table_of(cells))
    assert roles.targets == ("strength",) and kind(roles, "remeasured") == "ignored"
