"""Make the sample data of this folder: simulated processes, written as engineers keep them.

    python sample_data/make_samples.py

Deterministic: the same versions of numpy and xlsxwriter give the same bytes.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xlsxwriter

from tabcouce.read import Source
from tabcouce.roles import ColumnRole, Roles, Tolerance, write_role_file
from tabcouce.simulation import Process, common_cause, sensor_shift

HERE = Path(__file__).resolve().parent
START = dt.datetime(2025, 4, 7, 8, 0)
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """A simulated process with the names and the scale under which its file shows it.

    names   what each column of the process is called in the file
    digits  decimals shown, per column of the process
    target  name of the quality value: centre + spread * simulated value
    """

    process: Process
    names: dict[str, str]
    digits: dict[str, int]
    target: str
    target_unit: str
    centre: float
    spread: float

    @property
    def quality(self) -> Array:
        """The quality value as written, two decimals."""
        return np.round(self.centre + self.spread * self.process.y, 2)

    def readings(self) -> pd.DataFrame:
        """The readings as written, rounded, under the names of the file."""
        return self.process.X.round(self.digits).rename(columns=self.names)

    def times(self, minutes: int) -> list[dt.datetime]:
        """One time stamp per row."""
        return [START + dt.timedelta(minutes=minutes * i) for i in range(len(self.process.y))]


def injection_line() -> Sample:
    """Twelve machines whose sensors read with their own offset and gain."""
    process = sensor_shift(seed=11, rows=600, contexts=12)
    digits = {name: 3 if unit == "%" and "moisture" in name else 1 for name, unit in process.units.items()}
    names = {name: name for name in process.X.columns}
    return Sample(process, names, digits, "Part weight", "g", centre=42.0, spread=0.35)


def molding_conditions() -> Sample:
    """Twelve machines whose hidden state moves the settings and the strength alike."""
    process = common_cause(seed=5, rows=480, contexts=12)
    japanese = {
        "Melt temperature": "樹脂温度[℃]",
        "Injection pressure": "射出圧力[MPa]",
        "Cooling time": "冷却時間[s]",
        "Screw speed": "スクリュー回転数[rpm]",
    }
    digits = {"Melt temperature": 1, "Injection pressure": 1, "Cooling time": 2, "Screw speed": 0}
    return Sample(process, japanese, digits, "曲げ強度[MPa]", "MPa", centre=64.0, spread=2.5)


def write_injection_line(sample: Sample) -> None:
    """A workbook with a title, a blank row, names, a units row, the data and an average at the foot."""
    process, readings, quality = sample.process, sample.readings(), sample.quality
    path = HERE / "injection_line.xlsx"
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "Injection line 2", "created": START})
    sheet = book.add_worksheet("Log")
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    names = ["Shot No.", "Recorded", "Machine", *readings.columns, sample.target, "Judgement"]
    units = ["-", "-", "-", *(process.units[name] for name in process.X.columns), sample.target_unit, "-"]
    sheet.merge_range(0, 0, 0, len(names) - 1, "Injection line 2: process log, April 2025", head)
    sheet.write_row(2, 0, names, head)
    sheet.write_row(3, 0, units)
    lower, upper = limits(sample)
    blanks = set(np.random.default_rng(3).choice(len(quality), 9, replace=False).tolist())
    for i, time in enumerate(sample.times(10)):
        row = 4 + i
        sheet.write_number(row, 0, 100001 + i)
        sheet.write_datetime(row, 1, time, stamp)
        sheet.write_string(row, 2, process.context["machine"].iloc[i])
        sheet.write_row(row, 3, readings.iloc[i].tolist())
        if i in blanks:
            sheet.write_string(row, 3 + readings.columns.get_loc("Resin moisture"), "N/A")
        sheet.write_number(row, 3 + readings.shape[1], quality[i])
        sheet.write_string(row, 4 + readings.shape[1], "OK" if lower <= quality[i] <= upper else "NG")
    foot = 4 + len(quality)
    sheet.write_string(foot, 0, "Average")
    sheet.write_row(foot, 3, [*readings.mean().round(2), round(float(quality.mean()), 2)])
    sheet.freeze_panes(4, 3)
    sheet.set_column(0, len(names) - 1, 12)
    book.close()


def limits(sample: Sample) -> tuple[float, float]:
    """Limits of the part weight: 1.8 standard deviations around the centre."""
    width = round(1.8 * float(sample.quality.std()), 1)
    return sample.centre - width, sample.centre + width


def write_molding_conditions(sample: Sample) -> None:
    """A cp932 file as a Japanese logger writes it; － where a reading is missing."""
    readings, quality = sample.readings(), sample.quality
    gaps = set(np.random.default_rng(4).choice(len(quality), 6, replace=False).tolist())
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["No.", "日時", "号機", *readings.columns, sample.target])
    for i, time in enumerate(sample.times(15)):
        cells = [
            f"{value:.{sample.digits[name]}f}"
            for name, value in zip(sample.process.X, readings.iloc[i], strict=True)
        ]
        if i in gaps:
            cells[1] = "－"
        machine = sample.process.context["machine"].iloc[i].removeprefix("M").lstrip("0")
        stamp = f"{time.year}/{time.month}/{time.day} {time.hour}:{time.minute:02d}"
        writer.writerow([i + 1, stamp, f"{machine}号機", *cells, f"{quality[i]:.2f}"])
    (HERE / "seikei_cp932.csv").write_bytes(buffer.getvalue().encode("cp932"))


def write_roles(
    sample: Sample, file: str, others: tuple[ColumnRole, ...], after: tuple[ColumnRole, ...]
) -> None:
    """The role file beside the data: what an engineer knows of the columns, not the truth."""
    process = sample.process
    columns = [*others]
    for name in process.X.columns:
        drift = process.tolerances.get(name)
        columns.append(
            ColumnRole(
                name=sample.names[name],
                kind="condition" if process.kinds[name] == "condition" else "sensor",
                unit=process.units[name],
                tolerance=None if drift is None else Tolerance(round(drift[0], 3), drift[1]),
            )
        )
    columns += [ColumnRole(sample.target, "target", unit=sample.target_unit), *after]
    machine = next(column.name for column in others if column.kind == "context")
    roles = Roles(tuple(columns), (sample.target,), task="regression", split_context=machine, origin="file")
    path = (HERE / file).with_suffix(".roles.toml")
    write_role_file(roles, path, Source(file=file, sha256=""))


def slopes(sample: Sample) -> pd.DataFrame:
    """True, naive and machine-adjusted slope of each column, target units per unit of the column.

    naive     least squares on all columns, machines ignored
    adjusted  the same with a constant for each machine
    """
    X = sample.process.X.to_numpy(dtype=float)
    y = sample.centre + sample.spread * sample.process.y
    one = np.ones((len(y), 1))
    machines = pd.get_dummies(sample.process.context["machine"]).to_numpy(dtype=float)
    naive = np.linalg.lstsq(np.hstack([X, one]), y, rcond=None)[0][: X.shape[1]]
    adjusted = np.linalg.lstsq(np.hstack([X, machines]), y, rcond=None)[0][: X.shape[1]]
    truth = [sample.spread * sample.process.effects[name] for name in sample.process.X.columns]
    names = [sample.names[name] for name in sample.process.X.columns]
    return pd.DataFrame({"true": truth, "naive": naive, "adjusted": adjusted}, index=names)


def truth_table(sample: Sample) -> str:
    """Markdown: direction and slopes of every column."""
    lines = [
        "| column | truth | true slope | slope, machines ignored | slope, within machines |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in zip(sample.process.X.columns, slopes(sample).itertuples(), strict=True):
        lines.append(
            f"| {sample.names[name]} | {sample.process.directions[name]} "
            f"| {row.true:+.3f} | {row.naive:+.3f} | {row.adjusted:+.3f} |"
        )
    return "\n".join(lines)


def write_truth(line: Sample, molding: Sample) -> None:
    """README.md: what is true of the files, with the slopes a straight line finds."""
    lower, upper = limits(line)
    drifting = ", ".join(line.process.tolerances)
    text = f"""# Sample data

Both files are simulated, so the truth is known. `make_samples.py` in this folder makes them (and this
page) from `tabcouce.simulation`; nothing here was measured. Each has its roles beside it.

## injection_line.xlsx

600 shots of 12 machines. The sheet has a title, a blank row, the names, a units row, the data and an
average at the foot; 9 cells of Resin moisture say N/A.

- **Question**: Part weight (g). Simulated by `sensor_shift`.
- **Machine is a nuisance of measurement**: it changes what the sensors show, not the part. Each machine's
  sensors read with their own offset and gain (budget in the role file). The settings are not affected.
  A model that trusts the readings of known machines is wrong on a new one. Drifting sensors:
  {drifting}.
- **Judgement** is OK between {lower:.1f} and {upper:.1f} g: it follows from the weight, so it is no input.
- Nozzle temperature follows Melt temperature, Coolant flow follows Cooling time; neither causes anything.
- Mould temperature has its best weight in the middle (a peak, so its slope is zero); Melt temperature
  acts more strongly where Holding pressure is high.

{truth_table(line)}

Slopes in g per unit of the column, of a least-squares line on all columns. A constant for each machine takes
out the offsets but not the gains, so the slopes within machines are near the truth, not equal to it.

## seikei_cp932.csv

480 shots of 12 machines, cp932, Japanese names with units in brackets; － stands for 6 missing pressures.

- **Question**: 曲げ強度[MPa]. Simulated by `common_cause`.
- **号機 is a common cause**: a hidden state of the machine raises 樹脂温度 and 冷却時間 and, on its own, the
  strength. Both columns are **confounded** with the machine: a line that ignores it credits them with
  what the machine does. 射出圧力 and スクリュー回転数 do not depend on the machine.
- 樹脂温度 and 射出圧力 cause strength; 冷却時間 only changes the effect of 樹脂温度 (its mean slope is zero);
  スクリュー回転数 does nothing.
- Every reading carries noise (0.2 of its spread), so fitted slopes come out about 4 % too small.

{truth_table(molding)}

Slopes in MPa per unit of the column.
"""
    (HERE / "README.md").write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Write both files, their roles and the page with the truth."""
    line, molding = injection_line(), molding_conditions()
    write_injection_line(line)
    write_roles(
        line,
        "injection_line.xlsx",
        (
            ColumnRole("Shot No.", "identifier"),
            ColumnRole("Recorded", "ignored", flags=frozenset({"time"})),
            ColumnRole("Machine", "context", flags=frozenset({"split"})),
        ),
        (ColumnRole("Judgement", "after", reason="follows from the weight"),),
    )
    write_molding_conditions(molding)
    write_roles(
        molding,
        "seikei_cp932.csv",
        (
            ColumnRole("No.", "identifier"),
            ColumnRole("日時", "ignored", flags=frozenset({"time"})),
            ColumnRole("号機", "context", flags=frozenset({"split"})),
        ),
        (),
    )
    write_truth(line, molding)


if __name__ == "__main__":
    main()
