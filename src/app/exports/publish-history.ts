// Publishing what this home recorded: the history read-only, with the features and the horizon of its host.
import type { Home, OptionValues } from '../../core/index.ts';
import { assertPublishOptions, openHistorySource, publishDataset } from '../../export/publish/index.ts';
import type { PublishOptions, PublishReport, historyOptions } from '../../export/publish/index.ts';
import { exportTables } from '../../export/options/index.ts';
import type { ExportTable } from '../../export/index.ts';
import { buildFeatureSpec } from '../../prepare/index.ts';
import { openHistory } from '../../store/index.ts';
import { readSavedConfig } from '../host/config.ts';
import { configError } from '../errors.ts';

/** Range and form of what is published; see `ruvector-memopt publish --help`. */
export type PublishHistoryOptions = OptionValues<typeof historyOptions>;

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
  const { hours, start, end, tables: _tables, keyFile, ...training } = given;
  await assertPublishOptions(options);
  const published = checkTables(given);
  const { hz, horizonMs } = readSavedConfig(home.root);
  await using history = await openHistory(home.history, { readOnly: true });
  const source = await openHistorySource(history, {
    training: { ...training, start: hours === undefined ? start : `-${hours}h`, end },
    spec: buildFeatureSpec({ intervalMs: 1000 / hz }),
    horizonMs,
    tables: published,
    keyFile,
    allowIdentifying: options.allowIdentifying,
    k: options.k,
    nowMs: Date.now(),
    signal: options.signal,
  });
  const report = await publishDataset(source, options);
  return { ...report, problems: history.problems.map(({ message }) => message) };
}

function checkTables({ tables = [], hours, start, end }: PublishHistoryOptions): ExportTable[] {
  const known: readonly string[] = exportTables;
  const unknown = tables.filter((table) => !known.includes(table));
  const problems = unknown.map((table) => `--tables holds "${table}", wanted some of ${known.join(', ')}`);
  if (hours !== undefined && (start !== undefined || end !== undefined)) {
    problems.push('--hours excludes --from and --to');
  }
  if (problems.length > 0) throw configError(problems);
  return exportTables.filter((table) => tables.includes(table));
}
