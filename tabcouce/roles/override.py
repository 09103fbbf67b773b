"""What the command line says over the role file: --target, --context, --sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tabcouce.roles.column_name import name_key
from tabcouce.roles.declaration import Declaration


def override(
    declaration: Declaration,
    *,
    targets: Sequence[str] | None = None,
    context: Sequence[str] | None = None,
) -> Declaration:
    """The declaration with other targets or contexts; None keeps what it says.

    A column that was target or context and is so no longer is kept out of the inputs: an
    earlier target would leak, and a context is no input of a model.
    """
    if targets is not None:
        same = list(map(name_key, targets)) == list(map(name_key, declaration.targets))
        declaration = _with_kind(declaration, "target", declaration.targets, tuple(targets))
        declaration = replace(
            declaration,
            targets=tuple(targets),
            target_column=None,
            task=declaration.task if same else None,
            positive_class=declaration.positive_class if same else None,
        )
    if context is not None:
        declaration = _with_kind(declaration, "context", declaration.context, tuple(context))
        declaration = replace(declaration, context=tuple(context))
        held_out = declaration.split_context
        if held_out is not None and name_key(held_out) not in set(map(name_key, context)):
            declaration = replace(declaration, split_context=None, test_contexts=())
    return declaration


def _with_kind(
    declaration: Declaration, kind: str, listed: tuple[str, ...], wanted: tuple[str, ...]
) -> Declaration:
    keys = set(map(name_key, wanted))
    former = [*listed, *(entry.name for entry in declaration.columns if entry.kind == kind)]
    dropped = tuple(dict.fromkeys(name for name in former if name_key(name) not in keys))
    if kind == "target" and declaration.target_column is not None:
        # Its name may not be listed; the letter keeps it out. A wanted target wins over a drop.
        letters: tuple[str, ...] = (declaration.target_column,)
    else:
        letters = ()
    entries = []
    for entry in declaration.columns:
        if name_key(entry.name) in keys or entry.kind == kind:
            flags = entry.flags if name_key(entry.name) in keys else entry.flags - {"split"}
            entry = replace(entry, kind=None, flags=flags)
        entries.append(entry)
    return replace(
        declaration,
        columns=tuple(entries),
        drop=(*declaration.drop, *dropped),
        drop_columns=(*declaration.drop_columns, *letters),
        targets=tuple(name for name in declaration.targets if name_key(name) not in keys),
        context=tuple(name for name in declaration.context if name_key(name) not in keys),
        inputs=None
        if declaration.inputs is None
        else tuple(name for name in declaration.inputs if name_key(name) not in keys),
    )
