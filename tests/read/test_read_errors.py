"""Files that cannot be read: one clear message each, with place and remedy."""

import io
import zipfile

import openpyxl
import pytest

from tabcouce.errors import ReadError
from tabcouce.read import read_table

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def an_archive(member):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, "a,b\n1,2\n")
    return buffer.getvalue()


def a_workbook(*rows):
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


LFS = b"version https" + b"://" + b"git-lfs.github.com/spec/v1\noid sha256:96\nsize 57302\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b" \n\n", "the file is empty"),
        ("a.csv", LFS, "Git LFS pointer"),
        ("a.csv", b"a,b\n", "no row of data below the header .2 columns: 'a', 'b'."),
        ("a.csv", b"a,b\n,\n,\n", "no row of data"),
        ("a.csv", b"\x1f\x8b\x08broken", "gzip file is damaged"),
        ("a.csv", b"%PDF-1.7 ...", "a PDF document"),
        ("a.csv", b"a\x00b,c\x01\n1,2\x00\n", "not text"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "a web page or XML"),
        ("a.docx", b"plain words", "files that end in '.docx' are not read"),
        ("a", b"plain words", "no extension"),
        ("a.xls", b"\x09\x04\x06\x00\x00\x00\x10\x00", "the old workbook is damaged"),
        ("a.xlsx", an_archive("inner.csv"), "a zip archive of 1 files, not a workbook"),
        ("a.xlsx", a_workbook(["x", "y"], [1, 2])[:900], "the workbook is damaged"),
        ("a.xlsx", OLE + b"\x00" * 500 + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        ("a.xls", OLE + b"\x00" * 600, "the workbook is damaged"),
        ("a.xlsx", a_workbook(), "no sheet holds data"),
        ("a.xlsx", a_workbook(["lot", "temp"]), "no row of data below the header .2 columns: 'lot', 'temp'."),
        ("a.txt", b"x y z\n1 2 3\n4 5 6\n7 8 9\n", "separated by blanks only"),
    ],
)
def test_each_unreadable_file_gives_its_message_with_place_and_remedy(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReadError, match=message) as caught:
        read_table(path)
    assert caught.value.place.file == name
    assert caught.value.remedy


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(ReadError, match="there is no file"):
        read_table(tmp_path / "nothing.csv")
    with pytest.raises(ReadError, match="is a folder"):
        read_table(tmp_path)


def test_a_workbook_under_a_wrong_extension_is_read_by_its_content(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(a_workbook(["x", "y"], [1, 2]))
    assert read_table(path).frame.to_dict("list") == {"x": [1], "y": [2]}


def test_text_under_a_workbooks_extension_is_read_by_its_content(tmp_path):
    path = tmp_path / "data.xls"
    path.write_bytes(b"x\ty\n1\t2\n")
    assert read_table(path).frame.to_dict("list") == {"x": [1], "y": [2]}


def test_a_byte_order_mark_alone_is_no_table(tmp_path):
    path = tmp_path / "blank.csv"
    path.write_bytes(b"\xfe\xff")
    with pytest.raises(ReadError, match="no data"):
        read_table(path)
