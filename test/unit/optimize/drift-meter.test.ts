import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIN_DRIFT_WINDOWS, createDriftMeter } from '../../../src/optimize/drift-meter.ts';
import type { DriftMeter } from '../../../src/optimize/drift-meter.ts';

/** As the tracker does: the level is read only when it is due. */
function feed(meter: DriftMeter, timeMs: number, levelKib: number): void {
  if (meter.isDue(timeMs)) meter.observe(timeMs, levelKib);
}

/** A meter that has seen these moves, one a second. */
function meterAfter(moves: readonly number[], keep = 20): DriftMeter {
  const meter = createDriftMeter(1000, keep);
  let level = 0;
  feed(meter, 0, level);
  moves.forEach((move, i) => feed(meter, (i + 1) * 1000, (level += move)));
  return meter;
}

describe('createDriftMeter()', () => {
  it('says nothing before five windows', () => {
    expect(meterAfter([7, 7, 7, 7]).read(1000)).toEqual({ kib: null, noiseKib: null, windows: 4 });
    expect(meterAfter([7, 7, 7, 7, 7]).read(1000)).toEqual({ kib: 7, noiseKib: 0, windows: 5 });
  });

  it('takes the median, so that one burst shifts neither it nor its spread', () => {
    const meter = meterAfter([10, 12, -900_000, 11, 13]);
    expect(meter.read(1000)).toEqual({ kib: 11, noiseKib: 1, windows: 5 });
    expect(meter.read(2000).kib).toBe(22);
  });

  it('says how much it moves about the median', () => {
    // The deviations are 100, 0, 100, 0, 100, 0: half of them above 0.
    const { kib, noiseKib } = meterAfter([-100, 0, 100, 0, -100, 100, 0]).read(1000);
    expect(kib).toBe(0);
    expect(noiseKib).toBe(148);
  });

  it('does not count a window with a hole in it, or one that runs backwards', () => {
    const meter = createDriftMeter(1000, 20);
    feed(meter, 0, 0);
    feed(meter, 5000, 99);
    feed(meter, 3000, 99);
    expect(meter.read(1000).windows).toBe(0);
  });

  it('forgets the window in progress and keeps the others', () => {
    const meter = meterAfter([5, 5, 5, 5, 5]);
    meter.restart();
    feed(meter, 5500, 1e9);
    feed(meter, 6500, 1e9 + 5);
    expect(meter.read(1000)).toEqual({ kib: 5, noiseKib: 0, windows: 6 });
  });

  it('goes on learning from windows that were seen otherwise', () => {
    const meter = meterAfter([0, 0, 0, 0, 0], 5);
    for (let i = 0; i < 5; i++) meter.add(200, 2000);
    expect(meter.read(1000)).toEqual({ kib: 100, noiseKib: 0, windows: 5 });
  });

  it('lies between the smallest and the largest move', () => {
    const moves = fc.array(fc.integer({ min: -1e6, max: 1e6 }), {
      minLength: MIN_DRIFT_WINDOWS,
      maxLength: 20,
    });
    fc.assert(
      fc.property(moves, (list) => {
        const { kib, noiseKib } = meterAfter(list).read(1000);
        return kib! >= Math.min(...list) && kib! <= Math.max(...list) && noiseKib! >= 0;
      }),
    );
  });
});
