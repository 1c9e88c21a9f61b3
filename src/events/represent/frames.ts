// Events counted in pixels: Tonic's frames (functional/to_frame.py), and the histogram and the difference of OpenEB's
// preprocessors (histo_processor_impl.h, diff_processor_impl.h), whose values are normalised and cut off. Events outside
// of the geometry are left out.
import type { EventColumns, Geometry } from '../model/index.ts';
import { countPixels, requirePositive } from './tensor.ts';
import type { EventTensor } from './tensor.ts';
import { sliceEvents } from './event-slices.ts';
import type { SliceOptions } from './event-slices.ts';

/** Counts events by slice and polarity (0 OFF, 1 ON): shape [slices, 2, height, width]. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function buildCountFrames(
  events: EventColumns,
  geometry: Geometry,
  slices: SliceOptions,
): EventTensor<Int32Array> {
  const pixels = countPixels(geometry);
  const { width, height } = geometry;
  const { x, y, p } = events;
  const cuts = sliceEvents(events, slices);
  const data = new Int32Array(cuts.length * 2 * pixels);
  cuts.forEach(({ start, end }, frame) => {
    for (let i = start; i < end; i++) {
      if (x[i]! >= width || y[i]! >= height) continue;
      const plane = frame * 2 + (p[i]! > 0 ? 1 : 0);
      data[plane * pixels + y[i]! * width + x[i]!]!++;
    }
  });
  return { shape: [cuts.length, 2, height, width], data };
}

/** How counts become values. */
export interface HistogramOptions {
  /** Events of a pixel that make 1. @default 5 */
  readonly maxPerPixel?: number;
  /** Largest value, and smallest below 0. @default 1 */
  readonly clip?: number;
}

interface Normalized {
  readonly step: number;
  readonly clip: number;
}

function normalize({ maxPerPixel = 5, clip = 1 }: HistogramOptions): Normalized {
  return {
    step: Math.fround(1 / Math.fround(requirePositive('maxPerPixel', maxPerPixel))),
    clip: Math.fround(requirePositive('clip', clip)),
  };
}

/** OpenEB's histogram: events of each polarity (0 OFF, 1 ON), shape [2, height, width]. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function buildHistogram(
  { x, y, p, length }: EventColumns,
  geometry: Geometry,
  options: HistogramOptions = {},
): EventTensor<Float32Array> {
  const pixels = countPixels(geometry);
  const { width, height } = geometry;
  const { step, clip } = normalize(options);
  const data = new Float32Array(2 * pixels);
  for (let i = 0; i < length; i++) {
    if (x[i]! >= width || y[i]! >= height) continue;
    const at = (p[i]! > 0 ? pixels : 0) + y[i]! * width + x[i]!;
    data[at] = Math.min(clip, Math.fround(data[at]! + step));
  }
  return { shape: [2, height, width], data };
}

/** OpenEB's difference frame: ON adds, OFF takes away, shape [1, height, width]. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function buildDifference(
  { x, y, p, length }: EventColumns,
  geometry: Geometry,
  options: HistogramOptions = {},
): EventTensor<Float32Array> {
  const data = new Float32Array(countPixels(geometry));
  const { width, height } = geometry;
  const { step, clip } = normalize(options);
  for (let i = 0; i < length; i++) {
    if (x[i]! >= width || y[i]! >= height) continue;
    const at = y[i]! * width + x[i]!;
    const value = Math.fround(data[at]! + (p[i]! > 0 ? step : -step));
    data[at] = Math.max(-clip, Math.min(clip, value));
  }
  return { shape: [1, height, width], data };
}
