"""Fitted models as one file of arrays, for a study that goes on later; no pickle.

A file is a checksum and safetensors: the arrays, and a JSON tree of how objects hold them. Opening
one makes objects of known classes and sets their attributes; it calls none of their code, so that
a file from elsewhere can at worst give a wrong number, and the checksum refuses a damaged one.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections import OrderedDict
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from sklearn.tree._tree import Tree

from tabcouce.encoder.tensor_array import Tensor, array_of, tensor_of
from tabcouce.models.boosted_trees import Booster, as_text, from_text

ROOMS = ("tabcouce.models.", "tabcouce.encoder.", "tabcouce.evaluation.", "sklearn.", "torch.nn.modules.")
"""Where the classes of fitted models are defined; a file that names another one is refused."""
TREE = "\ntree"
Node = Any
"""JSON value; an object is a mapping with exactly one key that says its kind."""


class ObjectFileError(Exception):
    """A file that is damaged, cut off, or names what no fitted model holds."""


def dump_object(value: Any) -> bytes:
    """Any fitted model, or a tuple of them; objects that are shared stay shared.

    Raises  TypeError for what has no plain form, e.g. a function
    """
    writer = _Writer()
    tree = json.dumps(writer.node(value), ensure_ascii=False).encode()
    content = save({**writer.arrays, TREE: np.frombuffer(tree, dtype=np.uint8)})
    return hashlib.sha256(content).digest() + content


def load_object(content: bytes) -> Any:
    """What `dump_object` was given.

    Raises  ObjectFileError
    """
    checksum, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != checksum:
        raise ObjectFileError("The checksum does not fit.")
    try:
        arrays = load(body)
        tree = json.loads(arrays.pop(TREE).tobytes())
        return _Reader(arrays).value(tree)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ObjectFileError(str(error)) from error


class _Writer:
    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.number: dict[int, int] = {}
        self.kept: list[Any] = []
        """Objects must live as long as their id counts."""

    def node(self, value: Any) -> Node:
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, np.generic):
            return {"scalar": self.array(np.asarray(value))}
        if id(value) in self.number:
            return {"same": self.number[id(value)]}
        self.number[id(value)] = len(self.kept)
        self.kept.append(value)
        return self.fresh(value)

    def fresh(self, value: Any) -> Node:
        for kind, sort in (("list", list), ("tuple", tuple), ("set", set), ("frozenset", frozenset)):
            if type(value) is sort:
                members = sorted(value) if kind in ("set", "frozenset") else value
                return {kind: [self.node(member) for member in members]}
        for kind, mapping in (("dict", dict), ("ordered", OrderedDict)):
            if type(value) is mapping:
                return {kind: [[self.node(key), self.node(held)] for key, held in value.items()]}
        if isinstance(value, np.ndarray):
            return {"array": self.array(value)}
        if isinstance(value, Tensor):
            array, learned, trained = array_of(value)
            return {"tensor": [self.array(array), learned, trained]}
        if isinstance(value, Booster):
            return {"booster": self.text(as_text(value))}
        if isinstance(value, Tree):
            return {"sklearn": self.node([value.__reduce__()[1], value.__getstate__()])}
        own = type(value)
        if not own.__module__.startswith(ROOMS) or not hasattr(value, "__dict__"):
            raise TypeError(f"{own.__module__}.{own.__qualname__} has no plain form.")
        held = [[name, self.node(part)] for name, part in vars(value).items()]
        return {"object": [own.__module__, own.__qualname__, held]}

    def array(self, value: np.ndarray) -> Node:
        """Its name in the file, and what safetensors does not keep: records, objects."""
        if value.dtype == object:
            return {"shape": list(value.shape), "members": [self.node(each) for each in value.ravel()]}
        name = str(len(self.arrays))
        plain = np.asarray(value, order="C")
        if plain.dtype.kind in "fiub":
            self.arrays[name] = plain
            return {"name": name}
        self.arrays[name] = np.frombuffer(plain.tobytes(), dtype=np.uint8)
        kinds = plain.dtype.str if plain.dtype.names is None else plain.dtype.descr
        offsets = None if plain.dtype.fields is None else [f[1] for f in plain.dtype.fields.values()]
        return {
            "name": name,
            "shape": list(plain.shape),
            "dtype": kinds,
            "offsets": offsets,
            "itemsize": plain.dtype.itemsize,
        }

    def text(self, value: str) -> str:
        name = str(len(self.arrays))
        self.arrays[name] = np.frombuffer(value.encode(), dtype=np.uint8)
        return name


class _Reader:
    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.made: list[Any] = []

    def value(self, node: Node) -> Any:
        if not isinstance(node, dict):
            return node
        ((kind, held),) = node.items()
        if kind == "float":
            return float(held)
        if kind == "scalar":
            return self.array(held)[()]
        if kind == "same":
            return self.made[held]
        place = len(self.made)
        self.made.append(None)
        self.made[place] = self.fresh(kind, held, place)
        return self.made[place]

    def fresh(self, kind: str, held: Node, place: int) -> Any:
        if kind == "list":
            return [self.value(member) for member in held]
        if kind in ("tuple", "set", "frozenset"):
            return {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](map(self.value, held))
        if kind in ("dict", "ordered"):
            pairs = [(self.value(key), self.value(part)) for key, part in held]
            return OrderedDict(pairs) if kind == "ordered" else dict(pairs)
        if kind == "array":
            return self.array(held)
        if kind == "tensor":
            return tensor_of(self.array(held[0]), learned=held[1], trained=held[2])
        if kind == "booster":
            return from_text(self.arrays[held].tobytes().decode())
        if kind == "sklearn":
            made, state = self.value(held)
            tree = Tree(*made)
            tree.__setstate__(state)
            return tree
        module, name, parts = held
        one: Any = object.__new__(_known_class(module, name))
        self.made[place] = one  # its parts may point back to it
        for part, inner in parts:
            one.__dict__[part] = self.value(inner)
        return one

    def array(self, node: Node) -> np.ndarray:
        if "members" in node:
            out = np.empty(len(node["members"]), dtype=object)
            out[:] = [self.value(member) for member in node["members"]]
            return out.reshape(node["shape"])
        stored = self.arrays[node["name"]]
        if "dtype" not in node:
            return stored
        dtype = _dtype(node)
        return np.frombuffer(stored.tobytes(), dtype=dtype).reshape(node["shape"]).copy()


def _dtype(node: Node) -> np.dtype:
    if node["offsets"] is None:
        return np.dtype(node["dtype"])
    fields = [(name, form) for name, form in node["dtype"] if name]
    return np.dtype(
        {
            "names": [name for name, _ in fields],
            "formats": [form for _, form in fields],
            "offsets": node["offsets"],
            "itemsize": node["itemsize"],
        }
    )


def _known_class(module: str, name: str) -> type:
    """A class of a module that is loaded already: a file cannot have one imported."""
    found: Any = sys.modules.get(module) if module.startswith(ROOMS) else None
    for part in name.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type) or found.__module__ != module:
        raise ObjectFileError(f"{module}.{name} is no class of a fitted model.")
    return found
