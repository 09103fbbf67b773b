"""The development tables: roles valid as they stand, datasets made, splits planned, checks sound."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tabcouce.checks import check
from tabcouce.read import read_table
from tabcouce.roles import Resolved, read_role_file, resolve
from tabcouce.roles.prepare import datasets
from tabcouce.splits import describe, plan_splits

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

# name: rows with the primary target, inputs, task, levels of each context, headline
EXPECTED = {
    "concrete_strength": (1030, 8, "regression", {}, "shuffled"),
    "corn_nir": (240, 700, "regression", {"instrument": 3}, "unseen:instrument"),
    "garment_productivity": (
        1197, 9, "regression", {"team": 12, "department": 2, "day": 6, "quarter": 5}, "unseen:team"),
    "gas_sensor_drift": (5782, 128, "multiclass", {"batch": 6}, "unseen:batch"),
    "gas_turbine": (36733, 9, "regression", {"year": 5}, "unseen:year"),
    "injection_molding": (
        5232, 26, "binary", {"PART_NAME": 6, "EQUIP_NAME": 3, "PART_FACT_PLAN_DATE": 13}, "unseen:PART_NAME"),
    "lens_molding": (1451, 13, "multiclass", {}, "shuffled"),
    "mpea_alloys": (
        1067, 41, "regression", {"REFERENCE: doi": 191, "REFERENCE: year": 14}, "unseen:REFERENCE: doi"),
    "nasa_milling": (146, 32, "regression", {"case": 16, "material": 2}, "unseen:case"),
    "nist_ceramic": (480, 3, "regression", {"Lab": 8, "batch": 2}, "unseen:Lab"),
    "octane_refinery": (325, 366, "regression", {"quarter": 13}, "unseen:quarter"),
    "skab_valve": (46806, 8, "anomaly", {"experiment": 35, "family": 4}, "unseen:experiment"),
    "steel_energy": (
        35040, 5, "regression", {"WeekStatus": 2, "Day_of_week": 7, "Load_Type": 3, "month": 12},
        "unseen:month"),
}  # fmt: skip


def load(name: str, *, without_drop: bool = False) -> Resolved:
    path = DATA / name / "roles.toml"
    if not path.exists():
        pytest.skip(f"the development table {name} is not beside the checkout")
    declared = read_role_file(path)
    assert declared.file is not None
    if without_drop:
        declared = replace(declared, drop=())
    return resolve(declared, read_table(DATA / name / declared.file, declared.layout))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_table_becomes_datasets_splits_and_findings(name: str) -> None:
    resolved = load(name)
    made = datasets(resolved.table, resolved.roles, name=name)
    assert [data.target for data in made] == list(resolved.roles.targets)
    data = made[0]
    rows, inputs, task, contexts, headline = EXPECTED[name]
    assert (*data.X.shape, data.task) == (rows, inputs, task)
    assert {c: data.contexts[c].nunique() for c in data.contexts.columns} == contexts
    assert np.isfinite(data.y).all()
    plan = plan_splits(data, folds=10, seed=0)
    assert plan.headline == headline
    for split in plan.splits:
        assert "0 shared between train and test" in describe(split)
        assert len(split.folds) <= 10
        if data.group is not None:
            for fold in split.folds:
                assert not set(data.group[fold.train]) & set(data.group[fold.test])
    found = check(resolved.table, resolved.roles, data)
    assert [finding for finding in found if finding.severity == "blocks"] == []


@pytest.mark.parametrize(("name", "leak"), [("steel_energy", "CO2(tCO2)"), ("injection_molding", "Reason")])
def test_the_known_leaks_are_found_when_they_are_not_dropped(name: str, leak: str) -> None:
    resolved = load(name, without_drop=True)
    (data,) = datasets(resolved.table, resolved.roles, name=name)
    blocking = [f for f in check(resolved.table, resolved.roles, data) if f.severity == "blocks"]
    assert [f.columns for f in blocking] == [(leak,)]


def test_quarters_of_the_refinery_read_like_2019q1() -> None:
    resolved = load("octane_refinery")
    (data,) = datasets(resolved.table, resolved.roles, name="octane")
    assert sorted(data.contexts["quarter"].unique())[:2] == ["2017Q2", "2017Q3"]
    assert "(blank)" not in set(data.contexts["quarter"])


def test_garment_departments_that_differ_by_a_blank_are_one() -> None:
    resolved = load("garment_productivity")
    (data,) = datasets(resolved.table, resolved.roles, name="garment")
    assert set(data.contexts["department"]) == {"sewing", "finishing"}
    # 59 working days from January to March, both notations month first.
    assert data.order is not None
    assert len(np.unique(data.order)) == 59
