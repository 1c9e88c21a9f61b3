import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RuvectorError } from '../../../src/core/index.ts';
import { createProblemLimiter } from '../../../src/store/problem-limiter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const problem = (code: string, message = 'it failed'): RuvectorError => new RuvectorError(code, message);

describe('createProblemLimiter()', () => {
  it('report() passes the first problem of each code on at once and counts the others until a minute has passed', () => {
    const told: string[] = [];
    const limiter = createProblemLimiter(({ code, message }) => told.push(`${code} ${message}`));
    for (let second = 0; second < 150; second++) {
      limiter.report(problem('ERR_STORE_DISK_FULL', `second ${second}`));
      if (second === 10) limiter.report(problem('ERR_STORE_CORRUPT_WAL'));
      vi.advanceTimersByTime(1000);
    }
    expect(told).toEqual([
      'ERR_STORE_DISK_FULL second 0',
      'ERR_STORE_CORRUPT_WAL it failed',
      'ERR_STORE_DISK_FULL second 59 (59 times since it was last told)',
      'ERR_STORE_DISK_FULL second 119 (60 times since it was last told)',
    ]);
    limiter.close();
    expect(told.at(-1)).toBe('ERR_STORE_DISK_FULL second 149 (30 times since it was last told)');
    vi.advanceTimersByTime(600_000);
    expect(told).toHaveLength(5);
  });

  it('report() passes a problem on at once when a quiet minute went before', () => {
    const told: string[] = [];
    const limiter = createProblemLimiter(({ code }) => told.push(code));
    limiter.report(problem('ERR_STORE_IO'));
    vi.advanceTimersByTime(61_000);
    limiter.report(problem('ERR_STORE_IO'));
    expect(told).toHaveLength(2);
    limiter.close();
    expect(told).toHaveLength(2);
  });
});
