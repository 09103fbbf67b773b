"""Set up and run tabcouce with nothing but Python 3.11 or later.

    python dev.py demo     fit the sample workbook and say where the report lies
    python dev.py test     all gates: format, lint, types, rooms, tests
    python dev.py run ...  the tabcouce command with any arguments
    python dev.py wheels   fill the folder wheels/ for a computer without internet

The first call makes .venv and installs the pinned versions of constraints.txt: from the folder
wheels/ alone, without the developers' tools, where that folder is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
WHEELS = ROOT / "wheels"
"""Packages carried here by hand; nothing is then looked for elsewhere."""
STAMP = VENV / "installed.sha256"

GATES = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-n", "logical", "--maxprocesses", "4", "--dist", "worksteal"),
)
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}
"""For the tests: they run side by side, and threads of several processes wait for each other."""


def fingerprint() -> str:
    """Changes with whatever decides what must be installed."""
    texts = [(ROOT / name).read_bytes() for name in ("constraints.txt", "pyproject.toml")]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def install() -> None:
    """Make .venv and install the pins, unless that was done for these very files."""
    if STAMP.exists() and STAMP.read_text() == fingerprint():
        return
    print("Setting up .venv (a few minutes, once) ...", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    wanted = ["-c", "constraints.txt", "-e", ".[dev]"]
    uv = shutil.which("uv")
    if WHEELS.is_dir():
        uv = None
        carried = any(WHEELS.glob("pyarrow-*"))
        wanted = ["--no-index", "--find-links", str(WHEELS), "-c", "constraints.txt"]
        wanted += ["-e", ".[parquet]" if carried else "."]
    if uv:
        # uv does not read pip's settings; a folder of local wheels named there must still count.
        environment = {**os.environ}
        if "PIP_FIND_LINKS" in environment:
            environment.setdefault("UV_FIND_LINKS", environment["PIP_FIND_LINKS"])
        command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), *wanted]
        subprocess.run(command, cwd=ROOT, check=True, env=environment)
    else:
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([PYTHON, "-m", "pip", "install", *quiet, *wanted], cwd=ROOT, check=True)
    STAMP.write_text(fingerprint())


def wheels() -> int:
    """Everything that the first call installs, for this system and this version of Python."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--dest", str(WHEELS), "-c", "constraints.txt", ".[parquet]", "setuptools>=77"]
    code = subprocess.run(command, cwd=ROOT).returncode
    print(
        f"{len(list(WHEELS.glob('*')))} packages in {WHEELS}. Carry the whole project folder, .venv left out."
    )
    return code


def run(*arguments: str, **environment: str) -> int:
    return subprocess.run([PYTHON, *arguments], cwd=ROOT, env={**os.environ, **environment}).returncode


def test(extra: list[str]) -> int:
    """Run every gate; the first that fails ends the run. Extra arguments go to pytest."""
    for gate in GATES:
        arguments = extra if gate[0] == "pytest" else []
        print("+", *gate, *arguments, flush=True)
        if gate[0] == "lint-imports":  # installed as a script only, not as a module
            code = subprocess.run([PYTHON.with_name("lint-imports")], cwd=ROOT).returncode
        else:
            code = run("-m", *gate, *arguments, **(ONE_THREAD if gate[0] == "pytest" else {}))
        if code:
            return code
    return 0


def demo() -> int:
    """The main job on the sample workbook."""
    return run(
        "-m",
        "tabcouce",
        "fit",
        "sample_data/injection_line.xlsx",
        "--out",
        "reports/demo",
        "--effort",
        "quick",
    )


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in {"demo", "test", "run", "wheels"}:
        print(__doc__)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - whatever Python the user has runs this file
        print("tabcouce needs Python 3.11 or later.")
        return 2
    if arguments[0] == "wheels":
        return wheels()
    install()
    if arguments[0] == "demo":
        return demo()
    if arguments[0] == "test":
        return test(arguments[1:])
    # From the caller's folder: the paths they type are theirs.
    return subprocess.run([PYTHON, "-m", "tabcouce", *arguments[1:]]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
