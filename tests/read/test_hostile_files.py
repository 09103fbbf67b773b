"""Hostile files: each is refused by our own error in a process that may use 500 MB and 5 s."""

import gzip
import io
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from old_workbook_file import record, sheet, workbook_stream, write_xls

from tabcouce.errors import ReadError
from tabcouce.read import read_table

SHEET = "xl/worksheets/sheet1.xml"
CHILD = """
import resource, sys
from pathlib import Path
from tabcouce.errors import TabcouceError
from tabcouce.read import read_table
# Libraries that are loaded already count too: the bound is on what reading adds.
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 500_000_000,) * 2)
used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])) + 1
resource.setrlimit(resource.RLIMIT_CPU, (used + 5,) * 2)
try:
    print("read", read_table(Path(sys.argv[1])).frame.shape)
except TabcouceError as error:
    assert error.what and error.remedy and str(error.place), error
    print("refused:", error.what)
"""


def workbook(path: Path, change=lambda name, content: content, extra=()) -> Path:
    """A harmless workbook of 50 rows with its parts changed."""
    book = openpyxl.Workbook()
    book.active.append(["a", "b", "machine", "y"])
    for i in range(50):
        book.active.append([i, i * 2.0, f"M{i % 5}", i * 0.5])
    stored = io.BytesIO()
    book.save(stored)
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part.filename)))
        for name, content in extra:
            new.writestr(name, content)
    return path


def in_sheet(before: bytes, after: bytes):
    return lambda name, content: content.replace(before, after, 1) if name == SHEET else content


def cells(xml: bytes):
    return in_sheet(b"</sheetData>", xml + b"</sheetData>")


def lying_directory(path: Path) -> Path:
    """400 MB of blanks that the directory gives as few bytes."""
    workbook(path, cells(b" " * 400_000_000))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size
    wrong = data.replace(size.to_bytes(4, "little"), (9000).to_bytes(4, "little"))
    path.write_bytes(wrong)
    return path


ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9))
    + b"]>"
)
FAR = b'<row r="1048576"><c %s><v>1</v></c></row>'
TABLE = [(0, c, name) for c, name in enumerate("aby")]
TABLE += [(r, c, float(3 * r + c)) for r in range(1, 40) for c in range(3)]
"""Cells of a harmless sheet of 39 rows."""


def old(*sheets: bytes, more: bytes = b"", shift: int = 0):
    return lambda path: write_xls(path, workbook_stream(sheets, more, shift))


HOSTILE_OLD = {
    "far.xls": old(sheet([*TABLE, (65_535, 255, 1.0)])),
    "far_wide.xls": old(sheet([*TABLE, (65_535, 65_535, 1.0)])),
    "far_many.xls": old(*(sheet([(0, 0, 1.0), (65_535, 12, 1.0)]) for _ in range(40))),
    "announced.xls": old(sheet(TABLE, size=(0, 0xFFFFFFFF, 0, 0xFFFF))),
    "behind.xls": old(sheet(TABLE), shift=1 << 24),
    "texts.xls": old(sheet(TABLE), more=record(0x00FC, struct.pack("<II", 5, 0x7FFFFFFF))),
    "panic.xls": old(sheet(TABLE), more=record(0x0018)),
    "twice.xls": lambda path: write_xls(path, workbook_stream([sheet(TABLE)]), ("Workbook", "workbook")),
}
LAID_OUT = ("far.xls", "far_many.xls", "announced.xls", "texts.xls")
"""Those that would take gigabytes, each in another way."""
HOSTILE = {
    **{name: HOSTILE_OLD[name] for name in LAID_OUT},
    "bomb.xlsx": lambda p: workbook(p, cells(b" " * 300_000_000)),
    "lying.xlsx": lying_directory,
    "far.xlsx": lambda p: workbook(p, cells(FAR % b'r="XFD1048576"')),
    "far_quotes.xlsx": lambda p: workbook(p, cells(FAR % b"r='XFD1048576'")),
    "far_second.xlsx": lambda p: workbook(p, cells(FAR % b's="0" r="XFD1048576"')),
    "far_lower.xlsx": lambda p: workbook(p, cells(FAR % b'r="xfd1048576"')),
    "far_prefix.xlsx": lambda p: workbook(
        p,
        cells(
            b'<x:row xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="9">'
            b'<x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>'
        ),
    ),
    "far_beyond.xlsx": lambda p: workbook(p, cells(FAR % b'r="ZZZZZ99999999"')),
    "far_counted.xlsx": lambda p: workbook(p, cells(b'<row r="999999">' + b"<c/>" * 999_999 + b"</row>")),
    "entities.xlsx": lambda p: workbook(p, in_sheet(b"<worksheet", ENTITIES + b"<worksheet")),
    "utf16.xlsx": lambda p: workbook(
        p, lambda name, c: c.decode().encode("utf-16") if name == "xl/workbook.xml" else c
    ),
    "columns.csv": lambda p: p.write_text((",".join(["1"] * 1_000_000) + "\n") * 3),
    "bomb.csv.gz": lambda p: p.write_bytes(gzip.compress(b"a,b\n" + b"1,1\n" * 60_000_000, 9)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_500_mb_and_5_s(name, tmp_path):
    HOSTILE[name](tmp_path / name)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, tmp_path / name], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr[-800:]
    assert child.stdout.startswith("refused:"), child.stdout


@pytest.mark.parametrize("name", HOSTILE_OLD)
def test_an_old_workbook_is_refused_with_what_to_do(name, tmp_path):
    """In this process, for the words; the bounds are those of the test above."""
    HOSTILE_OLD[name](tmp_path / name)
    with pytest.raises(ReadError) as refusal:
        read_table(tmp_path / name)
    if name.startswith("far"):
        assert "reaches down to row 65,536" in refusal.value.what
        assert "stray cells" in refusal.value.remedy
    else:
        assert "damaged" in refusal.value.what


@pytest.mark.parametrize("size", [None, (0, 40, 0, 3), (0, 65_536, 0, 256)])
def test_a_harmless_old_workbook_is_read_whatever_size_it_announces(size, tmp_path):
    path = old(sheet([*TABLE, (65_535, 1, 5.0)], size))(tmp_path / "x.xls")
    table = read_table(path)
    assert table.rows[-1] == 65_536 and len(table.frame) == 40
    assert table.frame["y"].iloc[:39].tolist() == [3 * r + 2 for r in range(1, 40)]


def test_an_old_workbook_with_a_password_is_refused_as_such(tmp_path):
    path = old(sheet(TABLE), more=record(0x002F, b"\1\0\1\0"))(tmp_path / "locked.xls")
    with pytest.raises(ReadError, match="password"):
        read_table(path)


def test_the_limits_of_the_child_are_real(tmp_path):
    """Without them every test above would pass whatever was read."""
    held = "held = b'x' * 600_000_000\nraise SystemExit(0)"
    script = CHILD.split("try:")[0] + held
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode != 0
    script = CHILD.split("try:")[0] + "assert resource.getrlimit(resource.RLIMIT_CPU)[0] < 60"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != 500_000_000


@pytest.mark.parametrize(
    "change",
    [
        in_sheet(b'<c r="A3"', b'<c  r="A3"'),
        in_sheet(b'<c r="A3"', b"<c r='A3'"),
        in_sheet(b'<c r="A3"', b"<c"),
        in_sheet(b'<dimension ref="A1:D51"', b'<dimension ref="A1:XFD1048576"'),
    ],
)
def test_a_harmless_workbook_of_another_hand_is_read(change, tmp_path):
    path = workbook(tmp_path / "odd.xlsx", change)
    with zipfile.ZipFile(path) as archive:
        assert archive.read(SHEET) != b""
    assert read_table(path).frame.shape == (50, 4)


def test_links_macros_and_connections_are_named_and_not_followed(tmp_path):
    parts = (
        ("xl/externalLinks/externalLink1.xml", "<externalLink><ddeLink ddeService='cmd'/></externalLink>"),
        ("xl/vbaProject.bin", "macro"),
        ("xl/connections.xml", "<connections/>"),
    )
    table = read_table(workbook(tmp_path / "linked.xlsx", extra=parts))
    rules = {note.rule for note in table.notes}
    assert {"external-links", "macros", "data-connections"} <= rules
    assert not {"external-links", "macros"} & {
        n.rule for n in read_table(workbook(tmp_path / "b.xlsx")).notes
    }


def test_a_gzip_file_of_several_members_is_read_whole(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n5,6\n"))
    assert read_table(path).frame["a"].tolist() == [1, 3, 5]
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(ReadError, match="damaged"):
        read_table(path)
