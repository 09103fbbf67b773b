"""Bytes to `Table`: cells as found, with their addresses."""

from tabcouce.read.reader import read_grid, read_table, sheet_names
from tabcouce.read.table import Column, Layout, Note, Source, Table

__all__ = ["Column", "Layout", "Note", "Source", "Table", "read_grid", "read_table", "sheet_names"]
