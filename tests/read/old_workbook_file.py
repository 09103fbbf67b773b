"""A small .xls written by hand: a compound file ([MS-CFB]) with one stream of records ([MS-XLS])."""

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

Cell = tuple[int, int, float | str]
BLOCK = 512
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def start(of: int) -> bytes:
    """BOF of a workbook (5) or a sheet (16)."""
    return record(0x0809, struct.pack("<HHHHII", 0x0600, of, 0, 0, 0, 0))


def cell(row: int, column: int, value: float | str) -> bytes:
    head = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return record(0x0204, head + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
    return record(0x0203, head + struct.pack("<d", value))


def sheet(cells: Iterable[Cell], size: tuple[int, int, int, int] | None = None) -> bytes:
    announced = b"" if size is None else record(0x0200, struct.pack("<IIHHH", *size, 0))
    return start(16) + announced + b"".join(cell(*one) for one in cells) + record(0x000A)


def workbook_stream(sheets: Sequence[bytes], more: bytes = b"", shift: int = 0) -> bytes:
    """more: records before the sheets; shift: added to where the sheets are said to begin."""

    def globals_of(places: Sequence[int]) -> bytes:
        named = (
            record(0x0085, struct.pack("<IBBBB", place, 0, 0, 2, 0) + b"S%d" % k)
            for k, place in enumerate(places, 1)
        )
        return start(5) + more + b"".join(named) + record(0x000A)

    first = len(globals_of([0] * len(sheets)))
    places = [first + shift + sum(map(len, sheets[:k])) for k in range(len(sheets))]
    return globals_of(places) + b"".join(sheets)


def write_xls(path: Path, stream: bytes, names: Sequence[str] = ("Workbook",)) -> Path:
    """Sector 0 is the table of sectors, 1 the directory, the stream follows; names are those it bears."""
    stream += b"\0" * (-len(stream) % BLOCK)
    stream += b"\0" * max(0, 4096 - len(stream))
    count = len(stream) // BLOCK
    assert count + 2 <= BLOCK // 4, "one sector of the table is all there is"
    chain = [TABLE, END, *range(3, count + 2), END]
    table = struct.pack("<128I", *chain, *[FREE] * (128 - len(chain)))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header += b"\0" * 10 + struct.pack("<IIIIIIIII", 1, 1, 0, 4096, END, 0, END, 0, 0)
    header += struct.pack("<108I", *[FREE] * 108)

    def entry(title: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = title.encode("utf-16-le") + b"\0\0"
        head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
        return head + b"\0" * 36 + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 1, END, 0)
    directory += b"".join(entry(name, 2, FREE, 2, len(stream)) for name in names)
    directory += entry("", 0, FREE, 0, 0) * (3 - len(names))
    path.write_bytes(header + table + directory.ljust(BLOCK, b"\0") + stream)
    return path
