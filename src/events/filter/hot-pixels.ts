// Pixels that fire all the time: more often a second than a scene makes them, over a whole recording.
import type { EventColumns, Geometry } from '../model/index.ts';

/** Counts the events of each pixel, batch by batch. */
export class HotPixelFinder {
  readonly #geometry: Geometry;
  readonly #counts: Uint32Array;
  #first: bigint | undefined;
  #last = 0n;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.#counts = new Uint32Array(geometry.width * geometry.height);
  }

  /** Takes the next events of a recording; those outside of the geometry are left out. */
  add({ t, x, y, length }: EventColumns): void {
    if (length === 0) return;
    const { width, height } = this.#geometry;
    this.#first ??= t[0]!;
    this.#last = t[length - 1]!;
    for (let i = 0; i < length; i++) {
      if (x[i]! < width && y[i]! < height) this.#counts[y[i]! * width + x[i]!]!++;
    }
  }

  /**
   * Pixels with more than `frequencyHz` events a second, from the first event to the last.
   * @param unitsPerSecond 1e6 where t is in microseconds
   */
  find(frequencyHz: number, unitsPerSecond = 1e6): (readonly [x: number, y: number])[] {
    const seconds = this.#first === undefined ? 0 : Number(this.#last - this.#first) / unitsPerSecond;
    const most = frequencyHz * seconds;
    const { width } = this.#geometry;
    const hot: (readonly [number, number])[] = [];
    this.#counts.forEach((count, pixel) => {
      if (count > most) hot.push([pixel % width, Math.floor(pixel / width)]);
    });
    return hot;
  }
}

/** The hot pixels of events that are all at hand. */
export function findHotPixels(
  events: EventColumns,
  geometry: Geometry,
  frequencyHz: number,
): (readonly [x: number, y: number])[] {
  const finder = new HotPixelFinder(geometry);
  finder.add(events);
  return finder.find(frequencyHz);
}
