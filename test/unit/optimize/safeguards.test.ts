import { describe, expect, it } from 'vitest';
import { safeguards } from '../../../src/optimize/index.ts';
import {
  findRefusal,
  hostSafeguards,
  processSafeguards,
  regionSafeguards,
  targetSafeguards,
} from '../../../src/optimize/safeguards.ts';
import type { HostContext, TargetContext } from '../../../src/optimize/safeguards.ts';
import { buildPlan, buildStat } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;

it('findRefusal() has safeguards with a name each that say what they protect', () => {
  const names = safeguards.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(safeguards.every(({ protects }) => protects.length > 0)).toBe(true);
});

describe('hostSafeguards', () => {
  const quiet: HostContext = {
    snapshotAgeMs: 100,
    staleAfterMs: 3000,
    isActionRunning: false,
    windowEndsInMs: null,
    bytesInWindow: 0,
    maxBytesPerWindow: 100 * MIB,
    byteWindowMs: 60_000,
  };

  it.each([
    ['nothing', {}, undefined],
    ['a snapshot of 3000 ms', { snapshotAgeMs: 3000 }, undefined],
    ['a snapshot that is older', { snapshotAgeMs: 3001 }, 'stale-input'],
    ['a snapshot of the future', { snapshotAgeMs: -3001 }, 'stale-input'],
    ['an action that still runs', { isActionRunning: true }, 'one-action'],
    ['a window that ends this moment', { windowEndsInMs: 0 }, 'outcome-window'],
    ['the last byte of the limit', { bytesInWindow: 100 * MIB }, 'byte-limit'],
    ['one byte below the limit', { bytesInWindow: 100 * MIB - 1 }, undefined],
  ] as const)('refuse by %s', (_what, fields, rule) => {
    expect(findRefusal(hostSafeguards, { ...quiet, ...fields })?.rule).toBe(rule);
  });
});

describe('processSafeguards', () => {
  const { target } = buildPlan();
  const processTarget = target as Extract<typeof target, { kind: 'process' }>;
  const refuse = (pid: number, stat: ReturnType<typeof buildStat> | null, ownPid = 9): string | undefined =>
    findRefusal(processSafeguards, { target: { ...processTarget, pid }, stat, ownPid })?.rule;

  it('refuse process 1, ourselves, who ended, who has the id of another, and the kernel', () => {
    expect(refuse(42, buildStat(42))).toBeUndefined();
    expect(refuse(1, buildStat(1))).toBe('never-init');
    expect(refuse(9, buildStat(9))).toBe('never-self');
    expect(refuse(42, null)).toBe('identity');
    expect(refuse(42, buildStat(42, { startTimeTicks: 501 }))).toBe('identity');
    expect(refuse(42, buildStat(42, { isKernelThread: true }))).toBe('never-kernel');
  });
});

describe('targetSafeguards', () => {
  const willing: TargetContext = {
    goal: 'relieve',
    hasShortage: true,
    hostText: 'the host has 90 % of its memory available',
    sinceLastMs: null,
    minIntervalMs: 6000,
    disabledForMs: 0,
    disabledWhy: '',
    restForMs: 0,
    budgetBytes: MIB,
    pageSizeBytes: 4096,
    stallBudget: 0.001,
    stall: { causedFraction: 0, majorFaultFraction: 0, psiFraction: null },
  };
  const refuse = (fields: Partial<TargetContext>) => findRefusal(targetSafeguards, { ...willing, ...fields });

  it.each([
    ['nothing', {}, undefined],
    ['no shortage', { hasShortage: false }, 'no-shortage'],
    ['no shortage while saving', { hasShortage: false, goal: 'save' }, undefined],
    ['an actuator that rests', { disabledForMs: 1 }, 'watchdog'],
    ['a target that rests', { restForMs: 1 }, 'left-alone'],
    ['an action a moment ago', { sinceLastMs: 5999 }, 'interval'],
    ['an action an interval ago', { sinceLastMs: 6000 }, undefined],
    ['less than a page', { budgetBytes: 4095 }, 'stall-backoff'],
    ['one page', { budgetBytes: 4096 }, undefined],
  ] as const)('refuse by %s', (_what, fields, rule) => {
    expect(refuse(fields)?.rule).toBe(rule);
  });

  it('say no shortage before all else, with the state of the host', () => {
    const refusal = refuse({ hasShortage: false, disabledForMs: 9, restForMs: 9, budgetBytes: 0 });
    expect(refusal).toMatchObject({
      rule: 'no-shortage',
      reason: expect.stringContaining('90 % of its memory'),
    });
  });

  it('tell a stall that is not known from one that is too high', () => {
    const stall = { causedFraction: null, majorFaultFraction: null, psiFraction: null };
    expect(refuse({ budgetBytes: 0, stall })!.reason).toContain('it takes two samples');
    const high = { ...stall, causedFraction: 0.02 };
    expect(refuse({ budgetBytes: 0, stall: high })!.reason).toContain(
      'a stall of 2.00 % (pages that came back)',
    );
  });
});

describe('regionSafeguards', () => {
  it('refuse what frees less than 64 KiB, and say what was left and why, the most first', () => {
    expect(findRefusal(regionSafeguards, { bytes: 64 * 1024, left: {} })).toBeNull();
    const left = { 'small thing': 1024 * 1024, 'large thing': 9 * MIB };
    expect(findRefusal(regionSafeguards, { bytes: 0, left })).toEqual({
      rule: 'frees-nothing',
      reason: 'no region frees memory: 9 MiB large thing; 1 MiB small thing',
    });
    expect(findRefusal(regionSafeguards, { bytes: 0, left: {} })!.reason).toContain(
      'nothing else is resident',
    );
  });
});
