// How the parts of a sample went: the record by which a failing part is data, not an outage.

/** How one part of a sample went. */
export interface CollectorHealth {
  /** meminfo, vmstat, pressure, cgroup, processes; elsewhere than Linux systeminformation, processes. */
  readonly name: string;
  readonly success: 0 | 1;
  readonly durationMs: number;
  /** The error of this sample, null on success. */
  readonly lastError: string | null;
}
