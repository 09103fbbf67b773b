"""The command line's root; the modules of this package hang their commands on it."""

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Honest models for process data: compared on machines and lots never seen.",
    epilog="Everything runs on this computer; no data leave it.",
)
