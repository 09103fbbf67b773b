"""The CouCE-style encoder for tables: context is the background, sensor drift the nuisance."""

from tabcouce.encoder.estimator import CouceClassifier, CouceRegressor
from tabcouce.encoder.nuisance import Nuisance

__all__ = ["CouceClassifier", "CouceRegressor", "Nuisance"]
