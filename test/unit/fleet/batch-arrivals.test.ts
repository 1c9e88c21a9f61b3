// What came and what did not, by the numbers of batches, and when one name is that of several hosts.
import { describe, expect, it } from 'vitest';
import { BatchArrivals } from '../../../src/fleet/collect/batch-arrivals.ts';

const id = (sequence: number, epoch = 'epoch1', host = 'h') => ({ host, epoch, kind: 'memory', sequence });

function noteAll(arrivals: BatchArrivals, sequences: readonly number[], epoch?: string): void {
  for (const sequence of sequences) arrivals.note(id(sequence, epoch), sequence);
}

const joined = (arrivals: BatchArrivals, highest: number | null) => arrivals.join(async () => highest);

describe('BatchArrivals', () => {
  it.each<[string, number | null, number[], number]>([
    ['nothing that came before a lake knew of the host', null, [7, 8], 0],
    ['what an epoch began with', 0, [3, 4], 2],
    ['what lies behind the highest in the lake', 10, [14, 15], 3],
    ['nothing where it goes on', 10, [11, 12], 0],
    ['nothing that comes again', 10, [4, 11], 0],
    ['a hole between', null, [1, 2, 5], 2],
  ])('counts as missing %s', async (_, highest, sequences, missing) => {
    const arrivals = new BatchArrivals();
    noteAll(arrivals, sequences);
    await joined(arrivals, highest);
    expect(arrivals.missing).toBe(missing);
    expect(arrivals.takeProblems(true)).toHaveLength(missing > 0 ? 1 : 0);
  });

  it('tells of a hole once, when it is still there the next time, and not of one that fills', async () => {
    const arrivals = new BatchArrivals();
    noteAll(arrivals, [1, 3]);
    expect(arrivals.takeProblems(false)).toEqual([]);
    noteAll(arrivals, [2, 6]);
    expect(arrivals.takeProblems(false)).toEqual([]);
    noteAll(arrivals, [7]);
    const [told, ...others] = arrivals.takeProblems(false);
    expect(others).toEqual([]);
    expect(told).toMatchObject({
      code: 'ERR_FLEET_MISSING',
      details: { host: 'h', kind: 'memory', count: 2 },
    });
    expect(told!.message).toContain('(4 to 5)');
    expect(arrivals.takeProblems(true)).toEqual([]);
  });

  it.each<[string, [string, number, number][], boolean]>([
    [
      'of two hosts that send in turn',
      [1, 2, 3, 4, 5].flatMap((n) => [
        ['epoch1', n, n * 10],
        ['epoch2', n, n * 10 + 5],
      ]),
      true,
    ],
    [
      'of two hosts of which one has a clock that is late',
      [1, 2, 3, 4, 5].flatMap((n) => [
        ['epoch1', n, n * 10],
        ['epoch2', n, n * 10 - 10_000],
      ]),
      true,
    ],
    [
      'of one that was started again, whose older batches are late',
      [
        ['epoch1', 1, 10],
        ['epoch2', 1, 40],
        ['epoch1', 2, 20],
        ['epoch2', 2, 50],
        ['epoch1', 3, 30],
        ['epoch2', 3, 60],
        ['epoch1', 3, 30],
        ['epoch2', 4, 70],
      ],
      false,
    ],
    [
      'of one that was started again with a clock that was set back',
      [
        ['epoch1', 1, 1000],
        ['epoch2', 1, 40],
        ['epoch1', 2, 1010],
        ['epoch2', 2, 50],
        ['epoch2', 3, 60],
      ],
      false,
    ],
  ])('knows the name %s', (_, came, isShared) => {
    const arrivals = new BatchArrivals();
    for (const [epoch, sequence, lastMs] of came) arrivals.note(id(sequence, epoch), lastMs);
    expect(arrivals.sharedNames).toEqual(isShared ? ['h'] : []);
    const names = arrivals.takeProblems(false).filter(({ code }) => code === 'ERR_FLEET_NAME');
    expect(names).toHaveLength(isShared ? 1 : 0);
    expect(arrivals.takeProblems(false)).toEqual([]);
  });
});
