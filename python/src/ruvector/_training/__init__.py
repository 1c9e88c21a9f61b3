"""From a labelled data set to a model in the daemon: fit, measure, export to ONNX, prove, deploy.

Not the process that the daemon starts for it: ``ruvector.trainer``. All of it is imported at once,
scikit-learn and ONNX included: it takes seconds, and no import may fall between a fit and the first
decision of its model.
"""

from __future__ import annotations

from .deployment import DeployClient, Deployment, deploy
from .estimators import create_estimator
from .fit_result import FitResult
from .fitting import fit
from .labelled_dataset import LabelledDataset
from .onnx_export import OnnxModel, export_onnx
from .parity import ParityReport
from .progress import Callback, StopTraining, TrainingStep, check_loss, report
from .registry import Entry, register, require
from .tasks import Task, task_of
from .warming import warm_up

__all__ = [
    "Callback",
    "DeployClient",
    "Deployment",
    "Entry",
    "FitResult",
    "LabelledDataset",
    "OnnxModel",
    "ParityReport",
    "StopTraining",
    "Task",
    "TrainingStep",
    "check_loss",
    "create_estimator",
    "deploy",
    "export_onnx",
    "fit",
    "register",
    "report",
    "require",
    "task_of",
    "warm_up",
]
