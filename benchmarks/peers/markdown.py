"""The tables as markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from peers.coverage import Coverage
from peers.credit import Credit
from peers.standing import Mean, Standing, mean
from peers.verdicts import Named


def shown(number: Mean | None, digits: int = 3) -> str:
    if number is None:
        return "-"
    error = "" if number.error is None else f" ± {number.error:.{digits}f}"
    return f"{number.value:.{digits}f}{error} ({number.sets})"


def mode_table(mode: str, lines: Sequence[Standing], seconds: Mapping[str, float], reference: str) -> str:
    heads = ["model", "sets", "mean rank", "R2", "AUC", f"R2: {reference} minus it"]
    heads += [f"AUC: {reference} minus it", "loses > 0.01 (AUC 0.005)", "loses > 0.03", "CPU s a fit"]
    text = [f"\n### {mode}\n", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for line in lines:
        spent = seconds.get(line.model)
        cells = [line.model, str(line.sets), "-" if line.rank is None else f"{line.rank:.2f}"]
        cells += [shown(line.r2), shown(line.auc), shown(line.gain_r2), shown(line.gain_auc)]
        cells += [f"{line.losses} of {line.compared}", f"{line.large} of {line.compared}"]
        text.append(f"| {' | '.join([*cells, '-' if spent is None else f'{spent:.1f}'])} |")
    return "\n".join(text)


def credit_text(split: str, credits: Sequence[Credit]) -> str:
    """One sentence: geometric mean of the error with our experts over the error without."""
    ratio = mean([float(np.log(credit.ratio)) for credit in credits])
    if ratio is None:
        return f"{split}: no set yet."
    low, high = (None if end is None else np.exp(end) for end in (ratio.low, ratio.high))
    within = "" if low is None else f" (95 % interval {low:.4f} to {high:.4f})"
    return f"{split}: RMSE x {np.exp(ratio.value):.4f}{within}, {ratio.sets} sets"


def coverage_text(found: Sequence[Coverage]) -> str:
    """One line a set and model: how much of contexts never seen lies inside the 90 % band."""
    heads = [
        "set",
        "model",
        "contexts",
        "pooled",
        "mean of contexts",
        "worst context",
        "half width / sd",
        "promisable",
    ]
    text = ["\n### Coverage of the 90 % interval on contexts never seen\n", f"| {' | '.join(heads)} |"]
    text.append("|" + " --- |" * len(heads))
    for one in found:
        pooled = "-" if one.pooled is None else f"{one.pooled:.3f}"
        cells = [one.name, one.model, str(one.contexts), pooled, f"{one.mean:.3f}", f"{one.worst:.2f}"]
        text.append(f"| {' | '.join([*cells, f'{one.half_width:.2f}', f'{one.promisable:.2f}'])} |")
    return "\n".join(text)


def verdict_text(found: Sequence[Named]) -> str:
    """One line a set: what the rule names, and the best there was."""
    heads = ["set", "split", "outcome", "recommended", "score", "best of ours", "best of all"]
    text = ["\n### Verdicts\n", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for one in found:
        score = "-" if one.score is None else f"{one.score:.3f}"
        cells = [one.name, one.headline, one.outcome, one.recommended, score]
        text.append(f"| {' | '.join([*cells, f'{one.best_own:.3f}', f'{one.best_any:.3f}'])} |")
    return "\n".join(text)
