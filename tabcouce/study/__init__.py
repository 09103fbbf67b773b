"""The value `Study` and the chain of rooms that makes it."""

from tabcouce.study.effort import EFFORTS, Effort, EffortName
from tabcouce.study.value import Cap, Study, TargetStudy

__all__ = ["EFFORTS", "Cap", "Effort", "EffortName", "Study", "TargetStudy"]
