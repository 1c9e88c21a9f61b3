import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCgroupShortage, findHostShortage } from '../../../src/optimize/index.ts';
import type { CgroupStall, MemoryCgroup } from '../../../src/optimize/index.ts';
import { REFAULT_STALL_US, createCgroupStallMeter } from '../../../src/optimize/shortage.ts';
import { MAJOR_FAULT_US } from '../../../src/optimize/stall-meter.ts';
import { buildGroup, buildSnapshot } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const noStall: CgroupStall = { someFraction: null, fullFraction: null, source: '' };

describe('findHostShortage()', () => {
  it.each([
    [850_000, null],
    [200_001, null],
    [200_000, 'ShouldOptimize'],
    [100_001, 'ShouldOptimize'],
    [100_000, 'ShouldOptimizeAggressive'],
    [40_001, 'ShouldOptimizeAggressive'],
    [40_000, 'Critical'],
    [0, 'Critical'],
  ])('says at %i of 1,000,000 KiB available: %s', (mem_available_kib, label) => {
    const shortage = findHostShortage({ mem_total_kib: 1_000_000, mem_available_kib });
    expect(shortage?.label ?? null).toBe(label);
    if (shortage !== null) expect(shortage).toMatchObject({ who: 'host', evidence: /of memory available/ });
  });

  it('misses what brings available memory 2 % over the first threshold', () => {
    const shortage = findHostShortage({ mem_total_kib: 1000, mem_available_kib: 100 });
    expect(shortage!.missingBytes).toBe(Math.ceil(0.12 * 1000 * 1024));
  });

  it('sees no reason in the PSI of the host, which also counts cgroups nobody outside can help', () => {
    const stalled = buildSnapshot({ psi_memory_some_us: 9e9, psi_memory_full_us: 9e9 });
    expect(findHostShortage(stalled)).toBeNull();
  });
});

describe('findCgroupShortage()', () => {
  const group = (usedMib: number, fileMib = 0): MemoryCgroup =>
    buildGroup({ usageBytes: usedMib * MIB, fileBytes: fileMib * MIB });

  it.each([
    [799, 0, null],
    [800, 0, 'ShouldOptimize'],
    [900, 0, 'ShouldOptimizeAggressive'],
    [960, 0, 'Critical'],
    // Its page cache can be taken back without swap, so a full cgroup of file pages is not short.
    [1000, 300, null],
    [1000, 150, 'ShouldOptimize'],
  ])('says at %i of 1000 MiB used, %i of them of files: %s', (usedMib, fileMib, label) => {
    const shortage = findCgroupShortage(group(usedMib, fileMib), noStall);
    expect(shortage?.label ?? null).toBe(label);
    if (shortage !== null)
      expect(shortage).toMatchObject({ who: '/sys/fs/cgroup/app', evidence: /of its limit/ });
  });

  it.each([
    [0.0349, null, null],
    [0.035, null, 'ShouldOptimize'],
    [0.05, null, 'ShouldOptimizeAggressive'],
    [0.05, 0.0499, 'ShouldOptimizeAggressive'],
    [0.05, 0.05, 'Critical'],
  ])('says at %f some and %f full of its own PSI: %s', (someFraction, fullFraction, label) => {
    const shortage = findCgroupShortage(group(500), { someFraction, fullFraction, source: 'its PSI' });
    expect(shortage?.label ?? null).toBe(label);
    if (shortage !== null)
      expect(shortage).toMatchObject({ missingBytes: null, evidence: /stalls .*its PSI/ });
  });

  it('counts usage above the limit, as after the limit was lowered, as nothing left', () => {
    expect(findCgroupShortage(group(5000), noStall)).toMatchObject({ label: 'Critical' });
  });

  it('never misses more than the limit, nor less than nothing', () => {
    const bytes = fc.nat(2 ** 40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), bytes, bytes, (limitBytes, usageBytes, fileBytes) => {
        const { missingBytes } =
          findCgroupShortage(buildGroup({ limitBytes, usageBytes, fileBytes }), noStall) ?? {};
        return missingBytes === undefined || (missingBytes! > 0 && missingBytes! <= limitBytes);
      }),
    );
  });

  it('says Critical of a cgroup that may have nothing at all', () => {
    expect(findCgroupShortage(buildGroup({ limitBytes: 0, usageBytes: MIB }), noStall)).toMatchObject({
      label: 'Critical',
    });
  });
});

describe('createCgroupStallMeter().observe()', () => {
  it('takes the PSI of a cgroup v2 as shares of the last two seconds', () => {
    const meter = createCgroupStallMeter();
    const at = (nowMs: number, someUs: number, fullUs: number): CgroupStall =>
      meter.observe(buildGroup({ someUs, fullUs }), nowMs);
    expect(at(0, 5e6, 1e6)).toEqual(noStall);
    expect(at(1000, 5.1e6, 1.05e6)).toEqual({ someFraction: 0.1, fullFraction: 0.05, source: 'its PSI' });
    at(2000, 5.1e6, 1.05e6);
    expect(at(3000, 5.1e6, 1.05e6)).toMatchObject({ someFraction: 0, fullFraction: 0 });
  });

  it('never says more than all of the time, however many processes wait', () => {
    const meter = createCgroupStallMeter();
    meter.observe(buildGroup({ someUs: 0, fullUs: 0 }), 0);
    expect(meter.observe(buildGroup({ someUs: 9e6, fullUs: 9e6 }), 1000)).toMatchObject({
      someFraction: 1,
      fullFraction: 1,
    });
  });

  it('estimates the stall of a cgroup v1 by the pages that came back to it', () => {
    const meter = createCgroupStallMeter();
    meter.observe(buildGroup(), 0);
    const stall = meter.observe(buildGroup({ refaults: 10_000, majorFaults: 100 }), 1000);
    const waitedUs = 100 * MAJOR_FAULT_US.none + 9900 * REFAULT_STALL_US;
    expect(stall.someFraction).toBeCloseTo(waitedUs / 1e6);
    expect(stall).toMatchObject({ fullFraction: null, source: /10000 pages came back, 100 of them read/ });
  });

  it('does not take major faults for a stall where no page came back: programs start by them', () => {
    const meter = createCgroupStallMeter();
    meter.observe(buildGroup(), 0);
    expect(meter.observe(buildGroup({ majorFaults: 100_000 }), 1000).someFraction).toBe(0);
  });

  it.each([
    ['the kernel counts no refaults', { refaults: null }],
    ['the counter ran backwards, as after the cgroup was made anew', { refaults: -1 }],
  ])('says unknown when %s', (_what, fields) => {
    const meter = createCgroupStallMeter();
    meter.observe(buildGroup(), 0);
    expect(meter.observe(buildGroup(fields), 1000).someFraction).toBeNull();
  });

  it('keeps cgroups apart, and gives no rate of a moment', () => {
    const meter = createCgroupStallMeter();
    meter.observe(buildGroup({ path: '/a' }), 0);
    expect(meter.observe(buildGroup({ path: '/b', refaults: 1e6 }), 1000)).toEqual(noStall);
    expect(meter.observe(buildGroup({ path: '/a', refaults: 1e6 }), 100)).toEqual(noStall);
  });
});
