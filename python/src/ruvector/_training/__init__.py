"""From a labelled data set to a model in the daemon: fit, measure, export to ONNX, prove, deploy.

Not the process that the daemon starts for it: ``ruvector.trainer``. All of it is imported at once,
scikit-learn and ONNX included: it takes seconds, and no import may fall between a fit and the first
decision of its model.
"""

from __future__ import annotations

from .answers import Rows
from .bootstrap import block_length
from .candidates import FoldScore, ModelCost, measure_cost, score_fold
from .deployment import DeployClient, Deployment, deploy, package_estimator
from .estimators import create_estimator, estimator_path
from .fit_checks import check_missing, few_rows, take_training_rows
from .fit_result import FitResult
from .fitting import fit_here, fit_rows, training_error
from .found_models import take_found
from .graphs import walk
from .labelled_dataset import DescribedDataset, LabelledDataset, timestamps_of
from .measurement import measure
from .onnx_export import OnnxModel, export_onnx
from .parity import ParityReport
from .preparation import prepare
from .progress import Callback, StopTraining, TrainingStep, check_loss, report
from .registry import Entry, register, require
from .resampled import score_key, sign_of
from .result_log import log_deployment, log_result
from .run_log import LoggerName, RunLog, RunLogWarning, open_run
from .sample_weights import balance
from .stored_dataset import StoredDataset
from .swapped_classes import swap_back, swap_in
from .tasks import Task, task_of
from .warming import warm_up

__all__ = [
    "Callback",
    "DeployClient",
    "Deployment",
    "DescribedDataset",
    "Entry",
    "FitResult",
    "FoldScore",
    "LabelledDataset",
    "LoggerName",
    "ModelCost",
    "OnnxModel",
    "ParityReport",
    "Rows",
    "RunLog",
    "RunLogWarning",
    "StopTraining",
    "StoredDataset",
    "Task",
    "TrainingStep",
    "balance",
    "block_length",
    "check_loss",
    "check_missing",
    "create_estimator",
    "deploy",
    "estimator_path",
    "export_onnx",
    "few_rows",
    "fit_here",
    "fit_rows",
    "log_deployment",
    "log_result",
    "measure",
    "measure_cost",
    "open_run",
    "package_estimator",
    "prepare",
    "register",
    "report",
    "require",
    "score_fold",
    "score_key",
    "sign_of",
    "swap_back",
    "swap_in",
    "take_found",
    "take_training_rows",
    "task_of",
    "timestamps_of",
    "training_error",
    "walk",
    "warm_up",
]
