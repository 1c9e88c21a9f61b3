"""Times as people write them → milliseconds since the epoch. No I/O."""

from __future__ import annotations

import math
import re
import time as clock
from datetime import date, datetime, time, timedelta
from numbers import Real
from typing import Any, TypeAlias

from ._exceptions import ExportOptionsError

__all__ = ["TimeLike", "end_ms", "span_ms", "start_ms"]

TimeLike: TypeAlias = str | date | datetime | int | float
"""ISO 8601 text, a date, a datetime, or seconds since the epoch. Without a zone: local time.

Text also counts back from now: ``-2h``, ``-30m``, ``-1d``, ``now``.
"""

_LAST_SECOND = 253_402_300_800  # the first of the year 10,000
_AGO = re.compile(r"-(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$")
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}$")


def start_ms(value: TimeLike | None) -> int | None:
    """Begin of a range: a date means its first instant."""
    return None if value is None else _to_ms(value, days=0)


def end_ms(value: TimeLike | None) -> int | None:
    """End of a range, exclusive: a date includes the whole day."""
    return None if value is None else _to_ms(value, days=1)


def span_ms(
    start: TimeLike | None, end: TimeLike | None, *, is_open: bool = False
) -> dict[str, int | None]:
    """Give a range as the daemon takes it; one that counts back from now ends now.

    Beyond now there are only rows of a clock that was ahead. An open range goes on.
    """
    counts_back = not is_open and isinstance(start, str) and _ago_ms(start) is not None
    until = round(clock.time() * 1000) + 1 if end is None and counts_back else end_ms(end)
    begin = start_ms(start)
    if begin is not None and until is not None and until < begin:
        raise ExportOptionsError(
            f"Cannot read a range from {start!s} to {'now' if end is None else end!s}: it ends "
            "before it begins; swap them, or leave one out"
        )
    return {"from_ms": begin, "to_ms": until}


def _to_ms(value: TimeLike, days: int) -> int:
    value = _plain(value)
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        if abs(value) > _LAST_SECOND:
            raise ExportOptionsError(
                f"Cannot read a time from {value!r}: in seconds it is beyond the year 9999; divide "
                "milliseconds by 1000, or pass a datetime"
            )
        return round(float(value) * 1000)
    if isinstance(value, str):
        back = _ago_ms(value)
        if back is not None:
            return round(clock.time() * 1000 - back)
        value = _parse(value)
    if not isinstance(value, date):
        raise ExportOptionsError(
            f"Cannot read a time from {value!r}: it is of type {type(value).__name__}; pass text "
            'such as "2024-01-31" or "-2h", a date, a datetime, or seconds since the epoch'
        )
    try:
        if not isinstance(value, datetime):
            value = datetime.combine(value + timedelta(days=days), time())
        # timestamp() takes a datetime without a zone as local time.
        return round(value.timestamp() * 1000)
    except (OverflowError, ValueError, OSError) as error:
        raise ExportOptionsError(
            f'Cannot read time "{value}": this system has no such time; write one after 1970'
        ) from error


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a frame gives
    """Take a time out of a scalar of NumPy or pyarrow; anything else as it is."""
    if hasattr(value, "as_py"):
        return value.as_py()
    if type(value).__name__ == "datetime64" and str(value) != "NaT":
        return value.astype("datetime64[us]").item()
    return value


def _ago_ms(text: str) -> float | None:
    ago = _AGO.match(text)
    if ago is not None:
        return float(ago[1]) * _UNITS_MS[ago[2]]
    return 0 if text == "now" else None


def _parse(text: str) -> date | datetime:
    try:
        if _DATE_ONLY.match(text):
            return date.fromisoformat(text)
        # Python 3.10 does not read the suffix Z.
        return datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
    except ValueError as error:
        raise ExportOptionsError(
            f'Cannot read time "{text}": it is not ISO 8601; write "2024-01-31" or '
            '"2024-01-31T12:00:00+01:00"'
        ) from error
