"""Writing so that a kill leaves the old outputs or the new ones, never a half."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FINISHED, REPLACED = ".finished", ".replaced"


def write_bytes(path: Path, content: bytes) -> Path:
    """Write beside the target and move into place; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        draft.chmod(0o644)  # mkstemp makes the file unreadable for others; reports are passed around
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def install(fresh: Path, folder: Path, *, whole: str) -> None:
    """Move everything in `fresh`, a folder inside `folder`, to its place there.

    One rename declares all of it finished. A kill before it leaves the old outputs; after it,
    `complete` brings the rest of the new ones to their places.

    whole   folder in it that is replaced as one, so that no file of the old one stays behind
    """
    complete(folder, whole=whole)
    fresh.replace(folder / FINISHED)
    complete(folder, whole=whole)


def complete(folder: Path, *, whole: str) -> None:
    """Finish an installation that was cut off; nothing to do where there is none. May be repeated."""
    finished = folder / FINISHED
    if not finished.is_dir():
        return
    if (finished / whole).is_dir():
        if (folder / whole).exists():
            shutil.rmtree(finished / REPLACED, ignore_errors=True)
            (folder / whole).replace(finished / REPLACED)
        (finished / whole).replace(folder / whole)
    for draft in sorted(path for path in finished.rglob("*") if path.is_file()):
        relative = draft.relative_to(finished)
        if relative.parts[0] != REPLACED:
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            draft.replace(folder / relative)
    # From here on only the replaced folder is left, half deleted or not.
    shutil.rmtree(finished, ignore_errors=True)
