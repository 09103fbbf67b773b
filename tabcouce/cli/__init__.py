"""The command line: parse, call one room, print. Data on stdout, everything else on stderr.

Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 the input or its roles cannot be used,
4 a --require gate failed, 5 verdict 'do not predict' (only with --fail-on-no-model),
130 interrupted (finished models are saved).
"""

# Commands appear in --help in this order.
from tabcouce.cli import look, fit, use, suggest, report, review  # isort: skip
from tabcouce.cli.app import app

__all__ = ["app", "fit", "look", "main", "report", "review", "suggest", "use"]


def main() -> None:
    """Entry point of the `tabcouce` command."""
    app()
