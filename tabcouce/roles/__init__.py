"""Table -> Roles (proposed or from a file) -> Dataset."""

from tabcouce.roles.dataset import Dataset
from tabcouce.roles.declaration import ColumnEntry, Declaration, Derived
from tabcouce.roles.override import override
from tabcouce.roles.prepare import datasets
from tabcouce.roles.propose import propose
from tabcouce.roles.resolve import Resolved, resolve
from tabcouce.roles.role import INPUT_KINDS, ColumnRole, Roles, Tolerance
from tabcouce.roles.rolefile import read_role_file, write_role_file
from tabcouce.roles.rolesheet import read_role_sheet

__all__ = [
    "INPUT_KINDS",
    "ColumnEntry",
    "ColumnRole",
    "Dataset",
    "Declaration",
    "Derived",
    "Resolved",
    "Roles",
    "Tolerance",
    "datasets",
    "override",
    "propose",
    "read_role_file",
    "read_role_sheet",
    "resolve",
    "write_role_file",
]
