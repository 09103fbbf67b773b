"""How the pages' templates are read: everything is escaped but what a template marks as its own."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader

from tabcouce.report.table_view import breakable


def templates() -> Environment:
    """The environment of all pages."""
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("tabcouce.report"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters["breakable"] = breakable
    return environment
