// Sizes of chunks by the memory there is.
import { describe, expect, it } from 'vitest';
import { calculateOptimalChunkSize, EventStreamer } from '../../../../src/events/index.ts';
import { planChunks } from '../../../../src/events/read/memory-plan.ts';

const MIB = 1024 ** 2;

describe('calculateOptimalChunkSize()', () => {
  it.each([
    [500, Math.floor((500 * MIB) / 4 / 15)],
    [1, 100_000],
    [0, 100_000],
    [1e9, 10_000_000],
  ])('gives 15 bytes an event out of a quarter of %d MiB, 100,000 to 10 million', (available, events) => {
    expect(calculateOptimalChunkSize(200_000_000, available)).toBe(events);
    expect(EventStreamer.calculateOptimalChunkSize(null, available)).toBe(events);
  });
});

describe('planChunks()', () => {
  it('takes the size that is asked for', () => {
    expect(planChunks('a', { chunkSize: 1 }, null, 1000 * MIB)).toEqual({
      chunkSize: 1,
      isAdaptive: false,
      notes: [],
    });
  });

  it('refuses a limit below one chunk and says the least that works', () => {
    const plan = (memoryLimitMb: number) => () => planChunks('a.raw', { memoryLimitMb }, null, 1e12);
    expect(plan(1)).toThrow(
      expect.objectContaining({ code: 'ERR_EVENTS_MEMORY', details: { source: 'a.raw', leastMb: 1.44 } }),
    );
    expect(plan(1.44)().chunkSize).toBe(100_663);
    expect(() => planChunks('a.raw', { chunkSize: 1_000_000, memoryLimitMb: 14 })).toThrow(
      /at least 14.31 MiB/,
    );
    expect(planChunks('a.raw', { chunkSize: 1_000_000, memoryLimitMb: 14.31 }).chunkSize).toBe(1_000_000);
  });

  it('makes chunks smaller and says so where memory is scarce', () => {
    const scarce = planChunks('a', { chunkSize: 10_000_000 }, null, 100 * MIB);
    expect(scarce.chunkSize).toBe(Math.floor((25 * MIB) / 15));
    expect(scarce.notes).toEqual([
      `memory is scarce (100 MiB available): chunks of ${scarce.chunkSize} events`,
    ]);
    expect(planChunks('a', {}, null, MIB)).toMatchObject({
      chunkSize: 100_000,
      notes: [expect.stringMatching(/scarce/)],
    });
  });

  it.each([
    { chunkSize: 0 },
    { chunkSize: 1.5 },
    { chunkSize: -1 },
    { memoryLimitMb: 0 },
    { memoryLimitMb: NaN },
  ])('refuses %o', (options) => {
    expect(() => planChunks('a', options)).toThrow(expect.objectContaining({ code: 'ERR_EVENTS_OPTIONS' }));
  });
});
