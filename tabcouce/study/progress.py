"""What a running study tells the person who waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One line of progress.

    stage, stages  number of the running stage and of all
    what           stage and model in words, ASCII
    done           share of the whole study that is finished, 0 to 1
    """

    stage: int
    stages: int
    what: str
    done: float


Listener = Callable[[Step], None]
Report = Callable[[str, float], None]
"""Called inside a stage with what is done and the share of the stage that is finished."""


def silent(step: Step) -> None:
    """A listener for callers that want no progress."""


@dataclass
class Stopwatch:
    """Wall seconds by stage, and the one place that reports progress.

    weights  share of the expected time of each stage, in order
    """

    weights: dict[str, float]
    listener: Listener = silent
    offset: float = 0.0
    share: float = 1.0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Report]:
        """Time a stage; yields a function that reports (what, share of the stage done)."""
        names = list(self.weights)
        number = names.index(name)
        total = sum(self.weights.values())
        before = sum(self.weights[n] for n in names[:number]) / total
        width = self.weights[name] / total

        def report(what: str, share: float) -> None:
            done = self.offset + self.share * (before + width * min(1.0, share))
            self.listener(Step(number + 1, len(names), f"{name}: {what}" if what else name, done))

        start = time.perf_counter()
        report("", 0.0)
        try:
            yield report
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
