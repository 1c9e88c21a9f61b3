// Every version of every model as one row of a table: what it scored, against what, on which data, and where it is live.
import { messageOf } from '../../core/index.ts';
import type { ModelPackage, ModelSummary } from '../../models/index.ts';
import type { Host } from '../host/host-types.ts';

/** One version. Plain JSON; nulls where its manifest is damaged or says nothing. */
export interface PageModel {
  readonly name: string;
  readonly version: string;
  readonly reference: string;
  /** `live`, `previous`, `candidate`, or none of them. */
  readonly aliases: readonly string[];
  /** What answers on this host now: an alias may be behind it. */
  readonly isAnswering: boolean;
  readonly task: string;
  readonly estimator: string | null;
  readonly createdMs: number | null;
  readonly metric: 'macroF1' | 'averagePrecision' | 'mae';
  readonly score: number | null;
  /** 95 %. */
  readonly interval: readonly [number, number] | null;
  /** Scores of the rules it has to beat, by name. */
  readonly baselines: Readonly<Record<string, number | null>>;
  /** Rows it was trained on, where its data set says. */
  readonly rows: number | null;
  readonly heldOutRows: number | null;
  readonly datasetSha256: string | null;
  readonly parity: Readonly<Record<string, unknown>> | null;
  /** Why it cannot be used; null where its manifest is in order. */
  readonly problem: string | null;
}

const metricOf = {
  classification: 'macroF1',
  anomaly: 'averagePrecision',
  forecast: 'mae',
} as const;

/** Reads all of them, the newest first. */
export async function readModels(host: Pick<Host, 'registry' | 'models' | 'tasks'>): Promise<PageModel[]> {
  const listings = await host.registry.list();
  const answering = new Set([
    host.models.liveVersion,
    ...Object.values(host.tasks.status()).map((task: { readonly live: string | null }) => task.live),
  ]);
  const rows = await Promise.all(
    listings.flatMap(({ name, summaries }) =>
      summaries.map(async (summary) => {
        const reference = `${name}@${summary.version}`;
        const shown = await host.registry.show(reference).catch(messageOf);
        return describe(name, summary, shown, answering.has(reference));
      }),
    ),
  );
  return rows.toSorted((a, b) => (b.createdMs ?? 0) - (a.createdMs ?? 0));
}

function describe(
  name: string,
  summary: ModelSummary,
  shown: ModelPackage | string,
  isAnswering: boolean,
): PageModel {
  const { version, created, estimator, interval, aliases, task } = summary;
  const metric = metricOf[task ?? 'classification'];
  const {
    dataset = {},
    metrics = {},
    parity = null,
    heldOut,
  } = typeof shown === 'string' ? {} : shown.manifest;
  const baselines = (metrics['baseline'] ?? {}) as Readonly<
    Record<string, Readonly<Record<string, unknown>> | null>
  >;
  return {
    name,
    version,
    reference: `${name}@${version}`,
    aliases,
    isAnswering,
    task: task ?? 'classification',
    estimator,
    createdMs: created === null ? null : Date.parse(created),
    metric,
    score: summary[metric] ?? null,
    interval,
    baselines: Object.fromEntries(
      Object.entries(baselines).map(([rule, scores]) => [rule, numberOf(scores?.[metric])]),
    ),
    problem: typeof shown === 'string' ? shown : null,
    rows: numberOf(dataset['rows']),
    heldOutRows: heldOut?.rows ?? null,
    datasetSha256: typeof dataset['sha256'] === 'string' ? dataset['sha256'] : null,
    parity,
  };
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
