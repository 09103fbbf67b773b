"""Words in column names that tell what a column is, English and Japanese."""

from __future__ import annotations

import re
import unicodedata

# Latin words must stand alone ('line' in 'line_no', not in 'baseline'); Japanese ones may not be
# set apart by blanks, so they match anywhere. 4M+E and the term table of Japanese QC practice.
_WORDS: dict[str, tuple[str, str]] = {
    "after": (
        "remark remarks comment comments note notes action disposition rework reinspection countermeasure "
        "reason cause defect_type failure_mode",
        "備考 コメント 処置 対策 再検 手直し 選別後 不良モード 不良内容 原因 特記",
    ),
    "target": (
        "target quality strength yield ys uts hardness hv viscosity thickness purity defect defects ng "
        "pass_fail pass_or_fail passed failed ok_ng judgement judgment verdict roughness wear productivity "
        "result response anomaly label usage consumption",
        "強度 粘度 膜厚 収率 歩留 寸法 硬度 硬さ 特性値 品質 目的変数 応答 合否 判定 良否 不良 "
        "純度 粗さ 摩耗 バリ有無 バリ高さ ヒケ 欠陥 外観 キズ 傷",
    ),
    "context": (
        "machine line equipment equip lot batch operator shift supplier vendor mold mould cavity furnace "
        "chamber tool lab laboratory instrument station team crew department dept plant site factory product "
        "part_name campaign charge heat recipe_id case run_id experiment season "
        "year month week quarter weekday day_of_week period doi paper family",
        "号機 機番 設備 装置 ライン 炉 金型 キャビ ロット バッチ チャージ 仕入先 サプライヤ 担当 作業者 "
        "検査者 班 シフト 直 部署 工場 試験機 品種 材料ロット "
        "年度 曜日 四半期",
    ),
    "person": (
        "operator operators worker workers inspector staff person employee technician foreman examiner",
        "作業者 作業員 担当 検査者 検査員 オペレータ 測定者 記録者 氏名 社員 班長",
    ),
    "identifier": (
        "id no number serial index idx uid uuid key sample_id barcode",
        "連番 製番 シリアル 通し番号 管理番号 整理番号",
    ),
    "time": (
        "date time datetime timestamp day_time produced_at measured_at",
        "日時 日付 年月日 時刻 製造日 測定日 タイムスタンプ",
    ),
    "ambient": (
        "ambient humidity outdoor room weather shot_count shots tool_counter counter cumulative dewpoint "
        "barometric atmospheric",
        "室温 湿度 気温 外気 露点 気圧 ショット数 累積 使用回数 季節",
    ),
    "setting": (
        "set setpoint setting sv recipe target_value nominal command targeted planned",
        "設定 指令 条件 配合 添加量 目標",
    ),
    "reading": ("actual pv measured monitor mean max min sensor", "実績 モニタ 測定 平均 最大 最小 センサ"),
    "quantity": (
        "speed temp temperature pressure time flow rate force torque width length current voltage power",
        "速度 温度 圧力 時間 流量 濃度 電流 電圧 荷重 回転 厚 長さ 重量",
    ),
}


def _pattern(latin: str, japanese: str) -> re.Pattern[str]:
    words = "|".join(re.escape(word.replace("_", " ")) for word in latin.split())
    signs = "|".join(map(re.escape, japanese.split()))
    return re.compile(rf"(?<![a-z])(?:{words})(?![a-z])|{signs}")


_PATTERNS = {topic: _pattern(latin, japanese) for topic, (latin, japanese) in _WORDS.items()}


def hint(topic: str, name: str) -> str | None:
    """The word in a column name that points to the topic, or None.

    topic  'after', 'target', 'context', 'person', 'identifier', 'time', 'ambient', 'setting', 'reading'
           or 'quantity'
    """
    text = _plain(name)
    if topic in _OUTSIDE_BRACKETS:
        text = _BRACKETED.sub(" ", text)
    if topic == "target" and _CALLED_Y.match(text):
        return "y"
    found = _PATTERNS[topic].search(text)
    return found.group(0) if found else None


_DAYS = re.compile(
    "(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?|[月火水木金土日](?:曜日?)?"
)


def names_weekday(text: str) -> bool:
    """Whether a cell is the name of a day: 'Monday', 'mon.', '月曜日', '月'."""
    return _DAYS.fullmatch(_plain(text)) is not None


def ends_in_label(name: str) -> bool:
    """Whether the name ends in a word for a context: 'material lot', 'Lot No.', 'ロット番号'."""
    return _LABEL.search(_BRACKETED.sub(" ", _plain(name)).strip()) is not None


_NUMBER = r"\s*(?:no|nr|id|number|code|番号|コード|#)?\s*$"
_LABEL = re.compile(f"(?:{_PATTERNS['context'].pattern}){_NUMBER}")
# 'y', 'Y1', 'Y-Kappa': the statistician's name of a result; 'Y position' is a place.
_CALLED_Y = re.compile(r"y(?:$|\d| (?!axis|pos|coord|offset|dir))")
# 'Age (month)' is an age, and 'power [line]' no line.
_OUTSIDE_BRACKETS = frozenset({"context", "person", "identifier", "time"})
_BRACKETED = re.compile(r"\[[^\]]*\]|\([^)]*\)")


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    text = re.sub(r"[\s_.\-:/]+", " ", text).casefold().strip()
    # 'no_of_workers' counts something; it is not a number that names the row.
    return re.sub(r"\bno of\b", "count of", text)
