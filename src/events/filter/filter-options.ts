// What a filter keeps: declared once for the TypeScript filter and for the kernels, checked before the first event.
import { eventOptionsError } from '../model/index.ts';
import type { EventSlot, Geometry } from '../model/index.ts';

/** A rectangle of pixels. */
export interface PixelRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What to keep; each thing that is not named keeps everything. They apply in this order. */
export interface EventFilterOptions {
  /** First t wanted. */
  readonly from?: bigint;
  /** First t not wanted any more. */
  readonly to?: bigint;
  readonly region?: PixelRegion;
  readonly polarity?: 'on' | 'off';
  /** Pixels whose events are dropped, as `findHotPixels` gives them. */
  readonly hotPixels?: readonly (readonly [x: number, y: number])[];
  /** Drops an event that comes at most so long after the last one of its pixel, in units of t. */
  readonly refractoryPeriod?: number;
  /**
   * Keeps an event only when one of the four pixels beside its own had one less than this before, in units of t:
   * background activity comes alone.
   */
  readonly backgroundPeriod?: number;
  /** Needed for hot pixels, refractory period and background activity, which remember each pixel. */
  readonly geometry?: Geometry | undefined;
}

/** Keeps some events of each slot it is given; what it remembers of pixels goes on from slot to slot. */
export interface EventFilter {
  readonly engine: 'wasm' | 'typescript';
  /** Moves the events that stay to the front and sets `events.length`. */
  apply(events: EventSlot): void;
}

/** The options with everything they need checked. */
export interface FilterPlan {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
  readonly region: PixelRegion;
  readonly polarity: 'on' | 'off' | undefined;
  /** Some test looks at one event alone. */
  readonly isSimple: boolean;
  readonly hotPixels: readonly (readonly [number, number])[];
  readonly refractoryPeriod: number | undefined;
  readonly backgroundPeriod: number | undefined;
  readonly width: number;
  readonly height: number;
}

const LARGEST = 65_535;
/** Every pixel there can be. */
const EVERYWHERE: PixelRegion = { x: 0, y: 0, width: LARGEST + 1, height: LARGEST + 1 };

/** Checks the options of a filter. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function planFilter(options: EventFilterOptions): FilterPlan {
  const { from, to, region = EVERYWHERE, polarity, hotPixels = [], geometry } = options;
  if (from !== undefined && to !== undefined && from > to) {
    throw eventOptionsError('from', from, `it is behind to ${String(to)}`, 'exchange them');
  }
  checkRegion(region);
  for (const name of ['refractoryPeriod', 'backgroundPeriod'] as const) checkPeriod(name, options[name]);
  if (!geometry && needsPixels(options)) {
    throw eventOptionsError(
      'geometry',
      undefined,
      'a filter of pixels has to know the sensor',
      'give its size',
    );
  }
  return {
    from,
    to,
    region,
    polarity,
    isSimple: (from ?? to ?? polarity ?? options.region) !== undefined,
    hotPixels,
    refractoryPeriod: options.refractoryPeriod,
    backgroundPeriod: options.backgroundPeriod,
    ...(geometry ?? { width: 0, height: 0 }),
  };
}

const needsPixels = ({ hotPixels = [], refractoryPeriod, backgroundPeriod }: EventFilterOptions): boolean =>
  hotPixels.length > 0 || (refractoryPeriod ?? backgroundPeriod) !== undefined;

function checkRegion(region: PixelRegion): void {
  const { x, y, width, height } = region;
  const isWhole = [x, y, width, height].every((value) => Number.isInteger(value) && value >= 0);
  if (isWhole && width > 0 && height > 0 && x + width <= LARGEST + 1 && y + height <= LARGEST + 1) return;
  throw eventOptionsError(
    'region',
    JSON.stringify(region),
    'it is no rectangle of pixels',
    'give whole x, y, width and height, at least 1 × 1 and at most up to 65,536',
  );
}

function checkPeriod(name: string, period: number | undefined): void {
  if (period === undefined || (Number.isSafeInteger(period) && period >= 0)) return;
  throw eventOptionsError(name, period, 'it is no time', 'give a whole number of units of t, 0 or more');
}
