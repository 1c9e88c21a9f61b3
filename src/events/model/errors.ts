// The errors of event recordings: each says where in the file (byte or line) or which event, and what to do next.
import { RuvectorError } from '../../core/plain/index.ts';

/** A place in a file: bytes and lines count from 0 and 1. */
export type EventPlace = { readonly byte: number } | { readonly line: number };

const placeText = (place: EventPlace): string =>
  'byte' in place ? `byte ${String(place.byte)}` : `line ${String(place.line)}`;

/** The content is not of a format that can be read, or not of the one declared, code `ERR_EVENTS_FORMAT`. */
export function eventFormatError(
  source: string,
  place: EventPlace,
  state: string,
  next: string,
): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_FORMAT',
    `Cannot read events of "${source}": ${placeText(place)}: ${state}; ${next}`,
    { details: place },
  );
}

/** A header that cannot be understood, code `ERR_EVENTS_HEADER`. */
export function eventHeaderError(
  source: string,
  place: EventPlace,
  state: string,
  next: string,
): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_HEADER',
    `Cannot read the header of "${source}": ${placeText(place)}: ${state}; ${next}`,
    { details: place },
  );
}

/** Data that cannot be decoded, code `ERR_EVENTS_DATA`. */
export function eventDataError(
  source: string,
  place: EventPlace,
  state: string,
  next: string,
  cause?: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_EVENTS_DATA',
    `Cannot decode "${source}": ${placeText(place)}: ${state}; ${next}`,
    { details: place, cause },
  );
}

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
