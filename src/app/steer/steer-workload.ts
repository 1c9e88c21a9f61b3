// `dag steer`: runs a workload again and again under steering, then measures it against the default.
import { readFile } from 'node:fs/promises';
import { splitSql, steer, readsOnly } from '../../steer/index.ts';
import type { SteeringStatus, SteerOptions } from '../../steer/index.ts';
import { compareInterleaved } from './compare.ts';
import type { Comparison } from './compare.ts';
import { adviseOnReading } from '../../core/index.ts';
import { workloadError } from './errors.ts';
import { openEmbedded, openServer } from './open-database.ts';
import type { OpenDatabase } from './open-database.ts';
import { openPeerProposals } from './peer-proposals.ts';
import { skewTables, skewTemplates } from './skewed-shop.ts';

/** How to run a workload. */
export interface WorkloadOptions extends SteerOptions {
  /** Null for the embedded database. */
  readonly url: string | null;
  /** A file of statements; null for the built-in one, on the embedded database. */
  readonly workload: string | null;
  readonly passes: number;
  /** Of each statement, both ways, at the end. */
  readonly repetitions: number;
  /** What `dag sync` keeps; null for no proposals of other hosts. */
  readonly syncFolder: string | null;
  readonly onPass: (pass: { readonly pass: number; readonly ms: number }) => void;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface WorkloadReport {
  readonly engine: string;
  readonly statements: number;
  /** Statements of the file that write: on a database of yours they do not run. */
  readonly skipped: number;
  readonly passes: readonly number[];
  readonly comparison: Comparison;
  readonly status: SteeringStatus;
}

/** Orders of the embedded shop: some seconds to make. */
const EMBEDDED_ORDERS = 60_000;

/** @throws RuvectorError `ERR_STEER_WORKLOAD`, `ERR_STEER_CONNECT`, `ERR_STEER_STATE` */
export async function steerWorkload(options: WorkloadOptions): Promise<WorkloadReport> {
  const { statements, writes } = await readWorkload(options);
  await using database = options.url === null ? await openEmbedded() : await openServer(options.url);
  if (options.url === null) await database.exec(writes.join(';\n'));
  await using steered = await steer(database.client, options);
  using proposals =
    options.syncFolder === null ? null : await openPeerProposals(options.syncFolder, steered.steering);
  const passes: number[] = [];
  for (let pass = 1; pass <= options.passes && !options.signal.aborted; pass++) {
    const ms = await runPass(steered.query, statements, options.signal);
    passes.push(ms);
    options.onPass({ pass, ms });
    await proposals?.consider();
  }
  await steered.steering.settled();
  const comparison = await compareInterleaved(
    (sql) => database.client.query(sql),
    steered.query,
    options.signal.aborted ? [] : statements,
    options.repetitions,
  );
  await steered.steering.settled();
  return {
    engine: database.engine,
    statements: statements.length,
    skipped: options.url === null ? 0 : writes.length,
    passes,
    comparison,
    status: steered.steering.status(),
  };
}

async function runPass(
  query: OpenDatabase['client']['query'],
  statements: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const startMs = performance.now();
  for (const sql of statements) {
    if (signal.aborted) break;
    await query(sql);
  }
  return performance.now() - startMs;
}

interface Workload {
  readonly statements: readonly string[];
  /** In the order of the file. */
  readonly writes: readonly string[];
}

async function readWorkload({ url, workload }: WorkloadOptions): Promise<Workload> {
  if (workload === null) {
    if (url !== null) throw workloadError('', 'none is named', 'give a file of statements with --workload');
    return {
      statements: skewTemplates.flatMap((template) => template.statements),
      writes: [skewTables(EMBEDDED_ORDERS)],
    };
  }
  const text = await readFile(workload, 'utf8').catch((cause: unknown) => {
    throw workloadError(workload, adviseOnReading(cause).state, 'name a file that can be read');
  });
  const all = splitSql(text);
  if (!all) throw workloadError(workload, 'a string, a name or a comment in it has no end', 'correct it');
  const statements = all.filter(readsOnly);
  if (statements.length === 0) throw workloadError(workload, 'it holds no query', 'add queries that read');
  return { statements, writes: all.filter((statement) => !readsOnly(statement)) };
}
