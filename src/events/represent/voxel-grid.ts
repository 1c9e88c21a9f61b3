// Events shared out between bins of time: Tonic's voxel grid (functional/to_voxel_grid.py, after Zhu et al. 2019), whose
// bins begin at the first and end at the last event, and OpenEB's event cube (event_cube_processor_impl.h), whose bins have
// their middles at half steps of a given stretch of time. Events outside of the geometry are left out.
import type { EventColumns, Geometry } from '../model/index.ts';
import { countPixels, requireCount, requirePositive } from './tensor.ts';
import type { EventTensor } from './tensor.ts';

/**
 * Tonic's voxel grid of events in order: polarity −1 or 1, shared between the bin of an event and the next.
 * Shape [bins, 1, height, width], 64-bit as Tonic's.
 *
 * @param bins @default 10
 * @throws RuvectorError `ERR_EVENTS_OPTIONS`
 */
export function buildVoxelGrid(
  events: EventColumns,
  geometry: Geometry,
  bins = 10,
): EventTensor<Float64Array> {
  const pixels = countPixels(geometry);
  const { width, height } = geometry;
  requireCount('bins', bins);
  const { t, x, y, p, length } = events;
  const data = new Float64Array(bins * pixels);
  const first = length > 0 ? t[0]! : 0n;
  const span = length > 0 ? Number(t[length - 1]! - first) : 0;
  // Sums of floating-point numbers depend on their order: all left shares come first, as Tonic has them.
  for (const isRight of [false, true]) {
    for (let i = 0; i < length; i++) {
      if (x[i]! >= width || y[i]! >= height) continue;
      const place = span === 0 ? 0 : (bins * Number(t[i]! - first)) / span;
      const bin = Math.trunc(place);
      const share = place - bin;
      const target = isRight ? bin + 1 : bin;
      if (target < 0 || target >= bins) continue;
      const polarity = p[i]! > 0 ? 1 : -1;
      const at = target * pixels + y[i]! * width + x[i]!;
      data[at]! += polarity * (isRight ? share : 1 - share);
    }
  }
  return { shape: [bins, 1, height, width], data };
}

/** Options of {@link buildEventCube}. */
export interface EventCubeOptions {
  readonly bins: number;
  /** Where the cube begins. */
  readonly start: bigint;
  /** How long it is, in units of t. */
  readonly duration: number;
  /** A plane for each polarity instead of −1 and 1 in one. @default false */
  readonly splitPolarity?: boolean;
  /** Events of a cell that make 1. @default 1 */
  readonly maxPerPixel?: number;
  /** Largest value, and smallest below 0. @default none */
  readonly clip?: number;
}

/** OpenEB's event cube: shape [bins × polarities, height, width]. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function buildEventCube(
  { t, x, y, p, length }: EventColumns,
  geometry: Geometry,
  options: EventCubeOptions,
): EventTensor<Float32Array> {
  const pixels = countPixels(geometry);
  const { width, height } = geometry;
  const { bins, start, splitPolarity = false, maxPerPixel = 1, clip = Infinity } = options;
  const planes = splitPolarity ? 2 : 1;
  const data = new Float32Array(requireCount('bins', bins) * planes * pixels);
  const { fround } = Math;
  const binsPerUnit = fround(bins / fround(requirePositive('duration', options.duration)));
  const factor = fround(1 / fround(requirePositive('maxPerPixel', maxPerPixel)));
  const most = fround(clip);
  const add = (bin: number, plane: number, pixel: number, value: number): void => {
    const at = (bin * planes + plane) * pixels + pixel;
    data[at] = Math.max(-most, Math.min(most, fround(data[at]! + fround(value * factor))));
  };
  for (let i = 0; i < length; i++) {
    if (x[i]! >= width || y[i]! >= height) continue;
    const pixel = y[i]! * width + x[i]!;
    const place = fround(fround(fround(Number(t[i]! - start)) * binsPerUnit) - 0.5);
    const left = Math.floor(place);
    const leftShare = Math.max(0, fround(1 - Math.abs(fround(left - place))));
    const rightShare = fround(1 - leftShare);
    const isOn = p[i]! > 0;
    const sign = splitPolarity || isOn ? 1 : -1;
    const plane = splitPolarity && isOn ? 1 : 0;
    if (left >= 0 && left < bins) add(left, plane, pixel, sign * leftShare);
    if (left + 1 >= 0 && left + 1 < bins) add(left + 1, plane, pixel, sign * rightShare);
  }
  return { shape: [bins * planes, height, width], data };
}
