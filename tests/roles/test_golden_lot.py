"""The golden lot or row in a role file: as the table spells it, and what a wrong one is told."""

import pandas as pd
import pytest
from small_study import TARGET, process

from tabcouce.errors import RoleError
from tabcouce.read.table import Layout
from tabcouce.roles.mask import masked
from tabcouce.roles.role import Golden
from tabcouce.roles.rolefile import read_role_file
from tabcouce.roles.roletext import role_text
from tabcouce.study.inputs import open_inputs

HEAD = f'targets = ["{TARGET}"]\ncontext = ["機番"]\n'


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "line.csv"
    process(machines=3, rows=6).to_csv(path, index=False)
    return path


def opened(data, line, **options):
    roles = data.with_name("roles.toml")
    roles.write_text(HEAD + line, encoding="utf-8")
    return open_inputs(data, role_file=roles, **options)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ('golden = "機番=M2"', Golden("機番", "M2")),
        ('golden = "機番 = Ｍ２"', Golden("機番", "M2")),
        ("golden = 4", Golden(None, "4")),
        ("", None),
    ],
)
def test_it_is_named_as_the_table_spells_it(data, line, meant):
    assert opened(data, line).roles.golden == meant


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('golden = "M2"', "COLUMN=LEVEL"),
        ("golden = true", "COLUMN=LEVEL"),
        ('golden = "機番=M9"', "Did you mean"),
        ('golden = "室温=20"', "no context column"),
        ('golden = "機械=M2"', "not a column"),
        ("golden = 400", "from 2 to 19"),
    ],
)
def test_a_wrong_one_is_told_what_to_write(data, line, says):
    with pytest.raises(RoleError) as found:
        opened(data, line)
    assert says in str(found.value)


def test_the_option_comes_before_the_file_and_serves_guessed_roles_too(data):
    assert opened(data, "golden = 4", golden=Golden("機番", "M1")).roles.golden == Golden("機番", "M1")
    guessed = open_inputs(data, targets=(TARGET,), context=("機番",), golden=Golden("機番", "M1"))
    assert guessed.roles.golden == Golden("機番", "M1")


def test_a_written_role_file_gives_it_back(data, tmp_path):
    inputs = opened(data, 'golden = "機番=M2"')
    path = tmp_path / "again.toml"
    path.write_text(
        role_text(inputs.roles, inputs.table.source, layout=Layout(), derive=()), encoding="utf-8"
    )
    assert read_role_file(path).golden == Golden("機番", "M2")


def test_a_masked_study_keeps_the_lot_under_its_masked_name(data):
    inputs = opened(data, 'golden = "機番=M2"')
    table, roles = masked(inputs.table, inputs.roles)
    assert roles.golden is not None and roles.golden.column is not None
    real = pd.Series(process(machines=3, rows=6)["機番"]) == "M2"
    assert ((table.frame[roles.golden.column] == roles.golden.level).to_numpy() == real.to_numpy()).all()
    assert "M2" not in roles.golden.level
