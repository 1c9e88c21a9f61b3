// What happened in a range: in this run as it was noticed, before it as the history and the registry tell.
import type { OptimizationEvent, PartitionReader } from '../../core/index.ts';
import { planRange, planSql } from '../../page/index.ts';
import type { PageMark } from '../../page/index.ts';
import { describeOutcome } from '../host/decision-log.ts';
import type { Host } from '../host/host-types.ts';
import type { PageMemory } from './page-memory.ts';

/** The newest are told. */
const MAX_ACTIONS = 500;

/** Marks of a range, whoever knows of them. */
export async function readMarks(
  { registry }: Pick<Host, 'registry'>,
  memory: PageMemory,
  fromHistory: readonly PageMark[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<PageMark[]> {
  return [...memory.marks, ...fromHistory, ...(await readTrainings(registry))].filter(
    // What is not over yet reaches into every range after it.
    ({ atMs, untilMs }) => atMs < toMs && (untilMs ?? Infinity) >= fromMs,
  );
}

/** Actions as the history has them, what they freed and cost. */
export async function readActions(
  history: PartitionReader,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<PageMark[]> {
  const rows = await planRange(history, 'optimization', range);
  if (rows === null) return [];
  const text = `SELECT *, CAST(CAST(timestamp AS BIGINT) AS DOUBLE) AS ms FROM rows ORDER BY ms DESC LIMIT ${MAX_ACTIONS}`;
  const newest = await planSql({ rows }, text).collect();
  return (newest.toRecords() as (OptimizationEvent & { readonly ms: number })[]).map(({ ms, ...event }) =>
    toMark({ ...event, timestamp: ms }),
  );
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
async function readTrainings(registry: Host['registry']): Promise<PageMark[]> {
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
