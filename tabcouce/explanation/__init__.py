"""What the models use, in which direction, and whether engineers agree.

Only the values are re-exported: attribution itself needs torch and shap, which a rendered
report does not.
"""

from tabcouce.explanation.factor import Attribution, Factor

__all__ = ["Attribution", "Factor"]
