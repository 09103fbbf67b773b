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


CHINESE = "设备,温度(℃),压力,结果,操作员\n一号机,180.5,12,合格,张伟\n二号机,181,12.3,不合格,李娜\n"
TAIWANESE = "設備,溫度(℃),壓力,結果,操作員\n一號機,180.5,12,合格,張偉\n二號機,181,12.3,不合格,李娜\n"
KOREAN = "설비,온도(℃),압력,결과,작업자\n일호기,180.5,12,합격,김민수\n이호기,181,12.3,불합격,박지영\n"
KANJI = "成形機,射出温度,金型温度,保圧時間,製品重量,合否,作業者,検査結果\n一号機,1,2,3,4,合格,田中,異常\n"


@pytest.mark.parametrize(
    ("text", "encoding"), [(CHINESE, "gb18030"), (TAIWANESE, "cp950"), (KOREAN, "euc_kr")]
)
def test_text_from_china_taiwan_and_korea_is_told_from_japanese(text, encoding):
    result = decoded(text.encode(encoding))
    assert (result.text, result.encoding, result.certain) == (text, encoding, False)


@pytest.mark.parametrize("encoding", ["euc_jp", "cp932"])
@pytest.mark.parametrize(
    "text",
    [
        KANJI,
        KANJI + "コメント\n",
        "型,強度,判定\n" + "1,2,合格\n" * 500,
        "結果,備考\n" + "".join(f"{k},合格品\n" for k in range(50)),
    ],
)
def test_japanese_text_without_kana_stays_japanese(text, encoding):
    assert decoded(text.encode(encoding)).text == text


def test_degree_signs_and_accents_are_not_taken_for_big5():
    text = "Temp (°C);Länge (µm);Ø°F\n" + "20°C;±3µm;é\n" * 40
    assert decoded(text.encode("cp1252")).text == text


def test_half_width_kana_is_not_taken_for_big5():
    text = "ﾛｯﾄ,ｵﾝﾄﾞ,ｱﾂﾘｮｸ,ｷｮｳﾄﾞ,ﾊﾞﾝｺﾞｳ,ｹｯｶ\n" + "1,2,3,4,5,ｺﾞｳｶｸ\n" * 20
    assert decoded(text.encode("cp932")).text == text
