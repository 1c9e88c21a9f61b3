import { describe, expect, test } from 'vitest';
import { REFAULT_PAGE_US, createStallMeter } from '../../../src/optimize/stall-meter.ts';
import { buildSnapshot } from '../../support/optimize-host.ts';

const still = { majorFaults: 0, psiSomeUs: null, filePages: 10_000 };

describe('createStallMeter().read()', () => {
  test('knows nothing after one sample', () => {
    const meter = createStallMeter();
    meter.observeTarget('t', 0, still);
    expect(meter.read('t')).toMatchObject({
      majorFaultFraction: null,
      refaultFraction: null,
      psiFraction: null,
    });
  });

  test('turns major faults into a share of time', () => {
    const meter = createStallMeter({ majorFaultUs: 100 });
    meter.observeTarget('t', 0, still);
    meter.observeTarget('t', 1000, { ...still, majorFaults: 50 });
    expect(meter.read('t').majorFaultFraction).toBeCloseTo(0.005);
  });

  test('backs off by the last interval and recovers by the whole window', () => {
    const meter = createStallMeter({ majorFaultUs: 100, windowMs: 10_000 });
    for (let second = 0; second <= 9; second++) meter.observeTarget('t', second * 1000, still);
    meter.observeTarget('t', 10_000, { ...still, majorFaults: 100 });
    expect(meter.read('t').majorFaultFraction).toBeCloseTo(0.01);
    meter.observeTarget('t', 11_000, { ...still, majorFaults: 100 });
    expect(meter.read('t').majorFaultFraction).toBeCloseTo(0.001);
  });

  test('counts pages that come back after page-out, and no growth of the target itself', () => {
    const meter = createStallMeter();
    meter.observeTarget('t', 0, still);
    meter.observeTarget('t', 1000, { ...still, filePages: 12_000 });
    expect(meter.read('t').refaultFraction).toBe(0);
    meter.noteAdvised('t', 5000);
    meter.observeTarget('t', 2000, { ...still, filePages: 7000 });
    expect(meter.read('t').refaultFraction).toBe(0);
    meter.observeTarget('t', 3000, { ...still, filePages: 20_000 });
    expect(meter.read('t').refaultFraction).toBeCloseTo((5000 * REFAULT_PAGE_US) / 1e6);
  });

  test('falls back to the pressure of the host where a target has none of its own', () => {
    const meter = createStallMeter();
    meter.observeHost(buildSnapshot({ timestamp: 0, psi_memory_some_us: 0 }));
    meter.observeHost(buildSnapshot({ timestamp: 1000, psi_memory_some_us: 20_000 }));
    expect(meter.read('other').psiFraction).toBeCloseTo(0.02);
  });

  test('says unknown when a counter runs backwards', () => {
    const meter = createStallMeter();
    meter.observeTarget('t', 0, { ...still, majorFaults: 10 });
    meter.observeTarget('t', 1000, { ...still, majorFaults: 3 });
    expect(meter.read('t').majorFaultFraction).toBeNull();
  });
});
