"""Errors of training, export and deployment, with the codes of docs/errors.md.

RuvectorError
  └ TrainingError
      ├ FewRowsError, FewClassesError, MissingValuesError, ClassesError   the data does not fit
      ├ UnknownEstimatorError, UnknownParameterError                      the request does not fit
      ├ NotFittedModelError, NotAModelError, FeatureMismatchError         the model does not fit
      ├ ConversionError, ParityError, FeatureSpecError                    the export failed
      ├ ProbabilitiesError                       its probabilities are none
      └ CancelledError, JobError                         the trainer was stopped, or misused
"""

from __future__ import annotations

from .._exceptions import RuvectorError

__all__ = [
    "CancelledError",
    "ClassesError",
    "ConversionError",
    "FeatureMismatchError",
    "FeatureSpecError",
    "FewClassesError",
    "FewRowsError",
    "JobError",
    "MissingValuesError",
    "NotAModelError",
    "NotFittedModelError",
    "ParityError",
    "ProbabilitiesError",
    "TrainingError",
    "UnknownEstimatorError",
    "UnknownParameterError",
]


class TrainingError(RuvectorError):
    """Training, export or deployment cannot go on."""

    code = "ERR_TRAIN_FAILED"


class FewRowsError(TrainingError, ValueError):
    """There are too few rows to fit or to measure."""

    code = "ERR_TRAIN_FEW_ROWS"


class FewClassesError(TrainingError, ValueError):
    """All training rows carry the same label."""

    code = "ERR_TRAIN_FEW_CLASSES"


class MissingValuesError(TrainingError, ValueError):
    """The data has missing values and the estimator takes none."""

    code = "ERR_TRAIN_MISSING_VALUES"


class ClassesError(TrainingError, ValueError):
    """The model predicts classes that are not labels of the data set."""

    code = "ERR_TRAIN_CLASSES"


class UnknownEstimatorError(TrainingError, ValueError):
    """No classifier of scikit-learn has this name."""

    code = "ERR_TRAIN_UNKNOWN_ESTIMATOR"


class UnknownParameterError(TrainingError, ValueError):
    """The estimator has no such parameter."""

    code = "ERR_TRAIN_UNKNOWN_PARAMETER"


class NotFittedModelError(TrainingError, ValueError):
    """The model was not fitted."""

    code = "ERR_TRAIN_NOT_FITTED"


class NotAModelError(TrainingError, TypeError):
    """The object is not a fitted classifier; pickles are refused by design."""

    code = "ERR_TRAIN_NOT_A_MODEL"


class FeatureMismatchError(TrainingError, ValueError):
    """The model was fitted on other features than the host computes."""

    code = "ERR_TRAIN_FEATURE_MISMATCH"


class FeatureSpecError(TrainingError, ValueError):
    """The data set does not say which feature specification it follows."""

    code = "ERR_TRAIN_FEATURE_SPEC"


class ConversionError(TrainingError):
    """The estimator has no ONNX form."""

    code = "ERR_TRAIN_CONVERSION"


class ParityError(TrainingError):
    """The exported model answers differently from the fitted one."""

    code = "ERR_TRAIN_PARITY"


class ProbabilitiesError(TrainingError, ValueError):
    """What the model calls probabilities are none."""

    code = "ERR_TRAIN_PROBABILITIES"


class CancelledError(TrainingError):
    """The training was cancelled."""

    code = "ERR_TRAIN_CANCELLED"


class JobError(TrainingError, ValueError):
    """A trainer was handed something that is not a job."""

    code = "ERR_TRAIN_JOB"
