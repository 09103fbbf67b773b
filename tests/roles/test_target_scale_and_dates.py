"""Logarithms, limits from the sheet, order of day and month: what the roles make of the reader's facts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabcouce.checks import check
from tabcouce.errors import CellError
from tabcouce.read import read_table
from tabcouce.roles import datasets, propose, read_role_file, resolve
from tabcouce.roles.declaration import Derived
from tabcouce.roles.derive import with_day_order, with_derived
from tabcouce.roles.log_scale import log_scale

N = 40
RNG = np.random.default_rng(0)


def written(folder: Path, **columns) -> Path:
    path = folder / "t.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def table_of(folder: Path, **columns):
    lots = [f"L{i // 4}" for i in range(N)]
    return read_table(written(folder, lot=lots, x=RNG.normal(size=N).round(3), **columns))


def found(table, roles):
    dataset = datasets(table, roles, name="t")[0]
    return {finding.sentence: finding for finding in check(table, roles, dataset)}, dataset


def test_a_logarithm_is_proposed_for_values_over_decades_only():
    wide = 10 ** RNG.normal(size=400)
    scale = log_scale(wide)
    assert scale is not None
    logs = sorted(np.log10(wide))
    assert scale.decades == pytest.approx(logs[379] - logs[20], abs=0.1)
    assert log_scale(RNG.uniform(1, 2, 400)) is None  # less than a decade
    assert log_scale(np.append(wide, 0.0)) is None  # zero has no logarithm
    assert log_scale(np.log10(wide)) is None


def test_check_and_init_propose_the_logarithm_with_the_reason(tmp_path):
    table = table_of(tmp_path, viscosity=10 ** RNG.normal(3, 1, size=N))
    roles = propose(table, targets=["viscosity"])
    assert "decades: consider its logarithm" in roles.of("viscosity").reason
    assert found(table, roles)[0]["log-target"].facts["target"] == "viscosity"


def test_a_logarithm_as_target_keeps_its_source_out_of_the_inputs(tmp_path):
    table = table_of(tmp_path, viscosity=10 ** RNG.normal(3, 1, size=N))
    file = tmp_path / "r.toml"
    file.write_text(
        'targets = ["log"]\ncontext = ["lot"]\nderive.log = { from = "viscosity", part = "log10" }\n'
    )
    resolved = resolve(read_role_file(file), table)
    dataset = datasets(resolved.table, resolved.roles, name="t")[0]
    assert list(dataset.X.columns) == ["x"]
    np.testing.assert_allclose(10**dataset.y, table.frame["viscosity"])
    broken = replace(table, frame=table.frame.assign(viscosity=np.r_[0.0, np.ones(N - 1)]))
    with pytest.raises(CellError, match="0 has no logarithm"):
        resolve(read_role_file(file), broken)


def test_a_target_below_the_limit_is_marked_and_said(tmp_path):
    content = ["<0.05" if i % 5 == 0 else f"{0.05 + i / 100:.2f}" for i in range(N)]
    table = table_of(tmp_path, content=content)
    findings, dataset = found(table, propose(table, targets=["content"]))
    assert dataset.censored.tolist() == [-1 if i % 5 == 0 else 0 for i in range(N)]
    assert (dataset.y[dataset.censored == -1] == 0.05).all()
    assert (
        findings["censored-target"].facts["count"] == 8 and findings["censored-target"].severity == "misleads"
    )
    assert [cell.address for cell in findings["limit-below.many"].cells][:2] == ["C2", "C7"]


def test_limits_of_the_sheet_hold_unless_the_role_file_says_otherwise(tmp_path):
    rows = "\n".join(f"L{i % 4},{i},{10 + i % 7 / 10}" for i in range(20))
    (tmp_path / "t.csv").write_text(f"lot,x,width\nUSL,,11\nLSL,,9.5\n{rows}\n")
    table = read_table(tmp_path / "t.csv")
    assert propose(table, targets=["width"]).of("width").upper == 11
    (tmp_path / "r.toml").write_text('targets = ["width"]\n[columns.width]\nupper = 10.8\n')
    role = resolve(read_role_file(tmp_path / "r.toml"), table).roles.of("width")
    assert (role.lower, role.upper) == (9.5, 10.8)


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        ([f"{d:02d}/04/2024" for d in range(1, 31)] + [f"{d:02d}/05/2024" for d in range(1, 11)], "day"),
        ([f"04/{d:02d}/2024" for d in range(1, 31)] + [f"05/{d:02d}/2024" for d in range(1, 11)], "month"),
        ([f"{d:02d}/0{m}/2024" for m in (4, 5, 6, 7) for d in range(1, 11)], "day-run"),
    ],
)
def test_the_order_of_day_and_month_is_said_with_its_evidence(tmp_path, dates, form):
    table = table_of(tmp_path, date=dates, y=RNG.normal(size=N))
    findings, _ = found(table, propose(table, targets=["y"]))
    finding = findings[f"date-order.{form}"]
    assert ("13" in str(finding.facts.get("text"))) == (form in ("day", "month"))
    assert finding.severity == ("weakens" if form == "day-run" else "note")


def test_a_later_file_is_read_in_the_order_of_the_training_file(tmp_path):
    months = [f"{d:02d}/04/2024" for d in range(1, 31)] + [f"{d:02d}/05/2024" for d in range(1, 11)]
    training = table_of(tmp_path, date=months)
    derive = with_day_order((Derived("month", "date", "month"),), training)
    later = read_table(written(tmp_path, lot=["A", "B"], date=["04/05/2024", "04/06/2024"]))
    with pytest.raises(CellError, match="cannot be told apart"):
        with_derived(later, (Derived("month", "date", "month"),), later.place())
    kept = with_derived(later, derive, later.place())
    assert kept.frame["month"].tolist() == [5.0, 6.0]  # 4 May, 4 June: as the training file has it
