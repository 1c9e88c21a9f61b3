// Scores and intervals of Python's reports and of the daemon's gate are the same numbers.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { blockLengthOf, scoreAnswers, scorePair } from '../../../src/models/scores.ts';

const script = `
import json, sys
import numpy as np
from ruvector._training.bootstrap import block_length, macro_f1_difference, macro_f1_interval
for case in json.loads(sys.argv[1]):
    y, a, b = (np.array(case[key]) for key in ("y", "a", "b"))
    block = block_length(len(y), np.array(case["times"]), case["horizonMs"])
    own = macro_f1_interval(y, a, case["classes"], 4, block)
    between = macro_f1_difference(y, a, b, case["classes"], 4, block)
    print(json.dumps({"block": block, "own": own, "between": between}))
`;
import { python } from '../../support/python.ts';

it('scoreAnswers() and scorePair() draw the same blocks as Python and find the same intervals', async () => {
  const cases = [7, 64, 333, 1000, 5000].map((n) => ({
    y: Array.from({ length: n }, (_, i) => Math.floor(i / 9) % 4),
    a: Array.from({ length: n }, (_, i) => (i % 5 === 0 ? i % 4 : Math.floor(i / 9) % 4)),
    b: Array.from({ length: n }, (_, i) => (i * 7919) % 4),
    times: Array.from({ length: n }, (_, i) => 500 * i),
    horizonMs: 20_000,
    classes: [0, 1, 3],
  }));
  const path = join(import.meta.dirname, '../../../python/src');
  const { stdout } = await promisify(execFile)(python, ['-c', script, JSON.stringify(cases)], {
    env: { ...process.env, PYTHONPATH: path },
  });
  const found = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  cases.forEach(({ y, a, b, times, horizonMs, classes }, at) => {
    const rows = { labels: y, classes, blockLength: blockLengthOf(y.length, times, horizonMs) };
    const close = (values: readonly number[]): unknown[] => values.map((value) => expect.closeTo(value, 10));
    expect(found[at]).toEqual({
      block: rows.blockLength,
      own: close(scoreAnswers(rows, a).interval),
      between: close(scorePair(rows, a, b).interval),
    });
  });
});
