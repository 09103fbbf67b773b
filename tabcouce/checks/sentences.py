"""Every sentence of the checks, under 'rule' or 'rule.form'; other languages translate by these keys."""

from __future__ import annotations

from collections.abc import Mapping

from tabcouce.checks.finding import Fact, Finding, Severity
from tabcouce.checks.reader_sentences import READER_SENTENCES
from tabcouce.checks.sentence import Sentence, counted
from tabcouce.errors import Place
from tabcouce.read.note import CellRead

LISTED = 5
"""Names in a sentence before '...'."""


_AFTER = "If '{column}' is known only after the result, give it the kind 'after'; then run again."
_RESULT = "'{column}' may be known only after '{target}': "
_REACHES = " (alone it reaches {measure} {score:.2f})."
_ALONE = (
    "'{column}' alone gives '{target}' with {measure} {score:.3f}; the best other column reaches {other:.2f}"
)
_FORMULA = "If one of them is computed from '{target}', give it the kind 'after'."
_EMPTY = "Check that the right sheet was read, or give them the kind 'ignored'."
_NO_VALUE = "without any value in the rows used, not given to the models: {names}."
_IGNORE = "Give them the kind 'ignored'."
_SPARSE = "blank in more than {limit:.0%} of the rows (at most {worst:.0%}): {names}."
_BLANKS = "Check whether blanks mean something; if not, give them the kind 'ignored'."
_FAR = "'{column}' is {value:.3g} here, more than a million spreads from its median"
_CLEAR = "Clear the cells if the recording was corrupt; the models clip them."
_COLLECT = "Collect rows from at least {enough} before trusting a score for a new one."
_FIXED = "within a level there is next to nothing left to explain."
_VARY = (
    "A model can only learn which level a row is from. Vary the conditions within each '{context}', or treat "
    "the level itself as the question."
)
_STUCK = "less than 1 % within the levels of '{context}': the effect cannot be separated from it."
_ON_ONE = "Vary it on at least one '{context}', or read its effect as that of '{context}'."
_INCLUDES = "Read effects of '{inner}' as including those of '{outer}'."
_SPREAD = (
    "Look for what differs between these rows and is not in the file, or take the spread as measurement "
    "noise."
)

LEFT_OUT = Sentence("It is rightly left out ({left_out}).", "Nothing to do; keep it out of the inputs.")
"""Stands behind a leak's own sentence where the column is no input, and replaces its remedy."""

_FORMAT = "If that is wrong, give the 'format' of the dates under 'derive', or write them as 2024-03-31."
_RUN = "; no cell proves it, but the rows then run through time with fewer steps back."

SENTENCES: Mapping[str, Sentence] = {
    **READER_SENTENCES,
    "target-copy.copy": Sentence(
        "'{column}' is a copy of '{target}' (correlation {correlation:.4f}).", _AFTER
    ),
    "target-copy.order": Sentence(
        "'{column}' rises or falls exactly with '{target}' (rank correlation {correlation:.4f}).", _AFTER
    ),
    "target-copy.steps": Sentence(
        "'{column}' is a rounded or stepped copy of '{target}': its values cut the target into ranges that "
        "do not overlap (R2 {score:.2f}).",
        _AFTER,
    ),
    "target-copy.alone": Sentence(_ALONE + ".", _AFTER),
    "target-copy.alone-steps": Sentence(
        _ALONE + ", and its values cut the target into ranges that hardly overlap: a rounded copy.", _AFTER
    ),
    "target-formula.sum": Sentence(
        "'{target}' is exactly a sum or difference of '{first}' and '{second}'.", _FORMULA
    ),
    "target-formula.product": Sentence(
        "'{target}' is exactly a product or ratio of '{first}' and '{second}'.", _FORMULA
    ),
    "recorded-after.after": Sentence(_RESULT + "'{word}' is usually written after it" + _REACHES, _AFTER),
    "recorded-after.result": Sentence(_RESULT + "'{word}' names a result as well" + _REACHES, _AFTER),
    "one-class-column.filled": Sentence(
        "'{column}' is filled only in rows of class '{label}' ({count} of {rows} rows).", _AFTER
    ),
    "one-class-column.empty": Sentence(
        "'{column}' is empty only in rows of class '{label}' ({count} of {rows} rows).", _AFTER
    ),
    "one-class-column.levels": Sentence(
        "The texts of '{column}' fix the class: rows with the same text have the same class "
        "({count} of {rows} rows).",
        _AFTER,
    ),
    "duplicate-rows": Sentence(
        "{count} of {rows} rows repeat an earlier row in all inputs, contexts and the target.",
        "Delete the copies, or name a 'group' column that keeps them in one fold.",
    ),
    "twin-rows": Sentence(
        "{count} of {rows} rows ({share:.0%}) have the same inputs as another row ({settings} different "
        "settings in all); shuffled folds part them.",
        "Judge by the context-out or group-out scores, or name a 'group' column that keeps twins together.",
    ),
    "twins-across-contexts": Sentence(
        "{count} rows have twins with the same inputs on another level of '{context}'.",
        "Good for comparing levels; where twins are one piece measured twice, name its number as 'group'.",
    ),
    "twins-with-other-result.spread": Sentence(
        "Rows with the same inputs differ in '{target}' by a standard deviation of {spread:.4g}: on these "
        "rows no model of these inputs can reach an R2 above {ceiling:.2f}.",
        _SPREAD,
    ),
    "twins-with-other-result.classes": Sentence(
        "{count} rows have the same inputs as a row of another class: no model of these inputs can tell "
        "them apart.",
        _SPREAD,
    ),
    "few-contexts.one": Sentence(
        "'{context}' has only one level: what holds for a new one can hardly be judged.", _COLLECT
    ),
    "few-contexts.many": Sentence(
        "'{context}' has only {levels} levels: what holds for a new one can hardly be judged.", _COLLECT
    ),
    "rows-per-context": Sentence(
        "{few} of {levels} levels of '{context}' have fewer than {limit} rows, {very_few} fewer than "
        "{very_few_limit} (smallest {smallest}).",
        "Scores per level are rough there; read the pooled score.",
    ),
    "context-fixes-target.variance": Sentence(
        "{share:.0%} of the variance of '{target}' lies between the levels of '{context}': " + _FIXED, _VARY
    ),
    "context-fixes-target.classes": Sentence(
        "{pure} of {levels} levels of '{context}' hold one class only: " + _FIXED, _VARY
    ),
    "factor-fixed-by-context.one": Sentence("{names} varies " + _STUCK, _ON_ONE),
    "factor-fixed-by-context.many": Sentence("{names} vary " + _STUCK, _ON_ONE),
    "nested-contexts.same": Sentence(
        "'{inner}' and '{outer}' name the same levels: their effects cannot be told apart.", _INCLUDES
    ),
    "nested-contexts.inside": Sentence(
        "Each level of '{inner}' lies within one level of '{outer}': their effects cannot be told apart.",
        _INCLUDES,
    ),
    "empty-input.one": Sentence("1 input is " + _NO_VALUE, _EMPTY),
    "empty-input.many": Sentence("{count} inputs are " + _NO_VALUE, _EMPTY),
    "constant-input.one": Sentence("1 input is the same in every row: {names}.", _IGNORE),
    "constant-input.many": Sentence("{count} inputs are the same in every row: {names}.", _IGNORE),
    "mostly-blank.one": Sentence("1 input is " + _SPARSE, _BLANKS),
    "mostly-blank.many": Sentence("{count} inputs are " + _SPARSE, _BLANKS),
    "identifier-input": Sentence(
        "'{column}' is an input, but it only numbers or names the rows.", "Give it the kind 'identifier'."
    ),
    "missing-code": Sentence(
        "'{column}' is {value} in {count} rows, far from all its other values: a code for 'no value'?",
        'If so, add na_values = ["{value}"] to the role file; the models then treat these cells as missing.',
    ),
    "extreme-cells.one": Sentence(_FAR + ": a glitched sensor?", _CLEAR),
    "extreme-cells.many": Sentence(
        _FAR + "; such cells: {cells} (rows: {rows}, columns: {columns}). A glitched sensor?", _CLEAR
    ),
    "date-order.day": Sentence("'{column}' was read with the day first, as '{text}' proves.", _FORMAT),
    "date-order.month": Sentence("'{column}' was read with the month first, as '{text}' proves.", _FORMAT),
    "date-order.day-run": Sentence("'{column}' was read with the day first" + _RUN, _FORMAT),
    "date-order.month-run": Sentence("'{column}' was read with the month first" + _RUN, _FORMAT),
    "date-order.unknown": Sentence(
        "Day and month of '{column}' cannot be told apart: every date reads both ways.", _FORMAT
    ),
    "log-target": Sentence(
        "'{target}' is above zero in every row and spans {decades:.1f} decades (skewness {skewness:.1f}, "
        "that of its logarithm {log_skewness:.1f}): errors of the large values outweigh all others.",
        "Consider its logarithm: in the role file a derived column with from = '{target}' and part = "
        "'log10', named as the target.",
    ),
    "censored-target": Sentence(
        "{count} of {rows} rows of '{target}' state only a limit; the limit was used as the value.",
        "Read scores near the limit with care: the true values lie beyond it.",
    ),
    "blank-target": Sentence(
        "{count} of {rows} rows have no '{target}' and were left out.",
        "Fill in the results if they are known.",
    ),
}


def worded(
    sentence: str,
    severity: Severity,
    place: Place,
    facts: Mapping[str, Fact],
    *,
    columns: tuple[str, ...] = (),
    size: float,
    cells: tuple[CellRead, ...] = (),
) -> Finding:
    """A finding in the words of its sentence.

    sentence  'rule' or 'rule.form', a key of SENTENCES
    facts     a value for each placeholder
    """
    rule, _, form = sentence.partition(".")
    shown = {name: _shown(fact) for name, fact in facts.items()}
    words = SENTENCES[sentence]
    return Finding(
        rule=rule,
        severity=severity,
        what=words.what.format(**shown),
        place=place,
        remedy=words.remedy.format(**shown),
        columns=columns,
        size=size,
        form=form,
        facts=facts,
        cells=cells,
    )


def _shown(fact: Fact) -> Fact:
    if isinstance(fact, tuple):
        return listed(fact)
    return counted(fact) if isinstance(fact, int) else fact


def listed(names: tuple[str, ...]) -> str:
    """'a', 'b' in quotes, and dots where there are more than a sentence can hold."""
    return ", ".join(f"'{name}'" for name in names[:LISTED]) + (", ..." if len(names) > LISTED else "")
