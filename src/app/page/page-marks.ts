// What happened in a range: in this run as it was noticed, before it as the history and the registry tell.
import { loadPolars } from '../../core/index.ts';
import type { OptimizationEvent } from '../../core/index.ts';
import type { PageMark } from '../../page/index.ts';
import { describeOutcome } from '../host/decision-log.ts';
import type { Host } from '../host/host-types.ts';
import type { PageMemory } from './page-memory.ts';

/** The newest are told. */
const MAX_ACTIONS = 500;

/** Reads them. */
export async function readMarks(
  host: Pick<Host, 'history' | 'registry'>,
  memory: PageMemory,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<PageMark[]> {
  const [actions, trainings] = await Promise.all([readActions(host, fromMs, toMs), readTrainings(host)]);
  return [...memory.marks, ...actions, ...trainings].filter(
    // What is not over yet reaches into every range after it.
    ({ atMs, untilMs }) => atMs < toMs && (untilMs ?? Infinity) >= fromMs,
  );
}

async function readActions(
  { history }: Pick<Host, 'history'>,
  fromMs: number,
  toMs: number,
): Promise<PageMark[]> {
  const { col, Float64, Int64 } = loadPolars();
  const rows = await history.lazyFrame('optimization', { fromMs, toMs });
  const newest = await rows
    .withColumns(col('timestamp').cast(Int64).cast(Float64))
    .sort('timestamp', true)
    .limit(MAX_ACTIONS)
    .collect();
  return (newest.toRecords() as OptimizationEvent[]).map(toMark);
}

function toMark(event: OptimizationEvent): PageMark {
  const { timestamp: atMs, mode, label, actuator, ...detail } = event;
  const text =
    mode === 'act'
      ? describeOutcome(event)
      : `dry run: ${label}, ${actuator} would have acted, nothing was touched`;
  return {
    id: `action-${atMs}`,
    atMs,
    untilMs: atMs,
    kind: 'action',
    text,
    detail: { mode, label, actuator, ...detail },
  };
}

/** Every version of every model was made at some moment. */
async function readTrainings({ registry }: Pick<Host, 'registry'>): Promise<PageMark[]> {
  const listings = await registry.list();
  return listings.flatMap(({ name, summaries }) =>
    summaries.flatMap(({ version, created, estimator }): PageMark[] => {
      const atMs = created === null ? Number.NaN : Date.parse(created);
      if (Number.isNaN(atMs)) return [];
      const reference = `${name}@${version}`;
      const text = `${reference} was trained`;
      const detail = { reference, estimator, type: 'trained' };
      return [{ id: `trained-${reference}`, atMs, untilMs: atMs, kind: 'swap', text, detail }];
    }),
  );
}
