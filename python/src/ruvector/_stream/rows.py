"""Rows of a data stream: names and units of the export document first, then every other column.

Times are datetimes in UTC; None is what the host does not have or the stream leaves out.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

__all__ = ["MemorySnapshot", "OptimizationEvent", "ProcessRecord"]


class MemorySnapshot(TypedDict):
    """System memory at one instant; counters (pages, faults, PSI in µs) count since boot."""

    timestamp: datetime
    total_mb: float
    available_mb: float
    used_percent: float | None
    page_file_used_mb: float | None
    processes_count: int
    mem_free_kib: int | None
    buffers_kib: int | None
    cached_kib: int | None
    swap_cached_kib: int | None
    active_anon_kib: int | None
    inactive_anon_kib: int | None
    active_file_kib: int | None
    inactive_file_kib: int | None
    dirty_kib: int | None
    writeback_kib: int | None
    anon_pages_kib: int | None
    mapped_kib: int | None
    shmem_kib: int | None
    slab_reclaimable_kib: int | None
    slab_unreclaimable_kib: int | None
    committed_as_kib: int | None
    swap_total_kib: int | None
    swap_free_kib: int | None
    pgscan_kswapd: int | None
    pgscan_direct: int | None
    pgsteal_kswapd: int | None
    pgsteal_direct: int | None
    workingset_refault_anon: int | None
    workingset_refault_file: int | None
    pswpin: int | None
    pswpout: int | None
    pgmajfault: int | None
    oom_kill: int | None
    psi_memory_some_us: int | None
    psi_memory_full_us: int | None
    psi_io_some_us: int | None
    psi_io_full_us: int | None
    psi_cpu_some_us: int | None
    cgroup_usage_bytes: int | None
    cgroup_limit_bytes: int | None
    top_process_rss_kib: int | None
    cgroup_oom_kill: int | None
    own_refault_file: int | None
    own_refault_anon: int | None


class ProcessRecord(TypedDict):
    """One process at one instant.

    ``name`` is None in an anonymised stream, ``name_hash`` in others.
    """

    timestamp: datetime
    pid: int
    name: str | None
    name_hash: int | None
    working_set_mb: float
    private_bytes_mb: float | None
    cpu_percent: float | None
    io_read_bytes: int | None
    io_write_bytes: int | None
    shared_kib: int | None
    swap_kib: int | None
    cpu_time_ms: int | None
    minor_faults: int | None
    major_faults: int | None
    threads: int | None
    start_time_ticks: int | None


class OptimizationEvent(TypedDict):
    """One action of the optimizer and what it really did.

    ``error`` is no more than a code in an anonymised stream.
    """

    timestamp: datetime
    trigger: str
    before_available_mb: float
    after_available_mb: float | None
    freed_mb: float | None
    processes_trimmed: int
    duration_ms: float
    success: bool
    label: str
    mode: str
    actuator: str
    model_version: str | None
    before_free_kib: int
    after_free_kib: int | None
    drift_kib: int | None
    rss_drop_kib: int | None
    advised_kib: int | None
    error: str | None
    goal: str | None
    scarce: str | None
    taken_kib: int | None
    returned_kib: int | None
    compressed_kib: int | None
    host_freed_kib: int | None
    host_noise_kib: int | None
    target_major_faults: int | None
    target_stall_us: int | None
    own_rss_kib: int | None
