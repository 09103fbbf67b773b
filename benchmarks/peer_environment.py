"""Make the peers' own environment, beside ours: their packages do not go with ours in one.

    python3.11 benchmarks/peer_environment.py

A virtual environment in benchmarks/peers/.venv (about 3 GB, ignored by git) with exactly the versions
of benchmarks/peers/requirements.txt. Standard library only; Linux, Python 3.11 as the pins are.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
ENVIRONMENT = PEERS / ".venv"


def python() -> Path:
    """The interpreter that the worker runs with."""
    return ENVIRONMENT / "bin" / "python"


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        raise SystemExit("The pins are for Python 3.11: run this script with python3.11.")
    if not python().exists():
        venv.create(ENVIRONMENT, with_pip=True)
    pip = [str(python()), "-m", "pip", "--quiet"]
    subprocess.run([*pip, "install", "-r", str(PEERS / "requirements.txt")], check=True)
    subprocess.run([*pip, "check"], check=True)
    print(python())


if __name__ == "__main__":
    main()
