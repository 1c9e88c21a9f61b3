// A range of time as callers write it → milliseconds since the epoch.
import type { TimeLike } from '../export/index.ts';
import { optionsError } from './errors.ts';

/** A range as callers write it. */
export interface RangeOptions {
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly from?: TimeLike | undefined;
  readonly to?: TimeLike | undefined;
}

/** Half open; an open end is undefined. @throws RuvectorError `ERR_CLIENT_OPTIONS` with every mistake */
export async function resolveRange(
  call: string,
  { hours, minutes, from, to }: RangeOptions,
): Promise<{ fromMs?: number; toMs?: number }> {
  // The export room is loaded when it is needed: a notebook that only decides does not wait for it.
  const { parseTime } = await import('../export/index.ts');
  const nowMs = Date.now();
  const problems: string[] = [];
  const timeOf = (name: string, edge: 'start' | 'end', value: TimeLike | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const timeMs = parseTime(value, edge, nowMs);
    if (!Number.isFinite(timeMs))
      problems.push(`${name} is ${JSON.stringify(value)}, wanted a time like ${example}`);
    return timeMs;
  };
  const agoMs = (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000;
  const isRecent = hours !== undefined || minutes !== undefined;
  if (isRecent && !(agoMs > 0)) problems.push(`hours and minutes give ${agoMs} ms, wanted more than 0`);
  if (isRecent && from !== undefined) problems.push('from is given together with hours or minutes');
  const fromMs = isRecent ? nowMs - agoMs : timeOf('from', 'start', from);
  const toMs = timeOf('to', 'end', to ?? defaultEnd(isRecent, nowMs));
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) problems.push('from is not before to');
  if (problems.length > 0) throw optionsError(call, problems);
  return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) };
}

/** What counts back from now ends now: beyond it there are only rows of a clock that was ahead. */
function defaultEnd(isRecent: boolean, nowMs: number): number | undefined {
  return isRecent ? nowMs + 1 : undefined;
}

const example = '"2024-01-31", "2024-01-31T12:00:00Z" or "-2h"';
