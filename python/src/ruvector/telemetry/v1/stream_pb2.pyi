# fmt: off
# ruff: noqa
# mypy: ignore-errors
import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DataEvent(_message.Message):
    __slots__ = ("sequence", "memory", "process", "optimization", "gap", "hello")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZATION_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    memory: MemorySnapshot
    process: ProcessRecord
    optimization: OptimizationEvent
    gap: Gap
    hello: Hello
    def __init__(self, sequence: _Optional[int] = ..., memory: _Optional[_Union[MemorySnapshot, _Mapping]] = ..., process: _Optional[_Union[ProcessRecord, _Mapping]] = ..., optimization: _Optional[_Union[OptimizationEvent, _Mapping]] = ..., gap: _Optional[_Union[Gap, _Mapping]] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("epoch", "tables", "anonymized", "sequences", "timestamps", "repeats")
    class SequencesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class TimestampsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _timestamp_pb2.Timestamp
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class RepeatsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TABLES_FIELD_NUMBER: _ClassVar[int]
    ANONYMIZED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_FIELD_NUMBER: _ClassVar[int]
    REPEATS_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    tables: _containers.RepeatedScalarFieldContainer[str]
    anonymized: bool
    sequences: _containers.ScalarMap[str, int]
    timestamps: _containers.MessageMap[str, _timestamp_pb2.Timestamp]
    repeats: _containers.ScalarMap[str, int]
    def __init__(self, epoch: _Optional[str] = ..., tables: _Optional[_Iterable[str]] = ..., anonymized: _Optional[bool] = ..., sequences: _Optional[_Mapping[str, int]] = ..., timestamps: _Optional[_Mapping[str, _timestamp_pb2.Timestamp]] = ..., repeats: _Optional[_Mapping[str, int]] = ...) -> None: ...

class Gap(_message.Message):
    __slots__ = ("table", "from_sequence", "to_sequence", "dropped", "reason")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TO_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    table: str
    from_sequence: int
    to_sequence: int
    dropped: int
    reason: str
    def __init__(self, table: _Optional[str] = ..., from_sequence: _Optional[int] = ..., to_sequence: _Optional[int] = ..., dropped: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class MemorySnapshot(_message.Message):
    __slots__ = ("timestamp", "total_mb", "available_mb", "used_percent", "page_file_used_mb", "processes_count", "mem_free_kib", "buffers_kib", "cached_kib", "swap_cached_kib", "active_anon_kib", "inactive_anon_kib", "active_file_kib", "inactive_file_kib", "dirty_kib", "writeback_kib", "anon_pages_kib", "mapped_kib", "shmem_kib", "slab_reclaimable_kib", "slab_unreclaimable_kib", "committed_as_kib", "swap_total_kib", "swap_free_kib", "pgscan_kswapd", "pgscan_direct", "pgsteal_kswapd", "pgsteal_direct", "workingset_refault_anon", "workingset_refault_file", "pswpin", "pswpout", "pgmajfault", "oom_kill", "psi_memory_some_us", "psi_memory_full_us", "psi_io_some_us", "psi_io_full_us", "psi_cpu_some_us", "cgroup_usage_bytes", "cgroup_limit_bytes", "top_process_rss_kib", "cgroup_oom_kill", "own_refault_file", "own_refault_anon")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MB_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_MB_FIELD_NUMBER: _ClassVar[int]
    USED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FILE_USED_MB_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEM_FREE_KIB_FIELD_NUMBER: _ClassVar[int]
    BUFFERS_KIB_FIELD_NUMBER: _ClassVar[int]
    CACHED_KIB_FIELD_NUMBER: _ClassVar[int]
    SWAP_CACHED_KIB_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ANON_KIB_FIELD_NUMBER: _ClassVar[int]
    INACTIVE_ANON_KIB_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FILE_KIB_FIELD_NUMBER: _ClassVar[int]
    INACTIVE_FILE_KIB_FIELD_NUMBER: _ClassVar[int]
    DIRTY_KIB_FIELD_NUMBER: _ClassVar[int]
    WRITEBACK_KIB_FIELD_NUMBER: _ClassVar[int]
    ANON_PAGES_KIB_FIELD_NUMBER: _ClassVar[int]
    MAPPED_KIB_FIELD_NUMBER: _ClassVar[int]
    SHMEM_KIB_FIELD_NUMBER: _ClassVar[int]
    SLAB_RECLAIMABLE_KIB_FIELD_NUMBER: _ClassVar[int]
    SLAB_UNRECLAIMABLE_KIB_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_AS_KIB_FIELD_NUMBER: _ClassVar[int]
    SWAP_TOTAL_KIB_FIELD_NUMBER: _ClassVar[int]
    SWAP_FREE_KIB_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_KSWAPD_FIELD_NUMBER: _ClassVar[int]
    PGSCAN_DIRECT_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_KSWAPD_FIELD_NUMBER: _ClassVar[int]
    PGSTEAL_DIRECT_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_REFAULT_ANON_FIELD_NUMBER: _ClassVar[int]
    WORKINGSET_REFAULT_FILE_FIELD_NUMBER: _ClassVar[int]
    PSWPIN_FIELD_NUMBER: _ClassVar[int]
    PSWPOUT_FIELD_NUMBER: _ClassVar[int]
    PGMAJFAULT_FIELD_NUMBER: _ClassVar[int]
    OOM_KILL_FIELD_NUMBER: _ClassVar[int]
    PSI_MEMORY_SOME_US_FIELD_NUMBER: _ClassVar[int]
    PSI_MEMORY_FULL_US_FIELD_NUMBER: _ClassVar[int]
    PSI_IO_SOME_US_FIELD_NUMBER: _ClassVar[int]
    PSI_IO_FULL_US_FIELD_NUMBER: _ClassVar[int]
    PSI_CPU_SOME_US_FIELD_NUMBER: _ClassVar[int]
    CGROUP_USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CGROUP_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOP_PROCESS_RSS_KIB_FIELD_NUMBER: _ClassVar[int]
    CGROUP_OOM_KILL_FIELD_NUMBER: _ClassVar[int]
    OWN_REFAULT_FILE_FIELD_NUMBER: _ClassVar[int]
    OWN_REFAULT_ANON_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    total_mb: float
    available_mb: float
    used_percent: float
    page_file_used_mb: float
    processes_count: int
    mem_free_kib: int
    buffers_kib: int
    cached_kib: int
    swap_cached_kib: int
    active_anon_kib: int
    inactive_anon_kib: int
    active_file_kib: int
    inactive_file_kib: int
    dirty_kib: int
    writeback_kib: int
    anon_pages_kib: int
    mapped_kib: int
    shmem_kib: int
    slab_reclaimable_kib: int
    slab_unreclaimable_kib: int
    committed_as_kib: int
    swap_total_kib: int
    swap_free_kib: int
    pgscan_kswapd: int
    pgscan_direct: int
    pgsteal_kswapd: int
    pgsteal_direct: int
    workingset_refault_anon: int
    workingset_refault_file: int
    pswpin: int
    pswpout: int
    pgmajfault: int
    oom_kill: int
    psi_memory_some_us: int
    psi_memory_full_us: int
    psi_io_some_us: int
    psi_io_full_us: int
    psi_cpu_some_us: int
    cgroup_usage_bytes: int
    cgroup_limit_bytes: int
    top_process_rss_kib: int
    cgroup_oom_kill: int
    own_refault_file: int
    own_refault_anon: int
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., total_mb: _Optional[float] = ..., available_mb: _Optional[float] = ..., used_percent: _Optional[float] = ..., page_file_used_mb: _Optional[float] = ..., processes_count: _Optional[int] = ..., mem_free_kib: _Optional[int] = ..., buffers_kib: _Optional[int] = ..., cached_kib: _Optional[int] = ..., swap_cached_kib: _Optional[int] = ..., active_anon_kib: _Optional[int] = ..., inactive_anon_kib: _Optional[int] = ..., active_file_kib: _Optional[int] = ..., inactive_file_kib: _Optional[int] = ..., dirty_kib: _Optional[int] = ..., writeback_kib: _Optional[int] = ..., anon_pages_kib: _Optional[int] = ..., mapped_kib: _Optional[int] = ..., shmem_kib: _Optional[int] = ..., slab_reclaimable_kib: _Optional[int] = ..., slab_unreclaimable_kib: _Optional[int] = ..., committed_as_kib: _Optional[int] = ..., swap_total_kib: _Optional[int] = ..., swap_free_kib: _Optional[int] = ..., pgscan_kswapd: _Optional[int] = ..., pgscan_direct: _Optional[int] = ..., pgsteal_kswapd: _Optional[int] = ..., pgsteal_direct: _Optional[int] = ..., workingset_refault_anon: _Optional[int] = ..., workingset_refault_file: _Optional[int] = ..., pswpin: _Optional[int] = ..., pswpout: _Optional[int] = ..., pgmajfault: _Optional[int] = ..., oom_kill: _Optional[int] = ..., psi_memory_some_us: _Optional[int] = ..., psi_memory_full_us: _Optional[int] = ..., psi_io_some_us: _Optional[int] = ..., psi_io_full_us: _Optional[int] = ..., psi_cpu_some_us: _Optional[int] = ..., cgroup_usage_bytes: _Optional[int] = ..., cgroup_limit_bytes: _Optional[int] = ..., top_process_rss_kib: _Optional[int] = ..., cgroup_oom_kill: _Optional[int] = ..., own_refault_file: _Optional[int] = ..., own_refault_anon: _Optional[int] = ...) -> None: ...

class ProcessRecord(_message.Message):
    __slots__ = ("timestamp", "pid", "name", "name_hash", "working_set_mb", "private_bytes_mb", "cpu_percent", "io_read_bytes", "io_write_bytes", "shared_kib", "swap_kib", "cpu_time_ms", "minor_faults", "major_faults", "threads", "start_time_ticks")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_HASH_FIELD_NUMBER: _ClassVar[int]
    WORKING_SET_MB_FIELD_NUMBER: _ClassVar[int]
    PRIVATE_BYTES_MB_FIELD_NUMBER: _ClassVar[int]
    CPU_PERCENT_FIELD_NUMBER: _ClassVar[int]
    IO_READ_BYTES_FIELD_NUMBER: _ClassVar[int]
    IO_WRITE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHARED_KIB_FIELD_NUMBER: _ClassVar[int]
    SWAP_KIB_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MINOR_FAULTS_FIELD_NUMBER: _ClassVar[int]
    MAJOR_FAULTS_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_TICKS_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    pid: int
    name: str
    name_hash: int
    working_set_mb: float
    private_bytes_mb: float
    cpu_percent: float
    io_read_bytes: int
    io_write_bytes: int
    shared_kib: int
    swap_kib: int
    cpu_time_ms: int
    minor_faults: int
    major_faults: int
    threads: int
    start_time_ticks: int
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pid: _Optional[int] = ..., name: _Optional[str] = ..., name_hash: _Optional[int] = ..., working_set_mb: _Optional[float] = ..., private_bytes_mb: _Optional[float] = ..., cpu_percent: _Optional[float] = ..., io_read_bytes: _Optional[int] = ..., io_write_bytes: _Optional[int] = ..., shared_kib: _Optional[int] = ..., swap_kib: _Optional[int] = ..., cpu_time_ms: _Optional[int] = ..., minor_faults: _Optional[int] = ..., major_faults: _Optional[int] = ..., threads: _Optional[int] = ..., start_time_ticks: _Optional[int] = ...) -> None: ...

class OptimizationEvent(_message.Message):
    __slots__ = ("timestamp", "trigger", "before_available_mb", "after_available_mb", "freed_mb", "processes_trimmed", "duration_ms", "success", "label", "mode", "actuator", "model_version", "before_free_kib", "after_free_kib", "drift_kib", "rss_drop_kib", "advised_kib", "error", "goal", "scarce", "taken_kib", "returned_kib", "compressed_kib", "host_freed_kib", "host_noise_kib", "target_major_faults", "target_stall_us", "own_rss_kib")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_AVAILABLE_MB_FIELD_NUMBER: _ClassVar[int]
    AFTER_AVAILABLE_MB_FIELD_NUMBER: _ClassVar[int]
    FREED_MB_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_TRIMMED_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    ACTUATOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FREE_KIB_FIELD_NUMBER: _ClassVar[int]
    AFTER_FREE_KIB_FIELD_NUMBER: _ClassVar[int]
    DRIFT_KIB_FIELD_NUMBER: _ClassVar[int]
    RSS_DROP_KIB_FIELD_NUMBER: _ClassVar[int]
    ADVISED_KIB_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    GOAL_FIELD_NUMBER: _ClassVar[int]
    SCARCE_FIELD_NUMBER: _ClassVar[int]
    TAKEN_KIB_FIELD_NUMBER: _ClassVar[int]
    RETURNED_KIB_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_KIB_FIELD_NUMBER: _ClassVar[int]
    HOST_FREED_KIB_FIELD_NUMBER: _ClassVar[int]
    HOST_NOISE_KIB_FIELD_NUMBER: _ClassVar[int]
    TARGET_MAJOR_FAULTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_STALL_US_FIELD_NUMBER: _ClassVar[int]
    OWN_RSS_KIB_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    trigger: str
    before_available_mb: float
    after_available_mb: float
    freed_mb: float
    processes_trimmed: int
    duration_ms: float
    success: bool
    label: str
    mode: str
    actuator: str
    model_version: str
    before_free_kib: int
    after_free_kib: int
    drift_kib: int
    rss_drop_kib: int
    advised_kib: int
    error: str
    goal: str
    scarce: str
    taken_kib: int
    returned_kib: int
    compressed_kib: int
    host_freed_kib: int
    host_noise_kib: int
    target_major_faults: int
    target_stall_us: int
    own_rss_kib: int
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trigger: _Optional[str] = ..., before_available_mb: _Optional[float] = ..., after_available_mb: _Optional[float] = ..., freed_mb: _Optional[float] = ..., processes_trimmed: _Optional[int] = ..., duration_ms: _Optional[float] = ..., success: _Optional[bool] = ..., label: _Optional[str] = ..., mode: _Optional[str] = ..., actuator: _Optional[str] = ..., model_version: _Optional[str] = ..., before_free_kib: _Optional[int] = ..., after_free_kib: _Optional[int] = ..., drift_kib: _Optional[int] = ..., rss_drop_kib: _Optional[int] = ..., advised_kib: _Optional[int] = ..., error: _Optional[str] = ..., goal: _Optional[str] = ..., scarce: _Optional[str] = ..., taken_kib: _Optional[int] = ..., returned_kib: _Optional[int] = ..., compressed_kib: _Optional[int] = ..., host_freed_kib: _Optional[int] = ..., host_noise_kib: _Optional[int] = ..., target_major_faults: _Optional[int] = ..., target_stall_us: _Optional[int] = ..., own_rss_kib: _Optional[int] = ...) -> None: ...
