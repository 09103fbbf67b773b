"""Nested frozen dataclasses to plain JSON values, and back by their type hints."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")


def plain(value: Any) -> Any:
    """JSON form of nested mappings, sequences and numbers; NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    return value


def restore(kind: type[T], value: Any) -> T:
    """The dataclass `kind` from its JSON form; missing keys take the field's default."""
    restored: T = _restore(kind, value)
    return restored


def _restore(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        kinds = [part for part in parts if part is not type(None)]
        exact = str if isinstance(value, str) and str in kinds else kinds[0]
        return _restore(exact, value)
    if origin is tuple:
        return tuple(_restore(parts[0], item) for item in value)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _restore(parts[1], item) for key, item in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        known = {field.name for field in fields(kind)} & set(value)
        build: Any = kind
        return build(**{name: _restore(hints[name], value[name]) for name in known})
    if isinstance(value, list):
        return tuple(value)
    return float(value) if kind is float else value
