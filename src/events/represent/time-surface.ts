// How long ago each pixel had its last event: Tonic's time surfaces (functional/to_timesurface.py, after Lagorce et al.
// 2016), which decay, and OpenEB's (time_surface_processor_impl.h), which are the times themselves. Events outside of the
// geometry are left out.
import type { EventColumns, Geometry } from '../model/index.ts';
import { countPixels, requirePositive } from './tensor.ts';
import type { EventTensor } from './tensor.ts';
import { sliceEvents } from './event-slices.ts';

/** Options of {@link buildTimeSurfaces}. */
export interface TimeSurfaceOptions {
  /** Time between two surfaces, in units of t. */
  readonly interval: number;
  /** Time after which a pixel has decayed to 1/e. */
  readonly tau: number;
  /** @default 0 */
  readonly overlap?: number;
  /** One more surface for what is left at the end. @default false */
  readonly includeIncomplete?: boolean;
}

/**
 * Tonic's time surfaces of events in order: exp(−age / tau) at the end of each interval, 0 where nothing happened yet.
 * Shape [intervals, 2, height, width], polarity 0 OFF, 1 ON; 64-bit as Tonic's.
 *
 * @throws RuvectorError `ERR_EVENTS_OPTIONS`
 */
export function buildTimeSurfaces(
  events: EventColumns,
  geometry: Geometry,
  options: TimeSurfaceOptions,
): EventTensor<Float64Array> {
  const pixels = countPixels(geometry);
  const { width, height } = geometry;
  const { interval, overlap = 0, includeIncomplete = false } = options;
  const tau = requirePositive('tau', options.tau);
  const slices = sliceEvents(events, { timeWindow: interval, overlap, includeIncomplete });
  const { t, x, y, p } = events;
  const first = events.length > 0 ? t[0]! : 0n;
  /** Times since the first event. */
  const latest = new Float64Array(2 * pixels).fill(-Infinity);
  const data = new Float64Array(slices.length * latest.length);
  slices.forEach(({ start, end }, slice) => {
    for (let i = start; i < end; i++) {
      if (x[i]! >= width || y[i]! >= height) continue;
      latest[(p[i]! > 0 ? pixels : 0) + y[i]! * width + x[i]!] = Number(t[i]! - first);
    }
    const now = (slice + 1) * interval;
    const at = slice * latest.length;
    for (let i = 0; i < latest.length; i++) data[at + i] = Math.exp(-(now - latest[i]!) / tau);
  });
  return { shape: [slices.length, 2, height, width], data };
}

/**
 * OpenEB's time surface: the time of each pixel's last event, 0 where there was none.
 * Shape [height, width, 2], or [height, width, 1] when polarities are not told apart.
 *
 * @param splitPolarity @default true
 * @throws RuvectorError `ERR_EVENTS_OPTIONS`
 */
export function buildLatestTimes(
  { t, x, y, p, length }: EventColumns,
  geometry: Geometry,
  splitPolarity = true,
): EventTensor<BigInt64Array> {
  const pixels = countPixels(geometry);
  const { width, height } = geometry;
  const channels = splitPolarity ? 2 : 1;
  const data = new BigInt64Array(pixels * channels);
  for (let i = 0; i < length; i++) {
    if (x[i]! >= width || y[i]! >= height) continue;
    const channel = splitPolarity && p[i]! > 0 ? 1 : 0;
    data[channels * (y[i]! * width + x[i]!) + channel] = t[i]!;
  }
  return { shape: [height, width, channels], data };
}
