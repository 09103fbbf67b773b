"""`Study` -> `Summary` -> page, workbook and result.json."""

from tabcouce.report.comparison import compare
from tabcouce.report.comparison_page import comparison_lines, write_comparison
from tabcouce.report.page import write_page
from tabcouce.report.predictions import predictions_frame
from tabcouce.report.result import result_document, write_result
from tabcouce.report.summarize import summarize
from tabcouce.report.summary import Summary
from tabcouce.report.verdict_text import verdict_sentences
from tabcouce.report.workbook import write_workbook

__all__ = [
    "Summary",
    "compare",
    "comparison_lines",
    "predictions_frame",
    "result_document",
    "summarize",
    "verdict_sentences",
    "write_comparison",
    "write_page",
    "write_result",
    "write_workbook",
]
