// Rows to stream: the real memory capture, processes and optimizations with every kind of value a column
// can hold. As users see them, and as an independent reader must print them.
import { buildAdrView, memoryKind } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import { publishedKinds } from '../../../src/stream/index.ts';
import type { StreamTable } from '../../../src/stream/index.ts';
import { readCapture } from '../collect/capture-fixture.ts';
import { mondayMs } from '../memory-rows.ts';

/** A published row and its table. */
export interface TableRow {
  readonly table: StreamTable;
  readonly row: AnyRow;
}

/** All rows of the capture with 300 processes and 50 optimizations strewn in. */
export function buildStreamRows(): TableRow[] {
  const view = buildAdrView('memory', memoryKind);
  return readCapture().flatMap((native, i): TableRow[] => [
    { table: 'memory', row: view.toRow(native) },
    ...(i % 9 === 0 ? [{ table: 'process', row: processRow(i) } as const] : []),
    ...(i % 54 === 0 ? [{ table: 'optimization', row: optimizationRow(i) } as const] : []),
  ]);
}

const names = ['node', 'Zoë’s "shell"', '', '\u{1f680} 🚀\n', 'a\\b\tc', 'x'.repeat(300)];

function processRow(i: number): AnyRow {
  const isAnonymous = i % 2 === 0;
  return {
    // Rows of one sample share their time.
    timestamp: mondayMs + Math.floor(i / 27),
    pid: isAnonymous ? null : (i * 7919) % 2 ** 31,
    name: isAnonymous ? null : names[i % names.length]!,
    name_hash: isAnonymous ? 2n ** 64n - BigInt(i) - 1n : null,
    working_set_mb: i / 3,
    private_bytes_mb: i % 4 === 0 ? null : 1e-7 * i,
    cpu_percent: i % 5 === 0 ? null : Math.fround(i / 7),
    io_read_bytes: Number.MAX_SAFE_INTEGER - i,
    io_write_bytes: i % 3 === 0 ? null : 0,
    shared_kib: -i,
    swap_kib: null,
    cpu_time_ms: i,
    minor_faults: 2 ** 40 + i,
    major_faults: 0,
    threads: 1,
    start_time_ticks: isAnonymous ? null : i,
  };
}

function optimizationRow(i: number): AnyRow {
  return {
    timestamp: mondayMs + i,
    trigger: 'model',
    before_available_mb: 100.5 + i,
    after_available_mb: i % 108 === 0 ? null : 3,
    freed_mb: -1.25,
    processes_trimmed: i,
    duration_ms: 1e21 / 3,
    success: i % 108 === 0,
    label: 'ShouldOptimize',
    mode: 'act',
    actuator: 'process_madvise',
    model_version: null,
    before_free_kib: 1,
    after_free_kib: null,
    drift_kib: 0,
    rss_drop_kib: null,
    advised_kib: null,
    error: i % 108 === 0 ? 'EPERM: näh' : null,
    goal: 'save',
    scarce: i % 108 === 0 ? null : '/sys/fs/cgroup/näh',
    taken_kib: i,
    returned_kib: null,
    compressed_kib: 0,
    host_freed_kib: -i,
    host_noise_kib: null,
    target_major_faults: i,
    target_stall_us: 2 ** 40 + i,
    own_rss_kib: 1,
  };
}

/** The row as stream-reader.py prints it: every published column, times in ms, uint64 as text. */
export function printedRow({ table, row }: TableRow): Record<string, unknown> {
  return Object.fromEntries(
    publishedKinds[table].fields.map(({ name, type }) => {
      const value = row[name] ?? null;
      if (value === null) return [name, null];
      if (type === 'uint64') return [name, String(value)];
      return [name, type === 'float32' ? Math.fround(Number(value)) : value];
    }),
  );
}
