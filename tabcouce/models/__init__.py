"""The panel of models behind one estimator contract."""

from tabcouce.models.boosting import BoostingModel
from tabcouce.models.constant import ConstantModel
from tabcouce.models.context_boosting import ContextBoostingModel
from tabcouce.models.contract import Model, State
from tabcouce.models.estimator import ModelTask, TargetRange
from tabcouce.models.forest import ForestModel
from tabcouce.models.kernel import KernelModel
from tabcouce.models.linear import LinearModel

__all__ = [
    "BoostingModel",
    "ConstantModel",
    "ContextBoostingModel",
    "ForestModel",
    "KernelModel",
    "LinearModel",
    "Model",
    "ModelTask",
    "State",
    "TargetRange",
]
