// What representations give: numbers in row-major order, as tensors of any library take them.
import { eventOptionsError } from '../model/index.ts';
import type { Geometry } from '../model/index.ts';

/** Numbers and their shape, the last axis contiguous. */
export interface EventTensor<Data extends ArrayLike<unknown>> {
  readonly shape: readonly number[];
  readonly data: Data;
}

/** Pixels of a sensor. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function countPixels({ width, height }: Geometry): number {
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw eventOptionsError(name, value, 'it is no size of a sensor', 'give a whole number of at least 1');
    }
  }
  return width * height;
}

/** Checks a number that has to be positive. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function requirePositive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw eventOptionsError(name, value, 'it has to be positive', 'give a number above 0');
}

/** Checks a number of things. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function requireCount(name: string, value: number): number {
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw eventOptionsError(name, value, 'it is no number of things', 'give a whole number of at least 1');
}
