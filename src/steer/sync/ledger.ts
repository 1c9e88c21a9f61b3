// What was spent of each day's privacy budget. A day is one of UTC, and never an earlier one than the last that was spent
// on: a clock that is set back opens no budget twice.
import type { RuvectorError } from '../../core/index.ts';
import { budgetError } from './errors.ts';
import type { PrivacyCost, PrivacySettings } from './privacy.ts';
import type { SyncDatabase } from './sync-database.ts';

/** What was spent on a day. */
export interface LedgerDay {
  /** `2026-11-29` */
  readonly day: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly patterns: number;
  readonly releases: number;
}

/** What a day has left. */
export interface BudgetLeft extends PrivacyCost {
  readonly day: number;
}

const DAY_MS = 86_400_000;

/** What may still be spent. */
export function budgetLeft(
  database: SyncDatabase,
  settings: NonNullable<PrivacySettings>,
  nowMs: number,
): BudgetLeft {
  const [last] = database.all('SELECT coalesce(max(day), 0) AS day FROM spend');
  const day = Math.max(Math.floor(nowMs / DAY_MS), Number(last!['day']));
  const [spent] = database.all(
    'SELECT coalesce(sum(epsilon_micro), 0) AS epsilon, coalesce(sum(delta_pico), 0) AS delta FROM spend WHERE day = ?',
    day,
  );
  return {
    day,
    epsilonMicro: Math.round(settings.epsilonPerDay * 1e6) - Number(spent!['epsilon']),
    deltaPico: Math.round(settings.deltaPerDay * 1e12) - Number(spent!['delta']),
  };
}

/** How a release is entered. */
export interface LedgerEntry {
  readonly cost: PrivacyCost;
  readonly patterns: number;
  readonly sequence: number;
  readonly nowMs: number;
}

/**
 * Writes a spend down, inside of a transaction of the caller.
 * @throws RuvectorError `ERR_STEER_SYNC_BUDGET` when the day does not hold it
 */
export function spend(
  database: SyncDatabase,
  settings: NonNullable<PrivacySettings>,
  { cost, patterns, sequence, nowMs }: LedgerEntry,
): void {
  const left = budgetLeft(database, settings, nowMs);
  if (cost.epsilonMicro > left.epsilonMicro || cost.deltaPico > left.deltaPico)
    throw budgetRefusal(cost, left);
  database.run(
    'INSERT INTO spend VALUES (?, ?, ?, ?, ?, ?)',
    left.day,
    Math.floor(nowMs),
    cost.epsilonMicro,
    cost.deltaPico,
    patterns,
    sequence,
  );
}

/** What says that a day does not hold a cost. */
export function budgetRefusal(cost: PrivacyCost, left: BudgetLeft): RuvectorError {
  const [asked, rest] = [cost, left].map(({ epsilonMicro, deltaPico }) => ({
    epsilon: Math.max(0, epsilonMicro) / 1e6,
    delta: Math.max(0, deltaPico) / 1e12,
  }));
  return budgetError(asked!, rest!, dayText(left.day));
}

/** Every day with a spend, the last first. */
export function listLedger(database: SyncDatabase): LedgerDay[] {
  const rows = database.all(
    'SELECT day, sum(epsilon_micro) AS epsilon, sum(delta_pico) AS delta, sum(patterns) AS patterns, count(*) AS releases ' +
      'FROM spend GROUP BY day ORDER BY day DESC',
  );
  return rows.map((row) => ({
    day: dayText(Number(row['day'])),
    epsilon: Number(row['epsilon']) / 1e6,
    delta: Number(row['delta']) / 1e12,
    patterns: Number(row['patterns']),
    releases: Number(row['releases']),
  }));
}

const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
