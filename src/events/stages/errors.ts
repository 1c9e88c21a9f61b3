// Errors of events in pipelines.
import { RuvectorError } from '../../core/index.ts';

/** Rows that are no events, code `ERR_EVENTS_COLUMN`. */
export function eventColumnError(path: string, column: string, found: string, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_COLUMN',
    `Cannot write events to "${path}": column "${column}" is ${found}, not ${wanted}; cast it to int64 (t), uint16 (x, y) or int8 (p) first`,
    { details: { path, column } },
  );
}
