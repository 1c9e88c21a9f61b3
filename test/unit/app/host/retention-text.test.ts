import { expect, it } from 'vitest';
import { describeRetention } from '../../../../src/app/host/retention-text.ts';
import type { HistoryStats } from '../../../../src/store/index.ts';

const nothing = { segments: 0, rows: 0 };
const history: HistoryStats = {
  kinds: {},
  problems: 0,
  removedSegments: 3,
  removedBytes: 9,
  later: nothing,
  unconfirmed: nothing,
};

it('describeRetention() says nothing while nothing waits', () => {
  expect(describeRetention({ history })).toEqual([]);
});

it('describeRetention() says what waits and why', () => {
  const waiting = { ...history, later: { segments: 1, rows: 10 }, unconfirmed: { segments: 4, rows: 2000 } };
  expect(describeRetention({ history: waiting })).toEqual([
    [
      'retention',
      expect.stringMatching(/^10 rows past the limits.*; 2000 rows are old by the wall clock alone/),
    ],
  ]);
});
