import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAJOR_FAULT_US,
  REFAULT_PAGE_US,
  createStallMeter,
  returnCostUs,
} from '../../../src/optimize/stall-meter.ts';
import type { TargetCounters } from '../../../src/optimize/stall-meter.ts';

const still: TargetCounters = { majorFaults: 0, psiSomeUs: null, returnedFilePages: 0, returnedAnonPages: 0 };

/** Reads after counters were shown a second apart. */
function readAfter(
  counters: readonly Partial<TargetCounters>[],
  options: Parameters<typeof createStallMeter>[0] = {},
) {
  const meter = createStallMeter(options);
  counters.forEach((fields, i) => meter.observe('t', i * 1000, { ...still, ...fields }));
  return meter.read('t');
}

describe('createStallMeter().read()', () => {
  it('knows nothing after one sample, or of another target', () => {
    expect(readAfter([{}])).toEqual({ causedFraction: null, majorFaultFraction: null, psiFraction: null });
    const meter = createStallMeter();
    meter.observe('a', 0, still);
    meter.observe('a', 1000, { ...still, majorFaults: 1000 });
    expect(meter.read('b').majorFaultFraction).toBeNull();
  });

  it('turns major faults into a share of time by what the back end takes for one', () => {
    const faults = [{}, { majorFaults: 50 }];
    expect(readAfter(faults).majorFaultFraction).toBeCloseTo(0.009);
    expect(readAfter(faults, { backend: 'zram' }).majorFaultFraction).toBeCloseTo(0.00024);
    expect(readAfter(faults, { backend: 'disk-swap' }).majorFaultFraction).toBeCloseTo(0.0016);
  });

  it('counts only the return of what we took as caused by us', () => {
    expect(readAfter([{}, { majorFaults: 5000 }]).causedFraction).toBe(0);
    expect(readAfter([{}, { returnedFilePages: 5000 }]).causedFraction).toBeCloseTo(
      (5000 * REFAULT_PAGE_US) / 1e6,
    );
  });

  it('spreads a few pages over the whole window and forgets them with it', () => {
    const second = (i: number): Partial<TargetCounters> => ({ returnedAnonPages: i >= 10 ? 1000 : 0 });
    const share = (seconds: number): number | null =>
      readAfter(
        Array.from({ length: seconds + 1 }, (_, i) => second(i)),
        { backend: 'zram' },
      ).causedFraction;
    expect(share(10)).toBeCloseTo((1000 * MAJOR_FAULT_US.zram) / 10e6);
    expect(share(21)).toBe(0);
  });

  it('reads PSI of the target itself where it has some', () => {
    expect(readAfter([{ psiSomeUs: 0 }, { psiSomeUs: 20_000 }]).psiFraction).toBeCloseTo(0.02);
  });

  it('says unknown when a counter runs backwards or cannot be read', () => {
    expect(readAfter([{ majorFaults: 10 }, { majorFaults: 3 }]).majorFaultFraction).toBeNull();
    expect(readAfter([{}, { returnedFilePages: null }]).causedFraction).toBeNull();
  });

  it('ignores samples that follow too closely, and forgets targets that are gone', () => {
    const meter = createStallMeter({ windowMs: 1000 });
    meter.observe('t', 0, still);
    meter.observe('t', 100, { ...still, majorFaults: 9 });
    expect(meter.read('t').majorFaultFraction).toBeNull();
    meter.observe('other', 60_000, still);
    meter.observe('t', 60_000, { ...still, majorFaults: 9 });
    expect(meter.read('t').majorFaultFraction).toBeNull();
  });
});

describe('returnCostUs()', () => {
  it('counts a page of a file as a fault only as far as there were faults', () => {
    expect(returnCostUs('none', { file: 100, anon: 0 }, 0)).toBeCloseTo(100 * REFAULT_PAGE_US);
    expect(returnCostUs('none', { file: 100, anon: 0 }, 10)).toBeCloseTo(10 * 180 + 90 * REFAULT_PAGE_US);
    expect(returnCostUs('none', { file: 100, anon: 0 }, 1e6)).toBeCloseTo(100 * 180);
  });

  it('counts an anonymous page as a fault of its back end, whose faults are not those of files', () => {
    expect(returnCostUs('zram', { file: 0, anon: 100 }, 100)).toBeCloseTo(480);
    expect(returnCostUs('disk-swap', { file: 0, anon: 100 }, 0)).toBeCloseTo(3200);
    expect(returnCostUs('zram', { file: 10, anon: 100 }, 100)).toBeCloseTo(480 + 10 * REFAULT_PAGE_US);
  });

  it('is never negative and grows with pages and with faults', () => {
    const some = fc.nat(1e6);
    fc.assert(
      fc.property(
        some,
        some,
        some,
        fc.constantFrom('zram', 'disk-swap', 'none'),
        (file, anon, faults, backend) => {
          const cost = returnCostUs(backend, { file, anon }, faults);
          const more = [
            returnCostUs(backend, { file: file + 1, anon }, faults),
            returnCostUs(backend, { file, anon }, faults + 1),
          ];
          return cost >= 0 && more.every((other) => other >= cost);
        },
      ),
    );
  });
});
