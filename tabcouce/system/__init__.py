"""One prediction out of many models: intervals and the range they hold in."""

from tabcouce.system.intervals import Intervals, fit_intervals
from tabcouce.system.training_range import TrainingRange

__all__ = ["Intervals", "TrainingRange", "fit_intervals"]
