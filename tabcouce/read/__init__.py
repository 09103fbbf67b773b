"""Bytes to `Table`: cells as found, with their addresses."""

from tabcouce.read.note import CellRead, Fact, Note
from tabcouce.read.reader import read_grid, read_table, read_tables, sheet_names
from tabcouce.read.table import Column, Layout, PictureRow, Source, Table

__all__ = [
    "CellRead",
    "Column",
    "Fact",
    "Layout",
    "Note",
    "PictureRow",
    "Source",
    "Table",
    "read_grid",
    "read_table",
    "read_tables",
    "sheet_names",
]
