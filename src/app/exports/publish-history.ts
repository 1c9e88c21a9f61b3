// Publishing what this home recorded: the history read-only, with the features and the horizon of its host.
import type { Home } from '../../core/index.ts';
import { publishDataset, openHistorySource } from '../../export/publish/index.ts';
import type { PublishOptions, PublishReport } from '../../export/publish/index.ts';
import type { ExportTable } from '../../export/index.ts';
import { recordKinds } from '../../core/index.ts';
import { buildFeatureSpec } from '../../prepare/index.ts';
import { openHistory } from '../../store/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { configError } from '../errors.ts';

/** Range and form of what is published; see `ruvector-memopt publish --help`. */
export interface PublishHistoryOptions {
  readonly hours?: number;
  readonly from?: string;
  readonly until?: string;
  /** Seconds. */
  readonly horizon?: number;
  readonly split?: number;
  readonly blocks?: number;
  readonly includeActed?: boolean;
  readonly tables?: readonly string[];
  readonly keyFile?: string;
}

/** What was published, and what could not be read. */
export interface PublishedHistory extends PublishReport {
  /** Damaged parts of the history, which are not in the dataset; one sentence each. */
  readonly problems: readonly string[];
}

/** @throws ConfigError for a table there is none of, and what publishDataset() throws */
export async function publishHistory(
  home: Home,
  given: PublishHistoryOptions,
  options: PublishOptions,
): Promise<PublishedHistory> {
  const tables = checkTables(given);
  const { hz, horizonMs } = readSavedConfig(home.root);
  await using history = await openHistory(home.history, { readOnly: true });
  const source = await openHistorySource(history, {
    training: {
      start: given.hours === undefined ? given.from : `-${given.hours}h`,
      end: given.until,
      horizonMs: given.horizon === undefined ? undefined : given.horizon * 1000,
      trainTestSplit: given.split,
      blocks: given.blocks,
      includeActed: given.includeActed,
    },
    spec: buildFeatureSpec({ intervalMs: 1000 / hz }),
    horizonMs,
    tables,
    keyFile: given.keyFile,
    allowIdentifying: options.allowIdentifying,
    k: options.k,
    nowMs: Date.now(),
    signal: options.signal,
  });
  const report = await publishDataset(source, options);
  return { ...report, problems: history.problems.map(({ message }) => message) };
}

function checkTables({ tables = [], hours, from, until }: PublishHistoryOptions): ExportTable[] {
  const known = Object.keys(recordKinds);
  const unknown = tables.filter((table) => !known.includes(table));
  const problems = unknown.map((table) => `--tables holds "${table}", wanted some of ${known.join(', ')}`);
  if (hours !== undefined && (from !== undefined || until !== undefined)) {
    problems.push('--hours excludes --from and --until');
  }
  if (problems.length > 0) throw configError(problems);
  return (known as ExportTable[]).filter((table) => tables.includes(table));
}
