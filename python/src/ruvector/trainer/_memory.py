"""What a trainer may take of memory, so that the host it trains on goes on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["describe_limit", "guard_memory", "is_out_of_memory"]

_LIMIT = "RUVECTOR_TRAINER_MEMORY_BYTES"
# Libraries that report an allocation that failed with an error of their own.
_WORDS = ("bad_alloc", "can't allocate memory", "cannot allocate memory", "not enough memory")
_OOM_SCORE = "800"


def guard_memory() -> None:
    """Limit what this process allocates, and let the kernel end it before others.

    Only private, writable memory counts (RLIMIT_DATA): libraries map gigabytes that they never
    touch, which a limit on addresses would count.
    """
    with contextlib.suppress(OSError):  # no Linux, or not allowed
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    limit = int(os.environ.get(_LIMIT, "0"))
    if limit <= 0:
        return
    try:
        import resource
    except ImportError:  # no POSIX
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an allocation failed, here or behind another error."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    return any(
        isinstance(each, MemoryError) or any(word in str(each).lower() for word in _WORDS)
        for each in chain
    )


def describe_limit(state: str) -> str:
    """Say what the trainer wanted and what it may have."""
    limit = int(os.environ.get(_LIMIT, "0"))
    most = f" than the {limit / 2**20:.0f} MiB it may take" if limit > 0 else " than there is"
    return (
        f"Cannot go on training: it needs more memory{most} ({state}); train on fewer rows, or "
        "with smaller parameters"
    )
