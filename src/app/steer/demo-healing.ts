// Repairs of the demo, on a real database: fresh statistics, and an index on the column that a slow scan filters by. Each is
// measured before and after on the statement that is in trouble, and an index that does not help is dropped again.
import { HealingOrchestrator, parsePostgresExplain } from '../../dag/index.ts';
import type { RepairAttempt, Trouble } from '../../dag/index.ts';
import { medianOf } from './compare.ts';
import type { OpenDatabase } from './open-database.ts';

/** A statement that stands for the template in trouble, by the name of its detector. */
export type FindStatement = (trouble: Trouble) => string | null;

/** A scan that reads a table for few of its rows. */
interface WastefulScan {
  readonly table: string;
  readonly column: string;
}

const RUNS = 5;

/** @param onChange statistics or indexes changed: what was learned of plans is doubtful */
export function createDemoHealing(
  database: OpenDatabase,
  names: readonly string[],
  findStatement: FindStatement,
  onChange: () => void,
): HealingOrchestrator {
  const healing = new HealingOrchestrator({ restCycles: 10 });
  // A run that takes a millisecond more is no trouble.
  for (const name of names) healing.addDetector(name, { minScale: 1, zThreshold: 4, windowSize: 20 });
  const measure = async (trouble: Trouble): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      const startMs = performance.now();
      await database.client.query(findStatement(trouble)!);
      times.push(performance.now() - startMs);
    }
    return medianOf(times);
  };
  const canRepair = (trouble: Trouble): boolean => isSlower(trouble) && findStatement(trouble) !== null;
  const built = new Map<string, string>();
  healing.addRepair({
    name: 'analyze',
    minImprovement: 0.1,
    canRepair,
    measure,
    apply: async () => {
      await database.exec('ANALYZE');
      onChange();
    },
    // Fresh statistics cannot be taken back, and do no harm.
    undo: () => undefined,
  });
  healing.addRepair({
    name: 'index',
    minImprovement: 0.2,
    canRepair,
    measure,
    apply: async (trouble) => {
      const scan = await findWastefulScan(database, findStatement(trouble)!);
      if (!scan) return;
      const index = `healing_${scan.table}_${scan.column}`;
      await database.exec(`CREATE INDEX ${index} ON ${scan.table} (${scan.column})`);
      built.set(trouble.name, index);
      onChange();
    },
    undo: async (trouble) => {
      const index = built.get(trouble.name);
      if (index === undefined) return;
      await database.exec(`DROP INDEX IF EXISTS ${index}`);
      built.delete(trouble.name);
      onChange();
    },
  });
  return healing;
}

/** Faster is no trouble. */
const isSlower = (trouble: Trouble): boolean =>
  (trouble.kind === 'anomaly' && trouble.score > 0) || (trouble.kind === 'drift' && trouble.direction > 0);

/** The scan that read most rows in vain, when it compares a column with a constant. */
async function findWastefulScan(database: OpenDatabase, sql: string): Promise<WastefulScan | null> {
  const { rows } = await database.client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
  const scans = parsePostgresExplain(rows[0])
    .nodes()
    .flatMap(({ details }) => {
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
export function describeAttempt({ repair, trouble, outcome, before, after }: RepairAttempt): string {
  const measured =
    before === null || after === null ? '' : `, ${before.toFixed(1)} to ${after.toFixed(1)} ms`;
  return `healing: ${repair} for "${trouble.name}"${measured}: ${outcome}`;
}
