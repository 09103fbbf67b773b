"""The one handler of errors: each becomes one message and an exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from tabcouce.errors import MissingExtraError, TabcouceError
from tabcouce.terminal import say


@contextmanager
def errors_as_exit_codes() -> Iterator[None]:
    """The program's one handler: an error becomes one message and an exit code."""
    try:
        yield
    except (typer.Exit, typer.BadParameter):
        raise
    except TabcouceError as error:
        say(f"Error: {error}")
        raise typer.Exit(2 if isinstance(error, MissingExtraError) else 3) from error
    except KeyboardInterrupt as error:
        say("Interrupted before the first model was finished; no report was written.")
        raise typer.Exit(130) from error
    except OSError as error:
        what, remedy = why_not_written(error)
        say(f"Error: {what}\n{remedy}")
        raise typer.Exit(3) from error
    except Exception as error:
        if os.environ.get("TABCOUCE_DEBUG"):
            raise
        say(f"Internal error: {type(error).__name__}: {error}")
        say("This is a fault of tabcouce. Set TABCOUCE_DEBUG=1 to see where it happened.")
        raise typer.Exit(1) from error


def why_not_written(error: OSError) -> tuple[str, str]:
    """What happened and what to do, for files that the command writes; reading has its own errors."""
    path = Path(error.filename or ".")
    # Drafts lie beside the file that was named.
    folder = path if path.is_dir() else path.parent
    if not folder.exists():
        return f"{folder}: there is no such folder.", "Make the folder first, or choose another with --out."
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return f"{path} is a file, not a folder.", "Choose a folder with --out."
    reason = error.strerror or str(error)
    path = path if path.exists() else folder
    if isinstance(error, PermissionError):
        return (
            f"{path} cannot be written ({reason}).",
            "Close it in Excel or the viewer if it is open, or choose another place with --out.",
        )
    return f"{path} cannot be written ({reason}).", "Make room, or choose another place with --out."
