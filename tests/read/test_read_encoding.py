"""Encodings: validity decides, and the rare look-alikes are told apart."""

import pytest

from tabcouce.errors import Place, ReadError
from tabcouce.read.encoding import decode

PLACE = Place(file="a.csv")
JAPANESE = "ロット,温度[℃],圧力①,ﾊﾞﾘ\nL1,230.5,81,有\n"
SHORT = "型,強度\n1,2\n"
LATIN = "Température (°C);Größe [µm];Ø\n20,5;1;2\n"


def decoded(content, encoding=None):
    return decode(content, encoding=encoding, place=PLACE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("text", [JAPANESE, SHORT])
def test_japanese_text_comes_back_from_every_encoding(text, encoding):
    assert decoded(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", [SHORT, "ロット番号,温度,圧力\nあ,1,2\n"])
def test_euc_jp_is_told_from_cp932(text):
    assert decoded(text.encode("euc_jp")).text == text


@pytest.mark.parametrize(
    "text", [LATIN, "Temp (°C)\t±2\n20\t1\n", "Année;Qualité\n2013;1\n", "it’s;5 µm\n1;2\n"]
)
def test_latin_text_is_not_taken_for_half_width_kana(text):
    result = decoded(text.encode("cp1252"))
    assert result.text == text
    assert result.encoding == "cp1252"
    assert not result.certain


def test_a_lone_degree_sign_of_a_japanese_file_is_read():
    assert decoded("Temp[℃],x\n1,2\n".encode("cp932")).text == "Temp[℃],x\n1,2\n"


def test_utf16_without_a_mark_is_found_by_its_zero_bytes():
    text = "a\tb\n" + "1\t2\n" * 50
    assert decoded(text.encode("utf-16-le")).text == text
    assert decoded(text.encode("utf-16-be")).text == text


def test_the_named_encoding_is_used_and_refused_where_it_does_not_fit():
    assert decoded(SHORT.encode("cp932"), "cp932").text == SHORT
    with pytest.raises(ReadError, match="not valid utf-8"):
        decoded(SHORT.encode("cp932"), "utf-8")
    with pytest.raises(ReadError, match="no encoding called 'klingon'"):
        decoded(b"a", "klingon")
