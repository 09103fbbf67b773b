"""Kill a process that saves studies, at random moments, and open what is left.

    python benchmarks/kill_loop.py STUDY [--loops 50]

STUDY is a folder that 'tabcouce fit' wrote. Each loop starts a process that saves two studies in
turn, A and B, kills it with SIGKILL and counts what is left: A, B, a mixture or nothing readable.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import tempfile
import time
from collections import Counter
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from record import write

from tabcouce.bundle import dump_json, load_study, load_summary, read_checked, write_outputs
from tabcouce.errors import TabcouceError


def save_for_ever(study: Path, folder: Path, said: Connection) -> None:
    """Save the study under the names A and B in turn; says so after each."""
    manifest, contents = read_checked(study)
    summary, frames = load_summary(study)
    both = []
    for name in ("A", "B"):
        named = replace(summary, name=name)
        files = {**contents, "manifest.json": dump_json({**manifest, "name": name})}
        both.append((named, files))
    while True:
        for named, files in both:
            write_outputs(files, named, frames, folder, lang="en")
            said.send("saved")


def left_after_kill(study: Path, folder: Path, rng: random.Random) -> str:
    """What a kill after a random time leaves: 'A', 'B' or what is wrong."""
    heard, said = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=save_for_ever, args=(study, folder, said))
    child.start()
    heard.recv()
    began = time.monotonic()
    heard.recv()
    # The time of one saving, measured here, so that the kill falls anywhere in the next two.
    time.sleep(rng.uniform(0, 2 * (time.monotonic() - began)))
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    return state(folder)


def state(folder: Path) -> str:
    """The name that every output bears; else what is wrong."""
    try:
        name = load_study(folder).name
        load_summary(folder)
    except TabcouceError as error:
        return f"lost: {error.what}"
    document = json.loads((folder / "result.json").read_text("utf-8"))
    page = (folder / "report.html").read_text("utf-8")
    names = {name, document["study"]["name"], *re.findall(r"<title>.*?\b([AB])\b", page)}
    return name if len(names) == 1 else f"mixture: {sorted(names)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--loops", type=int, default=50)
    asked = parser.parse_args()
    rng = random.Random(0)
    folder = Path(tempfile.mkdtemp()) / "study"
    try:
        left = Counter(left_after_kill(asked.study, folder, rng) for _ in range(asked.loops))
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)
    print(dict(left))
    write("kill_loop", {"loops": asked.loops, "left": dict(left)})


if __name__ == "__main__":
    main()
