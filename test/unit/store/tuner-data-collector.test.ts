import { describe, expect, it } from 'vitest';
import { TunerDataCollector, cachePath, hardwareId } from '../../../src/store/index.ts';
import type { RetrainDue } from '../../../src/store/index.ts';
import { memoryClassOf, parseSimd } from '../../../src/store/apr/hardware-id.ts';
import { numberedSample, numbersOf } from '../../support/store/samples.ts';

describe('TunerDataCollector', () => {
  it('says once at the threshold, and again at each multiple, that a training is due', () => {
    const due: RetrainDue[] = [];
    const collector = new TunerDataCollector({ onRetrainDue: (event) => due.push(event) });
    for (let i = 0; i < 250; i++) collector.record(numberedSample(i));
    expect(due.map((event) => event.samplesSinceTrained)).toEqual([100, 200]);
    expect(due[0]).toMatchObject({ reason: 'samples', errorRate: null });
    collector.markTrained();
    for (let i = 0; i < 99; i++) collector.record(numberedSample(i));
    expect(due).toHaveLength(2);
    collector.record(numberedSample(0));
    expect(due).toHaveLength(3);
  });

  it('never says so with a threshold of 0', () => {
    const due: RetrainDue[] = [];
    const collector = new TunerDataCollector({
      retrainThreshold: 0,
      onRetrainDue: (event) => due.push(event),
    });
    for (let i = 0; i < 50; i++) collector.record(numberedSample(i));
    expect(due).toEqual([]);
  });

  it('counts loaded samples as not trained on, and is due with the next one when they are enough', () => {
    const due: RetrainDue[] = [];
    const samples = Array.from({ length: 120 }, (_, i) => numberedSample(i));
    const collector = TunerDataCollector.fromSamples(samples, { onRetrainDue: (event) => due.push(event) });
    expect([collector.samplesSinceTrained, due.length]).toEqual([120, 0]);
    collector.record(numberedSample(120));
    expect(due).toHaveLength(1);
  });

  it('keeps the newest samples only, beyond its limit', () => {
    const collector = new TunerDataCollector({ maxSamples: 100 });
    for (let i = 0; i < 1000; i++) collector.record(numberedSample(i));
    expect(numbersOf(collector.samples())).toEqual(Array.from({ length: 100 }, (_, i) => 900 + i));
    expect(Object.values(collector.countByLabel())).toEqual([25, 25, 25, 25]);
  });

  it('gives the same samples back through JSON', () => {
    const samples = [1, 2, 3].map(numberedSample);
    const text = TunerDataCollector.fromSamples(samples).toJson();
    expect([...TunerDataCollector.fromJson(text).samples()]).toEqual(samples);
    expect(() => TunerDataCollector.fromJson('[1]')).toThrow(/sample 0: the sample is 1, wanted an object/);
  });

  it('judges the newest predictions, by error rate and by how far they missed', () => {
    const collector = new TunerDataCollector({ errorWindowSize: 4 });
    expect(collector.feedback()).toMatchObject({ count: 0, errorRate: null });
    for (const actual of [
      'Critical',
      'Critical',
      'NoActionNeeded',
      'NoActionNeeded',
      'NoActionNeeded',
    ] as const) {
      collector.recordFeedback('NoActionNeeded', actual);
    }
    expect(collector.feedback()).toEqual({
      count: 5,
      windowCount: 4,
      windowSize: 4,
      errorRate: 0.25,
      meanSeverityError: 0.75,
    });
  });

  it('makes a training due when online learning is on and a full window is mostly wrong', () => {
    const due: RetrainDue[] = [];
    const collector = new TunerDataCollector({
      errorWindowSize: 3,
      onRetrainDue: (event) => due.push(event),
    });
    const miss = (): void => collector.recordFeedback('NoActionNeeded', 'Critical');
    [1, 2, 3, 4].forEach(miss);
    expect(due).toEqual([]);
    collector.enableOnlineLearning(0.6);
    expect(collector.isOnlineLearning).toBe(true);
    miss();
    expect(due).toMatchObject([{ reason: 'errors', errorRate: 1 }]);
    miss();
    expect(due).toHaveLength(1);
  });
});

describe('hardwareId()', () => {
  const facts = { cores: 8, architecture: 'x64', simd: 'avx2', memoryClassGib: 32 };

  it('gives eight hex digits that depend on each fact only', () => {
    expect(hardwareId(facts)).toBe('4f12eef3');
    const others = [{ cores: 4 }, { architecture: 'arm64' }, { simd: 'avx512' }, { memoryClassGib: 16 }];
    const ids = others.map((change) => hardwareId({ ...facts, ...change }));
    expect(new Set([hardwareId(facts), ...ids]).size).toBe(5);
  });

  it('is the same each time on this host, and names the file', () => {
    expect(hardwareId()).toBe(hardwareId());
    expect(cachePath('/data', 'abcd0123')).toBe('/data/training_data_abcd0123.apr');
  });

  it('reads the widest vector instructions of /proc/cpuinfo', () => {
    expect(parseSimd('flags\t\t: fpu sse4_2 avx2 avx512f\n')).toBe('avx512');
    expect(parseSimd('Features\t: fp asimd sve\n')).toBe('sve');
    expect(parseSimd('')).toBe('none');
  });

  it('puts what a kernel keeps for itself in the same class of memory', () => {
    expect(memoryClassOf(31.2 * 2 ** 30)).toBe(32);
    expect(memoryClassOf(32 * 2 ** 30)).toBe(32);
  });
});
