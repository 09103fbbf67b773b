"""Models over splits: trials, scores with intervals over contexts, and the verdict."""

from tabcouce.evaluation.candidates import SIMPLICITY, Candidate
from tabcouce.evaluation.compare import paired_difference
from tabcouce.evaluation.executor import Executor, LocalExecutor
from tabcouce.evaluation.fold_job import PackedModel
from tabcouce.evaluation.run import contexts_for, run_trial, run_trials
from tabcouce.evaluation.scores import score
from tabcouce.evaluation.trial import Difference, ModelScores, Score, Trial, Verdict
from tabcouce.evaluation.verdict import decide

__all__ = [
    "SIMPLICITY",
    "Candidate",
    "Difference",
    "Executor",
    "LocalExecutor",
    "ModelScores",
    "PackedModel",
    "Score",
    "Trial",
    "Verdict",
    "contexts_for",
    "decide",
    "paired_difference",
    "run_trial",
    "run_trials",
    "score",
]
