"""Coverage-guided fuzzing of the reader: every file is read or refused by our own error.

    python benchmarks/fuzz_reader.py --seconds 600
    python benchmarks/fuzz_reader.py --planted NAME --seconds 120   is this planted bug found?
    python benchmarks/fuzz_reader.py --all      600 seconds clean, then each planted bug; writes the results

Needs atheris (Linux; not among the project's extras): `pip install atheris` into an environment of its
own that holds the project too. Bugs are planted here only, by replacing one
function of the reader for the run; the package has no switch for them. Cells that calamine reads in
compiled code are not seen by the coverage: those files change blindly.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["tabcouce.read"]):
    from tabcouce.read import Table, read_table, text_file

from tabcouce.errors import TabcouceError

SEEDS = (
    b"lot,temp [C],y\nA1,20.5,1\nA2,21,<0.01\n",
    "ロット;温度[℃];強度\nA;1,5;2\nB;2,5;N.D.\n".encode("cp932"),
    b"date\tx\ty\n2024-04-01\t12%\t1\n2024/4/2\t000012\t2\n",
    "日付,値\n令和6年4月1日,１２\nR6.4.2,平均\n".encode(),
    b"title\n\nname,a,b\n,kg,mm\n1,2,3\n4,5,6\n",
)


def planted(name: str) -> None:
    """Break one function of the reader for some of its inputs."""
    place, attribute = PLANTED[name]
    whole = getattr(place, attribute)

    def broken(text, *arguments, **settings):  # type: ignore[no-untyped-def]
        if TRIGGERS[name](text):
            raise RuntimeError(f"planted: {name}")
        return whole(text, *arguments, **settings)

    setattr(place, attribute, broken)


PLANTED = {
    "semicolon": (text_file, "find_delimiter"),
    "decimal": (text_file, "find_decimal"),
    "wide": (text_file, "_widest"),
    "header": (text_file, "find_header"),
    "encoding": (text_file, "decode"),
}
TRIGGERS = {
    "semicolon": lambda text: text.count(";") > 3 and "\t" in text,
    "decimal": lambda rows: any(cell.startswith("-") for row in rows for cell in row),
    "wide": lambda text: '"' in text,
    "header": lambda head: any(len(row) > 4 for row in head),
    "encoding": lambda data: data[:1] >= b"\x80" and b"\t" in data,
}
"""No seed fulfils any of these: the fuzzer has to find its way there."""


def one(data: bytes, path: Path) -> None:
    """Read one file; any error but ours is a crash, and so is a table that contradicts itself."""
    path.write_bytes(data)
    try:
        table = read_table(path)
    except TabcouceError as error:
        assert error.what and error.remedy
        return
    assert isinstance(table, Table)
    assert len(table.frame) == len(table.rows) > 0
    assert list(table.frame.columns) == [column.name for column in table.columns]


def told_by_child(*arguments: str) -> dict[str, Any]:
    """A run of this script as a process of its own: the fuzzer ends the process that it runs in."""
    command = [sys.executable, __file__, *arguments]
    child = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = child.stdout.decode("utf-8", "replace")

    def number(name: str) -> int | None:
        found = re.findall(rf"stat::{name}:\s+(\d+)", text)
        return int(found[-1]) if found else None

    named = re.findall(r"planted: (\w+)", text)
    return {
        "runs": number("number_of_executed_units"),
        "new_units": number("new_units_added"),
        "crashed": child.returncode != 0,
        "planted": named[-1] if named else None,
        **({} if child.returncode == 0 or named else {"end": text[-2000:]}),
    }


def report(seconds: int, bounded: int) -> None:
    """The clean run, then one run for each planted bug, which ends when it is found."""
    import record

    figures: dict[str, Any] = {"seconds": seconds, "clean": told_by_child("--seconds", str(seconds))}
    figures["planted"] = {}
    for name in sorted(PLANTED):
        found = told_by_child("--planted", name, "--seconds", str(bounded))
        figures["planted"][name] = {"found": found["planted"] == name, "runs": found["runs"]}
        print(name, figures["planted"][name], flush=True)
        record.write("fuzz_reader", {"atheris": version("atheris"), "bounded_seconds": bounded, **figures})
    assert not figures["clean"]["crashed"], figures["clean"].get("end")
    assert all(one["found"] for one in figures["planted"].values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--planted", choices=sorted(PLANTED))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--bounded", type=int, default=120, help="seconds for each planted bug")
    asked = parser.parse_args()
    if asked.all:
        report(asked.seconds, asked.bounded)
        return
    if asked.planted:
        planted(asked.planted)
    for k, seed in enumerate(SEEDS):
        one(seed, Path(tempfile.mkdtemp()) / f"{k}.csv")  # a bug that a seed hits proves nothing
    folder = Path(tempfile.mkdtemp())
    corpus = folder / "corpus"
    corpus.mkdir()
    for k, seed in enumerate(SEEDS):
        (corpus / str(k)).write_bytes(seed)
    path = folder / "any.csv"
    flags = [f"-max_total_time={asked.seconds}", "-max_len=2000", "-rss_limit_mb=2000", "-seed=1"]
    flags += ["-timeout=20", f"-artifact_prefix={folder}/crash-", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], lambda data: one(data, path))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
