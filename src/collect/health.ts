// How the parts of a sample went: the record by which a failing part is data, not an outage.

/** A column that was left null because its value could not be used. */
export interface BadColumn {
  readonly column: string;
  /** Bad values since the start. */
  readonly count: number;
  /** The last of them as it was found, at most 80 characters. */
  readonly lastText: string;
}

/** How one part of a sample went. */
export interface CollectorHealth {
  /** meminfo, vmstat, pressure, cgroup, processes; elsewhere than Linux systeminformation, processes. */
  readonly name: string;
  /** 0 when any of its values could not be read or used; the others are there. */
  readonly success: 0 | 1;
  readonly durationMs: number;
  /** The first error of this sample, null on success. */
  readonly lastError: string | null;
  /** Samples since the start in which something of it failed. */
  readonly failures: number;
  /** The error of the last of them; null when there was none. */
  readonly lastFailure: string | null;
  readonly badColumns: readonly BadColumn[];
}
