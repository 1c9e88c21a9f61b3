// The errors of event recordings: each says where in the file (byte or line) or which event, and what to do next.
import { RuvectorError } from '../../core/plain/index.ts';

/** A place in a file: bytes and lines count from 0 and 1. */
export type EventPlace = { readonly byte: number } | { readonly line: number };

const placeText = (place: EventPlace): string =>
  'byte' in place ? `byte ${String(place.byte)}` : `line ${String(place.line)}`;

/** Builds an error that says where in a file something stands. */
type PlaceError = (
  source: string,
  place: EventPlace,
  state: string,
  next: string,
  cause?: unknown,
) => RuvectorError;

const placeError =
  (code: string, verb: string): PlaceError =>
  (source, place, state, next, cause) =>
    new RuvectorError(code, `Cannot ${verb} "${source}": ${placeText(place)}: ${state}; ${next}`, {
      details: place,
      cause,
    });

/** The content is not of a format that can be read, or not of the one declared, code `ERR_EVENTS_FORMAT`. */
export const eventFormatError: PlaceError = placeError('ERR_EVENTS_FORMAT', 'read events of');

/** A header that cannot be understood, code `ERR_EVENTS_HEADER`. */
export const eventHeaderError: PlaceError = placeError('ERR_EVENTS_HEADER', 'read the header of');

/** Data that cannot be decoded, code `ERR_EVENTS_DATA`. */
export const eventDataError: PlaceError = placeError('ERR_EVENTS_DATA', 'decode');

/** An event that a format cannot hold, code `ERR_EVENTS_ENCODE`; `index` counts from the first event written. */
export function eventEncodeError(format: string, index: number, state: string, next: string): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_ENCODE',
    `Cannot write event ${String(index)} as "${format}": ${state}; ${next}`,
    { details: { index } },
  );
}

/** An option that cannot be used, code `ERR_EVENTS_OPTIONS`. */
export function eventOptionsError(
  option: string,
  value: unknown,
  state: string,
  next: string,
): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_OPTIONS',
    `Cannot use ${option} "${String(value)}": ${state}; ${next}`,
  );
}

/** A file that does not say the unit of its times, code `ERR_EVENTS_TIME_UNIT`: it is not guessed. */
export function timeUnitError(source: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_TIME_UNIT',
    `Cannot read events of "${source}": ${state}; say it with --time-unit us, ms, s or ns (timeUnit)`,
    { details: { source } },
  );
}
