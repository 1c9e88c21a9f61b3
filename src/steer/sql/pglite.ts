// A PGlite: PostgreSQL in this process. A statement without parameters travels with its settings as one message, which is
// one transaction; one with parameters needs a transaction of its own. A running statement cannot be stopped.
import { postgresInspector } from './catalog.ts';
import type { SteeredCall, SteeredDatabase, TimedResult } from './database.ts';
import { explainText } from './postgres.ts';
import { setLocalText } from './postgres-settings.ts';

interface PgliteResults {
  readonly rows: unknown[];
}

interface PgliteRunner {
  query(sql: string, values?: unknown[], options?: object): Promise<PgliteResults>;
  exec(sql: string, options?: object): Promise<PgliteResults[]>;
}

/** What is used of a PGlite. */
export interface PgliteClient extends PgliteRunner {
  isInTransaction(): boolean;
  transaction<T>(run: (transaction: PgliteRunner) => Promise<T>): Promise<T>;
}

/** True for a PGlite of this thread; one in a worker cannot say whether a transaction is open. */
export function isPglite(client: unknown): client is PgliteClient {
  if (typeof client !== 'object' || client === null) return false;
  return 'isInTransaction' in client && 'execProtocolRaw' in client && 'transaction' in client;
}

/** @param nowMs monotonic */
export function createPgliteDatabase(client: PgliteClient, nowMs: () => number): SteeredDatabase {
  const time = async (run: () => Promise<unknown>): Promise<TimedResult> => {
    const startMs = nowMs();
    const result = await run();
    return { result, ms: nowMs() - startMs };
  };

  const runUnder = async (
    sql: string,
    values: readonly unknown[],
    options: object | undefined,
    settings: string,
  ): Promise<TimedResult | null> => {
    if (client.isInTransaction()) return null;
    if (settings === '') return time(() => client.query(sql, [...values], options));
    if (values.length > 0) {
      return time(() =>
        client.transaction(async (transaction) => {
          await transaction.exec(settings);
          return transaction.query(sql, [...values], options);
        }),
      );
    }
    return time(async () => (await client.exec(settings + sql, options)).at(-1));
  };

  return {
    engine: 'pglite',
    canInterrupt: false,
    inspector: postgresInspector,
    isInTransaction: () => client.isInTransaction(),
    readCall: readPgliteCall,
    pass: (args) => (client.query as (...all: unknown[]) => unknown).call(client, ...args),
    run: ({ args }) =>
      time(() => (client.query as (...all: unknown[]) => Promise<unknown>).call(client, ...args)),
    runWith: ({ sql, values, args }, settings) =>
      runUnder(sql, values, args[2] as object | undefined, setLocalText(settings)),
    isTimeout: () => false,
    isLost: (error) => !(error instanceof Error && 'code' in error && typeof error.code === 'string'),
    explain: async (call, settings) => {
      const timed = await runUnder(explainText(call), call.values, undefined, setLocalText(settings));
      return timed === null ? null : (timed.result as PgliteResults).rows[0];
    },
    ask: async (sql, values = []) => {
      const timed = await runUnder(sql, values, undefined, '');
      return timed === null ? null : ((timed.result as PgliteResults).rows as Record<string, unknown>[]);
    },
  };
}

function readPgliteCall(args: readonly unknown[]): SteeredCall | null {
  const [sql, values = [], options] = args;
  if (typeof sql !== 'string' || !Array.isArray(values)) return null;
  // A blob is what COPY reads; types of parameters are for the statement as it is.
  if (typeof options === 'object' && options !== null && ('blob' in options || 'paramTypes' in options))
    return null;
  return { args, sql, values: values as unknown[] };
}
