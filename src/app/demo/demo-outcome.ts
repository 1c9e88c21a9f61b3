// What the demo's actions gave back and what they cost, from the rows the history keeps of them. What is
// not known stays null: a sum of some windows is no sum of all.
import type { OptimizationEvent } from '../../core/index.ts';
import type { DemoAction, DemoOutcome } from './demo-report.ts';
import type { DemoRun } from './demo-run.ts';
import type { DemoSeries } from './report-charts.ts';

type Row = Pick<
  OptimizationEvent,
  | 'advised_kib'
  | 'taken_kib'
  | 'freed_kib'
  | 'compressed_kib'
  | 'returned_kib'
  | 'host_freed_kib'
  | 'host_noise_kib'
  | 'target_major_faults'
  | 'target_stall_us'
>;

/** Sums of several actions' rows. */
export type OutcomeTotals = Pick<
  DemoOutcome,
  | 'actions'
  | 'advisedBytes'
  | 'takenBytes'
  | 'freedBytes'
  | 'unknownActions'
  | 'compressedBytes'
  | 'returnedBytes'
  | 'targetMajorFaults'
  | 'targetStallUs'
  | 'hostCheck'
>;

/** Sums the rows of actions. */
export function sumRows(rows: readonly Row[]): OutcomeTotals {
  const sum = (pick: (row: Row) => number | null): number =>
    rows.reduce((total, row) => total + (pick(row) ?? 0), 0);
  const known = rows.filter(({ freed_kib }) => freed_kib !== null);
  return {
    actions: rows.length,
    advisedBytes: sum((row) => row.advised_kib) * 1024,
    takenBytes: sum((row) => row.taken_kib) * 1024,
    freedBytes: known.length === 0 ? null : sum((row) => row.freed_kib) * 1024,
    unknownActions: rows.length - known.length,
    compressedBytes: sum((row) => row.compressed_kib) * 1024,
    returnedBytes: sum((row) => row.returned_kib) * 1024,
    targetMajorFaults: sum((row) => row.target_major_faults),
    targetStallUs: sum((row) => row.target_stall_us),
    hostCheck: checkByHost(rows),
  };
}

/** The host's own figures beside the freed bytes of the same windows. The noise of a sum grows with its root. */
function checkByHost(rows: readonly Row[]): DemoOutcome['hostCheck'] {
  const checked = rows.filter(
    ({ freed_kib, host_freed_kib, host_noise_kib }) =>
      freed_kib !== null && host_freed_kib !== null && host_noise_kib !== null,
  );
  if (checked.length === 0) return null;
  const sum = (key: 'freed_kib' | 'host_freed_kib'): number =>
    checked.reduce((total, row) => total + row[key]!, 0) * 1024;
  const variance = checked.reduce((total, row) => total + row.host_noise_kib! ** 2, 0);
  return {
    windows: checked.length,
    movedBytes: sum('host_freed_kib'),
    noiseBytes: Math.round(Math.sqrt(variance) * 1024),
    freedBytes: sum('freed_kib'),
  };
}

/** Everything the act stage did. */
export function measureDemoOutcome({ host, workload, recorder }: DemoRun, actuator: string): DemoOutcome {
  const { ownRefaults, savedKib, refusalsByRule } = host.optimizer.stats();
  const acted = recorder.events.filter(({ mode }) => mode === 'act');
  return {
    actuator,
    goal: host.config.goal,
    ...sumRows(acted),
    returnedSinceBytes: (ownRefaults.filePages + ownRefaults.anonPages) * PAGE_BYTES,
    savedBytes: savedKib * 1024,
    ownRssBytes: process.memoryUsage.rss(),
    rows: acted.map((event, i) => describeAction(event, recorder.reasons[i] ?? event.scarce ?? '')),
    room: measureRoomLeft(recorder.series, workload.limitBytes),
    refusals: { ...refusalsByRule },
  };
}

const PAGE_BYTES = 4096;

/** One target, and one action at a time: the reasons stand in the order of the rows. */
function describeAction(event: OptimizationEvent, reason: string): DemoAction {
  const bytes = (kib: number | null): number | null => (kib === null ? null : kib * 1024);
  return {
    timestamp: event.timestamp,
    reason,
    takenBytes: bytes(event.taken_kib) ?? 0,
    freedBytes: bytes(event.freed_kib),
    returnedBytes: bytes(event.returned_kib) ?? 0,
    hostMovedBytes: bytes(event.host_freed_kib),
    hostNoiseBytes: bytes(event.host_noise_kib),
    error: event.error,
  };
}

/** What was left under the limit while requests held their memory: before the first action, and from it on. */
export function measureRoomLeft(
  series: Pick<DemoSeries, 'timestamps' | 'usedMib' | 'phase' | 'actionsAt'>,
  limitBytes: number | null,
): DemoOutcome['room'] {
  const firstAction = series.actionsAt[0];
  if (limitBytes === null || firstAction === undefined) return null;
  const rooms = { alone: [] as number[], acting: [] as number[] };
  series.timestamps.forEach((at, i) => {
    const used = series.usedMib[i];
    if (series.phase[i] !== 'hold' || used === null || used === undefined) return;
    rooms[at < firstAction ? 'alone' : 'acting'].push(limitBytes - used * 2 ** 20);
  });
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  if (rooms.alone.length === 0 || rooms.acting.length === 0) return null;
  return { aloneBytes: Math.round(mean(rooms.alone)), actingBytes: Math.round(mean(rooms.acting)) };
}
