"""The CouCE-style encoder for tables: context is the background, sensor drift the nuisance."""

from tabcouce.encoder.detector import CouceDetector
from tabcouce.encoder.estimator import CouceClassifier, CouceRegressor
from tabcouce.encoder.nuisance import Nuisance

__all__ = ["CouceClassifier", "CouceDetector", "CouceRegressor", "Nuisance"]
