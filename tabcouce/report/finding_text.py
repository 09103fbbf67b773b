"""A finding's sentence and remedy in the reader's language, from its facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tabcouce.checks.finding import Fact, Finding
from tabcouce.checks.sentence import counted
from tabcouce.checks.sentences import LISTED
from tabcouce.report.catalogue import Words


@dataclass(frozen=True)
class FindingText:
    """rule and severity as labels, what and remedy as sentences.

    language  of what and remedy; 'en' where the catalogue does not know the sentence
    """

    rule: str
    severity: str
    what: str
    remedy: str
    language: str


def finding_text(finding: Finding, w: Words) -> FindingText:
    """The finding in the language of the words; its own English where they do not know it."""
    labels = w.label("rule", finding.rule), w.label("severity", finding.severity)
    if f"{finding.sentence}.what" in w.findings and finding.facts:
        what, remedy = (w.findings[f"{finding.sentence}.{part}"] for part in ("what", "remedy"))
    else:
        return FindingText(*labels, finding.what, finding.remedy, "en")
    facts = _readable(finding.facts, w)
    if "left_out" in facts:
        what = w("list.join_sentences").join([what, w.findings["left-out.what"]])
        remedy = w.findings["left-out.remedy"]
    return FindingText(*labels, what.format(**facts), remedy.format(**facts), w.language)


def warning_text(warning: str, findings: tuple[Finding, ...], w: Words) -> str:
    """A warning of the role file; the finding that repeats it knows its facts."""
    same = next((found for found in findings if found.what == warning), None)
    return warning if same is None else finding_text(same, w).what


def _readable(facts: Mapping[str, Fact], w: Words) -> dict[str, object]:
    """Several names in a row in quotes; a kind of column by its word."""
    shown: dict[str, object] = {}
    for key, fact in facts.items():
        if isinstance(fact, tuple):
            shown[key] = w.listing([w("list.quoted", name=name) for name in fact], LISTED)
        elif isinstance(fact, int):
            shown[key] = counted(fact)
        else:
            shown[key] = w.label("kind", str(fact)) if key == "left_out" else fact
    return shown
