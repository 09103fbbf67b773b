"""The CouCE-style encoder for tables: context is the background, sensor drift the nuisance."""

from tabcouce.encoder.estimator import CouceClassifier, CouceRegressor

__all__ = ["CouceClassifier", "CouceRegressor"]
