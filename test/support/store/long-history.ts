// A history of days, as sealed segments: memory each second, or as often as asked, and scans of processes every ten, on a busy
// host whose shortages come and go. Written by the store's own encoder with a light compression, so that days take seconds.
import { constants, zstdCompressSync } from 'node:zlib';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryKind, processKind } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { encodeSegment } from '../../../src/store/encode-segment.ts';
import { segmentName } from '../../../src/store/segment-layout.ts';
import { mondayMs, snapshot } from '../memory-rows.ts';

/** How much history, and of what. */
export interface LongHistoryOptions {
  readonly hours: number;
  /** Processes of one scan. @default 200 */
  readonly processes?: number;
  /** Time between two scans. @default 10 s */
  readonly scanMs?: number;
  /** Time between two samples of memory. @default 1 s */
  readonly sampleMs?: number;
  readonly fromMs?: number;
}

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
/** Every so often memory runs short for two minutes. */
const CYCLE_S = 1800;
const SHORT_S = 120;
const FAST_ZSTD = 3;

const compress = (page: Uint8Array): Uint8Array =>
  zstdCompressSync(page, { params: { [constants.ZSTD_c_compressionLevel]: FAST_ZSTD } });

/** Writes the segments of such a history into `directory`; open it read-only or for writing afterwards. */
export async function writeLongHistory(directory: string, options: LongHistoryOptions): Promise<void> {
  const {
    hours,
    processes = 200,
    scanMs = 10 * SECOND_MS,
    sampleMs = SECOND_MS,
    fromMs = mondayMs,
  } = options;
  const perHour = HOUR_MS / sampleMs;
  for (let hour = 0; hour < hours; hour++) {
    const startMs = fromMs + hour * HOUR_MS;
    const rows = Array.from({ length: perHour }, (_, i) => memoryRow(fromMs, startMs + i * sampleMs));
    await writeRows(directory, memoryKind, rows, hour);
    if (processes === 0) continue;
    const scans = Array.from({ length: HOUR_MS / scanMs }, (_, i) => startMs + i * scanMs);
    await writeRows(
      directory,
      processKind,
      scans.flatMap((timeMs) => scanRows(fromMs, timeMs, processes)),
      hour,
    );
  }
}

async function writeRows(
  directory: string,
  kind: RecordKind,
  rows: readonly AnyRow[],
  generation: number,
): Promise<void> {
  const folder = join(directory, 'segments', kind.name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [first, last] = [Number(rows[0]!['timestamp']), Number(rows.at(-1)!['timestamp'])];
  const bytes = encodeSegment(kind, rows, [generation], { encodings: new Map(), compress });
  await writeFile(join(folder, segmentName(first, last, generation)), bytes);
}

function memoryRow(fromMs: number, timestamp: number): AnyRow {
  const second = Math.round((timestamp - fromMs) / SECOND_MS);
  const noise = mixInt(second);
  const phase = second % CYCLE_S;
  const shortSeconds = Math.floor(second / CYCLE_S) * SHORT_S + Math.max(0, phase - (CYCLE_S - SHORT_S));
  const depth = Math.max(0, phase - (CYCLE_S - SHORT_S)) / SHORT_S;
  const available = Math.round(8_000_000 - 7_500_000 * depth + (noise % 50_000));
  return snapshot({
    timestamp,
    mem_free_kib: Math.round(available / 2) + (noise % 4096),
    mem_available_kib: available,
    cached_kib: 3_000_000 + (noise % 8192),
    active_anon_kib: 5_000_000 + (noise % 65_536),
    dirty_kib: noise % 5000,
    psi_memory_some_us: shortSeconds * 30_000,
    psi_memory_full_us: shortSeconds * 4000,
    psi_cpu_some_us: second * 900 + (noise % 100),
    workingset_refault_file: shortSeconds * 500,
    pgscan_kswapd: shortSeconds * 4000,
    pgsteal_kswapd: shortSeconds * 3000,
    pgmajfault: shortSeconds * 100 + second,
    process_count: 200 + (noise % 17),
    top_process_rss_kib: 1_500_000 + (noise % 100_000),
  });
}

function scanRows(fromMs: number, timestamp: number, processes: number): AnyRow[] {
  const scan = Math.round((timestamp - fromMs) / (10 * SECOND_MS));
  return Array.from({ length: processes }, (_, at): AnyRow => {
    const noise = mixInt(scan * processes + at);
    const rss = 4096 + at * 1777 + (noise % 2048);
    const isLarge = at % 8 === 0;
    return {
      timestamp,
      pid: 300 + at * 131,
      name: `service-${at % 60}`,
      rss_kib: rss,
      shared_kib: at % 5 === 0 ? null : 512 + (at % 100),
      private_kib: isLarge ? rss - 512 : null,
      swap_kib: isLarge ? noise % 64 : null,
      cpu_percent: (noise % 1000) / 10,
      cpu_time_ms: scan * (at % 40) * 3 + at,
      io_read_bytes: scan * 4096 * (at % 7),
      io_write_bytes: scan * 512 * (at % 5) + at,
      minor_faults: scan * (at % 11) + at,
      major_faults: at % 13,
      threads: 1 + (at % 32),
      start_time_ticks: 1000 + at * 77,
    };
  });
}

/** A number below 2^32 that looks random and is the same in every run. */
function mixInt(value: number): number {
  let mixed = Math.imul(value + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
