import { describe, expect, it } from 'vitest';
import { optimizationKind } from '../../../src/core/index.ts';
import type { ActionResult } from '../../../src/optimize/index.ts';
import { buildOptimizationEvent } from '../../../src/optimize/optimization-event.ts';
import type { EventParts } from '../../../src/optimize/optimization-event.ts';
import { buildOutcome, buildPlan } from '../../support/optimize/optimize-host.ts';

const action: ActionResult = {
  targets: [
    {
      target: 'a',
      actuator: 'process_madvise',
      advisedBytes: 8192,
      rssDropBytes: 4096,
      durationUs: 10,
      error: null,
    },
    {
      target: 'b',
      actuator: 'process_madvise',
      advisedBytes: 0,
      rssDropBytes: 0,
      durationUs: 1,
      error: null,
    },
  ],
  advisedBytes: 8192,
  rssDropBytes: 4096,
  durationUs: 11.4,
  error: null,
};

const parts = (fields: Partial<EventParts> = {}): EventParts => ({
  timestamp: 5,
  mode: 'act',
  goal: 'relieve',
  verdict: { label: 'Critical', source: 'rule', modelVersion: null },
  plan: [buildPlan({ bytes: 8192 })],
  snapshot: { mem_free_kib: 11, mem_available_kib: 22 },
  action,
  outcome: buildOutcome({
    freedKib: 4,
    takenKib: 8,
    returnedKib: 3,
    compressedKib: 1,
    majorFaults: 2,
    stallUs: 360,
  }),
  ...fields,
});

describe('buildOptimizationEvent()', () => {
  it('fills every column of the history, and no other', () => {
    const names = optimizationKind.fields.map(({ name }) => name);
    expect(Object.keys(buildOptimizationEvent(parts())).toSorted()).toEqual(names.toSorted());
  });

  it('says who was short, what was freed by evidence, and what it cost', () => {
    expect(buildOptimizationEvent(parts())).toMatchObject({
      goal: 'relieve',
      scarce: 'host',
      freed_kib: 4,
      taken_kib: 8,
      returned_kib: 3,
      compressed_kib: 1,
      target_major_faults: 2,
      target_stall_us: 360,
      advised_kib: 8,
      rss_drop_kib: 4,
      processes_trimmed: 1,
      duration_us: 11,
      success: true,
      error: null,
    });
  });

  it('names everybody who was short once', () => {
    const evidence = { ...buildPlan().evidence, who: '/cg/a' };
    const plan = [buildPlan(), buildPlan({ evidence }), buildPlan()];
    expect(buildOptimizationEvent(parts({ plan })).scarce).toBe('host+/cg/a');
  });

  it('is no success and has no figure when nobody knows what was freed', () => {
    const outcome = buildOutcome({ freedKib: null, takenKib: 8, error: 'it ended' });
    expect(buildOptimizationEvent(parts({ outcome }))).toMatchObject({
      success: false,
      freed_kib: null,
      taken_kib: 8,
      error: 'it ended',
    });
  });

  it('says what the action failed at before what the outcome did', () => {
    const failed = { ...action, error: { code: 'ERR_OPTIMIZE_OVERRUN', message: 'too long' } };
    expect(buildOptimizationEvent(parts({ action: failed }))).toMatchObject({
      success: false,
      error: 'too long',
    });
  });

  it('has no outcome in a dry run, and takes the levels of the snapshot', () => {
    expect(buildOptimizationEvent(parts({ mode: 'dry_run', action: null, outcome: null }))).toMatchObject({
      mode: 'dry_run',
      success: false,
      error: null,
      before_free_kib: 11,
      before_available_kib: 22,
      freed_kib: null,
      taken_kib: null,
      target_stall_us: null,
      advised_kib: null,
      processes_trimmed: 0,
    });
  });
});
