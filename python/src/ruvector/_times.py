"""Times as people write them → milliseconds since the epoch. No I/O."""

from __future__ import annotations

import math
import re
import time as clock
from datetime import date, datetime, time, timedelta
from numbers import Real
from typing import TypeAlias

from ._exceptions import ExportOptionsError

__all__ = ["TimeLike", "end_ms", "span_ms", "start_ms"]

TimeLike: TypeAlias = str | date | datetime | int | float
"""ISO 8601 text, a date, a datetime, or seconds since the epoch. Without a zone: local time.

Text also counts back from now: ``-2h``, ``-30m``, ``-1d``, ``now``.
"""

_AGO = re.compile(r"-(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$")
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}$")


def start_ms(value: TimeLike | None) -> int | None:
    """Begin of a range: a date means its first instant."""
    return None if value is None else _to_ms(value, days=0)


def end_ms(value: TimeLike | None) -> int | None:
    """End of a range, exclusive: a date includes the whole day."""
    return None if value is None else _to_ms(value, days=1)


def span_ms(start: TimeLike | None, end: TimeLike | None) -> dict[str, int | None]:
    """Give a range as the daemon takes it; one that counts back from now ends now.

    Beyond now there are only rows of a clock that was ahead.
    """
    counts_back = isinstance(start, str) and _ago_ms(start) is not None
    until = round(clock.time() * 1000) + 1 if end is None and counts_back else end_ms(end)
    return {"from_ms": start_ms(start), "to_ms": until}


def _to_ms(value: TimeLike, days: int) -> int:
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
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
