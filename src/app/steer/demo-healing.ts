// Repairs of the demo, on a real database: fresh statistics, and an index on the column that a slow scan filters by. Each is
// measured before and after on the statement that is in trouble, and an index that does not help is dropped again.
import { messageOf } from '../../core/index.ts';
import { HealingOrchestrator, parsePostgresExplain } from '../../dag/index.ts';
import type { QueryDag, Repair, RepairAttempt, Trouble } from '../../dag/index.ts';
import type { OpenDatabase } from './open-database.ts';

/** A scan that reads a table for few of its rows. */
interface WastefulScan {
  readonly table: string;
  readonly column: string;
}

const RUNS = 9;
const LEAST_MS = 5;

/** What a repair of one template works with. */
interface Patient {
  readonly database: OpenDatabase;
  readonly name: string;
  readonly sql: string;
  /** Statistics or indexes changed: steering is to look at its tables. */
  readonly onChange: () => Promise<void>;
}

/** @param templates a statement for each name */
export function createDemoHealing(
  database: OpenDatabase,
  templates: readonly { readonly name: string; readonly sql: string }[],
  onChange: () => Promise<void>,
): HealingOrchestrator {
  const healing = new HealingOrchestrator({ restCycles: 20 });
  for (const { name, sql } of templates) {
    // Of logarithms to the base 2: trouble is twice as slow as usual, and more.
    healing.addDetector(name, { minScale: 0.25, zThreshold: 4, windowSize: 20, minSamples: 6, drift: false });
    const patient = { database, name, sql, onChange };
    healing.addRepair(analyzeRepair(patient));
    healing.addRepair(indexRepair(patient));
  }
  return healing;
}

/** The value that is watched. What takes less than this is no trouble, however much slower it got. */
export const watchedValueOf = (ms: number): number => Math.log2(Math.max(LEAST_MS, ms));

function analyzeRepair(patient: Patient): Repair {
  return {
    ...startOfRepair('analyze', patient),
    minImprovement: 0.1,
    apply: async () => {
      const tables = await findTables(patient);
      await patient.database.exec(tables.map((table) => `ANALYZE ${table}`).join('; '));
      await patient.onChange();
    },
    // Fresh statistics cannot be taken back, and do no harm.
    undo: () => undefined,
  };
}

function indexRepair(patient: Patient): Repair {
  const { database, onChange } = patient;
  let index: string | null = null;
  return {
    ...startOfRepair('index', patient),
    minImprovement: 0.2,
    apply: async () => {
      const scan = await findWastefulScan(patient);
      if (!scan) throw new Error('no scan of its plan reads rows in vain');
      index = `healing_${scan.table}_${scan.column}`;
      await database.exec(`CREATE INDEX ${index} ON ${scan.table} (${scan.column})`);
      await onChange();
    },
    undo: async () => {
      if (index === null) return;
      await database.exec(`DROP INDEX IF EXISTS ${index}`);
      index = null;
      await onChange();
    },
  };
}

function startOfRepair(
  kind: string,
  { database, name, sql }: Patient,
): Pick<Repair, 'name' | 'canRepair' | 'measure'> {
  return {
    name: `${kind} for "${name}"`,
    canRepair: (trouble) => trouble.name === name && isSlower(trouble),
    measure: async () => {
      const times: number[] = [];
      for (let i = 0; i < RUNS; i++) {
        const startMs = performance.now();
        await database.client.query(sql);
        times.push(performance.now() - startMs);
      }
      // The quickest: what is slower is the machine's doing.
      return Math.min(...times);
    },
  };
}

/** Faster is no trouble. */
const isSlower = (trouble: Trouble): boolean => trouble.kind === 'anomaly' && trouble.score > 0;

const explain = async ({ database, sql }: Patient): Promise<QueryDag> => {
  const { rows } = await database.client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
  return parsePostgresExplain(rows[0]);
};

async function findTables(patient: Patient): Promise<string[]> {
  const tables = (await explain(patient)).nodes().map(({ details }) => details['table']);
  return [...new Set(tables.filter((table) => typeof table === 'string'))];
}

/** The scan that read most rows in vain, when it compares a column with a constant. */
async function findWastefulScan(patient: Patient): Promise<WastefulScan | null> {
  const scans = (await explain(patient)).nodes().flatMap(({ details }) => {
    const removed = Number(details['Rows Removed by Filter'] ?? 0);
    const column = /\(?\(?(\w+) = /.exec(String(details['predicate'] ?? ''))?.[1];
    const table = details['table'];
    return removed > 0 && column !== undefined && typeof table === 'string'
      ? [{ removed, column, table }]
      : [];
  });
  return scans.toSorted((a, b) => b.removed - a.removed)[0] ?? null;
}

/** One line. */
export function describeAttempt({ repair, outcome, before, after, error }: RepairAttempt): string {
  if (error !== undefined) return `healing: ${repair}: not done, ${messageOf(error)}`;
  const measured =
    before === null || after === null ? '' : `, ${before.toFixed(1)} to ${after.toFixed(1)} ms`;
  return `healing: ${repair}${measured}: ${outcome}`;
}
