// Representations and filters of pixels against the published formulas of Tonic and OpenEB in NumPy, on the same events.
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createScriptFilter } from '../../../src/events/filter/index.ts';
import type { EventFilterOptions } from '../../../src/events/filter/index.ts';
import {
  buildDifference,
  buildEventCube,
  buildCountFrames,
  buildHistogram,
  buildLatestTimes,
  buildTimeSurfaces,
  buildVoxelGrid,
} from '../../../src/events/represent/index.ts';
import type { EventTensor } from '../../../src/events/represent/index.ts';
import { startJsonChild } from '../../support/json-child.ts';
import { drawEvents, listEvents } from '../../support/events/random-events.ts';
import { python } from '../../support/python.ts';
import { createRandom } from '../../support/random.ts';

const geometry = { width: 24, height: 16 };
const peer = startJsonChild(python, [join(import.meta.dirname, 'represent-peer.py')]);
afterAll(() => peer[Symbol.asyncDispose]());

const draw = (seed: number, polarities: readonly [number, number] = [-1, 1]) =>
  drawEvents(createRandom(seed), { count: 3000, ...geometry, polarities });

interface Answer {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

function ask(kind: string, seed: number, options: object): Promise<Answer> {
  const rows = listEvents(draw(seed));
  const column = (i: number): number[] => rows.map((row) => Number(row[i]!));
  const events = { t: column(0), x: column(1), y: column(2), p: column(3) };
  return peer.ask(JSON.stringify({ kind, events, shape: [geometry.height, geometry.width], with: options }));
}

const numbersOf = ({ data }: EventTensor<ArrayLike<number | bigint>>): number[] => Array.from(data, Number);

describe('representations', () => {
  it('buildCountFrames() equals Tonic, for either kind of polarity', async () => {
    for (const [overlap, incomplete] of [
      [0, false],
      [500, true],
    ] as const) {
      const { shape, data } = await ask('frames', 1, { window: 7000, overlap, incomplete });
      for (const polarities of [
        [-1, 1],
        [0, 1],
      ] as const) {
        const slices = { timeWindow: 7000, overlap, includeIncomplete: incomplete };
        const ours = buildCountFrames(draw(1, polarities), geometry, slices);
        expect(ours.shape).toEqual(shape);
        expect(numbersOf(ours)).toEqual(data);
      }
    }
  });

  it('buildVoxelGrid() equals Tonic', async () => {
    const { data } = await ask('voxel_grid', 2, { bins: 5 });
    expect(numbersOf(buildVoxelGrid(draw(2), geometry, 5))).toEqual(data);
  });

  it('buildTimeSurfaces() equals Tonic', async () => {
    const { shape, data } = await ask('time_surfaces', 3, { interval: 9000, tau: 5000 });
    const ours = buildTimeSurfaces(draw(3), geometry, { interval: 9000, tau: 5000 });
    expect(ours.shape).toEqual(shape);
    // The last bit of an exponential is its library's own.
    numbersOf(ours).forEach((value, i) => expect(value).toBeCloseTo(data[i]!, 14));
  });

  it('buildHistogram() equals OpenEB', async () => {
    const { data } = await ask('histogram', 4, { most: 3, clip: 2 });
    expect(numbersOf(buildHistogram(draw(4), geometry, { maxPerPixel: 3, clip: 2 }))).toEqual(data);
  });

  it('buildDifference() equals OpenEB', async () => {
    const { data } = await ask('difference', 5, { most: 3, clip: 1 });
    expect(numbersOf(buildDifference(draw(5), geometry, { maxPerPixel: 3 }))).toEqual(data);
  });

  it('buildEventCube() equals OpenEB, polarities together and apart', async () => {
    for (const split of [false, true]) {
      const { data } = await ask('event_cube', 6, { bins: 4, start: 1_000_000, duration: 50_000, split });
      const options = { bins: 4, start: 1_000_000n, duration: 50_000, splitPolarity: split };
      expect(numbersOf(buildEventCube(draw(6), geometry, options))).toEqual(data);
    }
  });

  it('buildLatestTimes() equals OpenEB', async () => {
    for (const split of [false, true]) {
      const { shape, data } = await ask('latest_times', 7, { split });
      const ours = buildLatestTimes(draw(7), geometry, split);
      expect(ours.shape).toEqual(shape);
      expect(numbersOf(ours)).toEqual(data);
    }
  });
});

describe('filters of pixels', () => {
  it.each([
    ['refractory', { refractoryPeriod: 4000 }],
    ['denoise', { backgroundPeriod: 3000 }],
  ] as const)(
    'createScriptFilter() keeps what Tonic keeps: %s',
    async (kind, options: EventFilterOptions) => {
      const { data } = await ask(kind, 8, { period: Object.values(options)[0] });
      const events = draw(8);
      const all = listEvents(events);
      createScriptFilter({ ...options, geometry }).apply(events);
      expect(listEvents(events)).toEqual(data.map((i) => all[i]));
      expect(events.length).toBeGreaterThan(100);
      expect(events.length).toBeLessThan(2900);
    },
  );
});
