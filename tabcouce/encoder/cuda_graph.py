"""One training step as a CUDA graph: the GPU replays it, and Python starts one kernel in place of hundreds.

A replay runs the recorded kernels on the recorded memory. So a step's rows, moves and weights are copied
to the same place each time, and a step may neither read a number back nor decide anything by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from tabcouce.encoder.batches import Drawn
from tabcouce.encoder.losses import Fade

Step = Callable[[Drawn, Fade], None]
WARM_UP = 3
"""Steps that run as they are before one is recorded: libraries choose their kernels in the first ones."""


class Tape(Protocol):
    """Records work, without running it, and gives back what runs it on the same memory."""

    def warm_up(self, work: Callable[[], None]) -> None: ...

    def record(self, work: Callable[[], None]) -> Callable[[], None]: ...


class CudaTape:
    """A `torch.cuda.CUDAGraph`."""

    def warm_up(self, work: Callable[[], None]) -> None:
        """Run it beside the current stream, as it will be recorded."""
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            work()
        torch.cuda.current_stream().wait_stream(beside)

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
        replay: Callable[[], None] = graph.replay
        return replay


class ReplayedStep:
    """A step that is recorded once and replayed from then on; same results, all steps are real ones.

    step  changes weights in place and reads, beside them, only what it is given: batches of one size and
          `Fade.invariance`
    """

    def __init__(self, step: Step, tape: Tape) -> None:
        self.step, self.tape = step, tape
        self.done = 0
        self.drawn: Drawn | None = None
        self.invariance = torch.empty(0)
        self.replay: Callable[[], None] | None = None

    def __call__(self, drawn: Drawn, fade: Fade) -> None:
        self._put(drawn, fade)
        if self.done < WARM_UP:
            self.tape.warm_up(self._work)
        else:
            self.replay = self.replay or self.tape.record(self._work)
            self.replay()
        self.done += 1

    def _put(self, drawn: Drawn, fade: Fade) -> None:
        if self.drawn is None:
            self.drawn = drawn.map(Tensor.clone)
            self.invariance = torch.zeros((), device=drawn.rows.device)
        for place, now in zip(self.drawn.tensors, drawn.tensors, strict=True):
            place.copy_(now)
        self.invariance.fill_(fade.invariance)

    def _work(self) -> None:
        assert self.drawn is not None
        self.step(self.drawn, Fade(self.invariance, None))
