"""The lots of a study against its golden one: the moved block, its share, and every target's own rows."""

from dataclasses import replace

import numpy as np
import pytest
from small_study import TARGET, process

from tabcouce.errors import RoleError
from tabcouce.roles import datasets
from tabcouce.roles.role import Golden
from tabcouce.study.golden import LEAST_ALIKE, golden_lots
from tabcouce.study.inputs import open_inputs

ROLES = f"""
targets = ["{TARGET}"]
context = ["機番"]
[columns."温度[℃]"]
block = "加熱"
[columns."流量, L/min"]
block = "混合"
[columns."室温"]
block = "混合"
"""


def dataset(tmp_path, frame, roles=ROLES):
    path, role_file = tmp_path / "line.csv", tmp_path / "roles.toml"
    frame.to_csv(path, index=False)
    role_file.write_text(roles, encoding="utf-8")
    inputs = open_inputs(path, role_file=role_file)
    return datasets(inputs.table, inputs.roles, name="line")[0]


def test_the_lot_whose_heating_was_moved_comes_first_with_its_block_and_its_outcome(tmp_path):
    frame = process(machines=1, rows=96)
    frame["機番"] = np.repeat(["M1", "M2", "M3", "M4"], 24)
    frame.loc[frame["機番"] == "M3", "温度[℃]"] += 40
    data = dataset(tmp_path, frame)
    found = golden_lots(data, data, Golden("機番", "M1"))
    assert found.found[0].label == "M3" and found.found[0].blocks[0].block == "加熱"
    assert {one.label for one in found.found} == {"M2", "M3", "M4"} and found.compared == 3
    assert set(found.blocks) == {"加熱", "混合"} and found.rows == 24
    for one in found.found:
        assert sum(one.contributions.values()) == pytest.approx(one.likeness)
        assert one.outcome == pytest.approx(frame[TARGET][frame["機番"] == one.label].mean())
    assert found.outcome == pytest.approx(frame[TARGET][:24].mean())


def test_single_rows_are_compared_with_a_golden_row_and_the_ten_least_alike_are_kept(tmp_path):
    data = dataset(tmp_path, process(machines=2), ROLES.split("[columns")[0])
    found = golden_lots(data, data, Golden(None, "5"))
    assert found.column is None and found.rows == 1 and found.blocks == ()
    assert len(found.found) == LEAST_ALIKE and found.compared == 47
    alike = [one.likeness for one in found.found]
    assert alike == sorted(alike) and 5 not in [one.row for one in found.found]


def test_a_golden_row_that_was_thinned_away_is_still_the_one_compared_with(tmp_path):
    data = dataset(tmp_path, process(machines=2))
    part = data.part(np.arange(10, 30))
    found = golden_lots(data, part, Golden(None, "3"))
    assert found.outcome == pytest.approx(data.y[data.rows == 3][0])
    assert {one.row for one in found.found} <= set(part.rows.tolist())


def test_a_golden_lot_without_the_target_or_without_others_is_refused(tmp_path):
    frame = process(machines=2)
    frame.loc[frame["機番"] == "M2", TARGET] = np.nan
    data = dataset(tmp_path, frame)
    for level, says in (("M2", "no value of the target"), ("M1", "every row")):
        with pytest.raises(RoleError, match=says):
            golden_lots(data, data, Golden("機番", level))


def test_without_a_golden_lot_nothing_is_compared(tmp_path):
    data = dataset(tmp_path, process(machines=2))
    assert golden_lots(data, replace(data), None) is None
