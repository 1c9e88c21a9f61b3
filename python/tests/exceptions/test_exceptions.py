import pickle
import re

import pytest

from repository import ROOT
from ruvector import _exceptions
from ruvector._exceptions import (
    DaemonError,
    HandlerError,
    ModelError,
    RuvectorError,
    TrainerError,
    WireError,
    error_class_of,
    error_from_payload,
    payload_from_error,
)
from ruvector._exceptions.classes import CLASS_BY_CODE

ERRORS_PAGE = ROOT / "docs" / "errors.md"
CODES = sorted(set(re.findall(r"`(ERR_[A-Z0-9_]+)`", ERRORS_PAGE.read_text("utf-8"))))
CLASSES = [
    value
    for value in vars(_exceptions).values()
    if isinstance(value, type) and issubclass(value, RuvectorError)
]


def test_class_by_code_has_a_class_for_every_documented_code_of_the_bridge_and_the_exporter():
    codes = [code for code in CODES if code.startswith(("ERR_WIRE_", "ERR_EXPORT_"))]
    assert len(codes) >= 19
    for code in codes:
        assert error_class_of(code) not in (WireError, _exceptions.ExportError, DaemonError), code


@pytest.mark.parametrize("code", CODES)
def test_class_by_code_has_a_class_for_every_documented_code(code):
    assert issubclass(error_class_of(code), RuvectorError)


def test_class_by_code_has_no_code_of_the_bridge_that_is_not_documented():
    documented = {code for code in CODES if code.startswith(("ERR_WIRE_", "ERR_EXPORT_"))}
    bridge = {code for code in CLASS_BY_CODE if code.startswith(("ERR_WIRE_", "ERR_EXPORT_"))}
    assert bridge == documented


@pytest.mark.parametrize("kind", CLASSES)
def test_exceptions_are_public_and_named_in_the_tree(kind):
    assert kind.__name__ in _exceptions.__all__
    assert kind.__name__ in (_exceptions.__doc__ or "")


@pytest.mark.parametrize(
    ("code", "kind", "builtin"),
    [
        ("ERR_WIRE_NO_DAEMON", _exceptions.NoDaemonError, ConnectionError),
        ("ERR_WIRE_AUTH", _exceptions.AuthenticationError, PermissionError),
        ("ERR_WIRE_TIMEOUT", _exceptions.WireTimeoutError, TimeoutError),
        ("ERR_WIRE_UNKNOWN_STREAM", _exceptions.UnknownNameError, LookupError),
        ("ERR_PREPARE_PRIVACY_K", _exceptions.PrivacyError, ValueError),
        ("ERR_EXPORT_WRITE", _exceptions.ExportWriteError, OSError),
        ("ERR_MODEL_REJECTED", ModelError, Exception),
        ("ERR_TRAINER_FAILED", TrainerError, Exception),
        ("ERR_SOMETHING_NEW", DaemonError, Exception),
    ],
)
def test_error_from_payload_gives_the_class_of_the_code(code, kind, builtin):
    error = error_from_payload({"code": code, "message": "m", "details": {"a": 1}})
    assert type(error) is kind
    assert isinstance(error, builtin)
    assert (error.code, str(error), dict(error.details)) == (code, "m", {"a": 1})


@pytest.mark.parametrize("payload", [None, {}, {"code": 1, "message": [], "details": "x"}])
def test_error_from_payload_makes_an_error_of_anything(payload):
    error = error_from_payload(payload)
    assert isinstance(error, HandlerError)
    assert "no message" in str(error)


def test_payload_from_error_keeps_all_of_an_error():
    error = TrainerError("m", code="ERR_TRAINER_FAILED", details={"a": 1}, traceback="T")
    again = error_from_payload(payload_from_error(error))
    assert (again.code, str(again), again.traceback) == ("ERR_TRAINER_FAILED", "m", "T")
    assert payload_from_error(KeyError("x"))["code"] == "ERR_WIRE_HANDLER"


def test_ruvector_error_survives_pickle():
    error = ModelError("m", code="ERR_MODEL_REJECTED", details={"a": [1]}, traceback="T")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ModelError
    assert (again.code, dict(again.details), again.traceback) == (error.code, {"a": [1]}, "T")
