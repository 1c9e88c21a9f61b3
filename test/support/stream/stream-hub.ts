// A hub over a history in memory, and rows that say which one they are.
import { buildAdrView, memoryKind, optimizationKind, processKind } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import { createStreamHub } from '../../../src/stream/index.ts';
import type {
  StreamEvent,
  StreamHistory,
  StreamHub,
  StreamHubOptions,
  StreamKinds,
  StreamTable,
} from '../../../src/stream/index.ts';

export const streamKinds: StreamKinds = {
  memory: buildAdrView('memory', memoryKind).kind,
  process: buildAdrView('process', processKind).kind,
  optimization: buildAdrView('optimization', optimizationKind).kind,
};

/** A row whose timestamp and total say which one it is; `used_percent` counts 0 to 99. */
export function memoryRow(number: number, timestamp = number): AnyRow {
  const row: AnyRow = {};
  for (const field of streamKinds.memory.fields) row[field.name] = field.nullable ? null : 0;
  return { ...row, timestamp, total_mb: number, used_percent: number % 100 };
}

/** A process row; `pid` says which one it is. */
export function processRow(number: number, timestamp: number, name = 'node'): AnyRow {
  const row: AnyRow = {};
  for (const field of streamKinds.process.fields) row[field.name] = field.nullable ? null : 0;
  return { ...row, timestamp, pid: number, name };
}

/** A history that holds what was published through it; `forget` removes the oldest. */
export interface MemoryHistory extends StreamHistory {
  readonly rows: Record<StreamTable, AnyRow[]>;
  forget(table: StreamTable, beforeMs: number): void;
}

export function createMemoryHistory(): MemoryHistory {
  const rows: Record<StreamTable, AnyRow[]> = { memory: [], process: [], optimization: [] };
  return {
    rows,
    forget: (table, beforeMs) => {
      rows[table] = rows[table].filter((row) => Number(row['timestamp']) >= beforeMs);
    },
    async *read(table, { fromMs, toMs = Infinity }) {
      const time = (row: AnyRow): number => Number(row['timestamp']);
      const range = rows[table].filter((row) => time(row) >= fromMs && time(row) < toMs);
      range.sort((a, b) => time(a) - time(b));
      for (let at = 0; at < range.length; at += 7) {
        await Promise.resolve();
        yield range.slice(at, at + 7);
      }
    },
  };
}

/** A hub of one epoch over a history, and the publishing that keeps both alike. */
export function createTestHub(options: Partial<StreamHubOptions> = {}, history = createMemoryHistory()) {
  const hub: StreamHub = createStreamHub({ kinds: streamKinds, anonymized: false, history, ...options });
  const publish = (table: StreamTable, rows: readonly AnyRow[]): void => {
    history.rows[table].push(...rows);
    hub.publish(table, rows);
  };
  return { hub, history, publish };
}

/** Events as short text: `hello`, `m5` for memory record 5, `m6-9 lost 4`. */
export function describe(event: StreamEvent): string {
  if (event.type === 'hello') return 'hello';
  const table = event.table[0]!;
  if (event.type === 'record') return `${table}${event.sequence}`;
  return `${table}${event.fromSequence}-${event.toSequence} ${event.reason} ${event.dropped}`;
}

/** The next `count` events. */
export async function take(events: AsyncIterator<StreamEvent>, count: number): Promise<StreamEvent[]> {
  const taken: StreamEvent[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** Everything until the subscription ends. */
export async function collect(batches: AsyncIterable<readonly StreamEvent[]>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const batch of batches) events.push(...batch);
  return events;
}
