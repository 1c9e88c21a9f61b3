// A DuckDB connection. Its settings are those of the whole database in this process, so an arm runs alone among arms, and
// what it set is put back before anybody else's turn; other connections' plans may differ meanwhile, never their rows.
import type { ArmSettings, SteeredCall, SteeredDatabase, TimedResult } from './database.ts';
import { duckdbInspector } from './duckdb-catalog.ts';
import { restoreError } from './errors.ts';

/** What is used of a DuckDB connection. */
export interface DuckDbClient {
  runAndReadAll(sql: string, values?: unknown, types?: unknown): Promise<DuckDbReader>;
  interrupt(): void;
}

interface DuckDbReader {
  getRowObjectsJson(): Record<string, unknown>[];
}

/** True for a connection of @duckdb/node-api. */
export const isDuckDb = (client: unknown): client is DuckDbClient =>
  typeof client === 'object' && client !== null && 'runAndReadAll' in client && 'interrupt' in client;

/** The last run under settings, over all connections of this process. */
let lastRun: Promise<unknown> = Promise.resolve();

/** @param nowMs monotonic */
export function createDuckDbDatabase(client: DuckDbClient, nowMs: () => number): SteeredDatabase {
  const ask = async (sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]> => {
    const reader = await client.runAndReadAll(sql, values && values.length > 0 ? [...values] : undefined);
    return reader.getRowObjectsJson();
  };
  const time = async (run: () => Promise<unknown>): Promise<TimedResult> => {
    const startMs = nowMs();
    const result = await run();
    return { result, ms: nowMs() - startMs };
  };
  const callClient = (args: readonly unknown[]): Promise<DuckDbReader> =>
    client.runAndReadAll(...(args as [string, unknown, unknown]));

  /** Each statement has a transaction of its own, unless one is open. */
  const isInTransaction = async (): Promise<boolean> => {
    const read = async (): Promise<unknown> => (await ask('SELECT txid_current() AS id'))[0]?.['id'];
    return (await read()) === (await read());
  };

  const runUnder = (settings: ArmSettings, run: () => Promise<TimedResult>): Promise<TimedResult | null> => {
    const mine = lastRun.then(async () => {
      if (await isInTransaction()) return null;
      return Object.keys(settings).length === 0 ? run() : runWithSettings(client, settings, run);
    });
    lastRun = mine.catch(() => undefined);
    return mine;
  };

  return {
    engine: 'duckdb',
    canInterrupt: true,
    inspector: duckdbInspector,
    // Known only when it is an arm's turn.
    isInTransaction: () => false,
    readCall: readDuckDbCall,
    pass: callClient,
    run: ({ args }) => time(() => callClient(args)),
    runWith: ({ args }, settings, timeoutMs) => {
      return runUnder(settings, async () => {
        const timer = timeoutMs === null ? undefined : setTimeout(() => client.interrupt(), timeoutMs);
        try {
          return await time(() => callClient(args));
        } finally {
          clearTimeout(timer);
        }
      });
    },
    isTimeout: (error) => error instanceof Error && error.message.startsWith('INTERRUPT'),
    isLost: (error) => error instanceof Error && /^(?:Connection|FATAL) Error/.test(error.message),
    explain: async ({ sql, values, args }, settings) => {
      const timed = await runUnder(settings, () =>
        time(() =>
          client.runAndReadAll(
            `EXPLAIN (FORMAT JSON) ${sql}`,
            values.length > 0 ? args[1] : undefined,
            args[2],
          ),
        ),
      );
      if (timed === null) return null;
      return (timed.result as DuckDbReader).getRowObjectsJson()[0]?.['explain_value'];
    },
    ask,
  };
}

/** Sets, runs, and puts back. @throws RuvectorError `ERR_STEER_RESTORE` */
async function runWithSettings<T>(
  client: DuckDbClient,
  settings: ArmSettings,
  run: () => Promise<T>,
): Promise<T> {
  const previous: [string, string][] = [];
  try {
    for (const [name, value] of Object.entries(settings)) {
      const reader = await client.runAndReadAll(`SELECT current_setting('${name}')::VARCHAR AS value`);
      const before = String(reader.getRowObjectsJson()[0]!['value']);
      previous.push([name, before]);
      await client.runAndReadAll(`SET ${name} = '${joinSetting(name, before, value)}'`);
    }
    return await run();
  } finally {
    for (const [name, value] of previous) {
      await client.runAndReadAll(`SET ${name} = '${value}'`).catch((error: unknown) => {
        throw restoreError(name, error);
      });
    }
  }
}

/** A list of what is left out grows; other values are replaced. */
function joinSetting(name: string, previous: string, value: string): string {
  return name === 'disabled_optimizers' && previous !== '' ? `${previous},${value}` : value;
}

function readDuckDbCall(args: readonly unknown[]): SteeredCall | null {
  const [sql, values] = args;
  if (typeof sql !== 'string' || args.length > 3) return null;
  if (values === undefined) return { args, sql, values: [] };
  const isList = Array.isArray(values);
  if (!isList && (typeof values !== 'object' || values === null)) return null;
  return { args, sql, values: isList ? (values as unknown[]) : Object.values(values) };
}
