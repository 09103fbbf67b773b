"""Numbers as a reader wants them: three significant digits, None as a dash."""

from __future__ import annotations

import math

DASH = "-"


def significant(value: float | None, digits: int = 3) -> str:
    """1234.5 -> '1,234' (never fewer digits than stand before the point), 0.01234 -> '0.0123'."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 6 or size < -4:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(0, digits - 1 - size)}f}"


def setting(value: float | None, digits: int = 3) -> str:
    """As `significant` without the zeros at its end: a machine is set to 185, not to 185.0."""
    text = significant(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def score(value: float | None) -> str:
    """R2 or AUC: two decimals, three where it is nearly perfect."""
    if value is None or not math.isfinite(value):
        return DASH
    if abs(value) >= 100:
        return significant(value, 2)
    text = f"{value:.3f}" if 0.985 < abs(value) < 1 else f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def score_beside(value: float | None, other: float | None) -> str:
    """A score that stands beside another; three decimals where `gain` shows their difference with three."""
    if value is None or other is None or not 0 < abs(value - other) < 0.0095 or not abs(value) < 100:
        return score(value)
    return f"{value:.3f}"


def percent(share: float | None) -> str:
    """0.483 -> '48'; one decimal below ten per cent, so that 0.4 is not shown as 0."""
    if share is None or not math.isfinite(share):
        return DASH
    points = 100 * share
    return f"{points:.1f}" if 0 < abs(points) < 9.95 else f"{points:.0f}"


def gain(value: float | None) -> str:
    """A difference of scores with its sign; three decimals where two would show next to nothing."""
    if value is None or not math.isfinite(value):
        return DASH
    if abs(value) >= 100:
        return signed(significant(value, 2))
    text = f"{value:.3f}" if 0 < abs(value) < 0.0095 else f"{value:.2f}"
    return signed(text.removeprefix("-") if float(text) == 0 else text)


def signed(text: str) -> str:
    """A plus sign before a number that is not negative."""
    return text if text.startswith("-") or text == DASH else f"+{text}"


def step_text(step: float, unit: str | None) -> str:
    """'+20 °C': a step is a round number, so no zeros stand behind it."""
    return with_unit(signed(f"{step:,.6g}"), unit)


def with_unit(text: str, unit: str | None) -> str:
    """The number and its unit; the number alone where the unit is not known."""
    return f"{text} {unit}" if unit else text
