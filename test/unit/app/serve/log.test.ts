import { describe, expect, it } from 'vitest';
import { createLog, toLine } from '../../../../src/app/serve/log.ts';
import type { Log, LogOptions } from '../../../../src/app/serve/log.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import type { ManualClock } from '../../../support/manual-clock.ts';

function build(options: Partial<LogOptions> = {}): {
  log: Log;
  lines: string[];
  clock: ManualClock;
  fail: (why: string | null) => void;
} {
  const clock = createManualClock();
  const lines: string[] = [];
  let failure: string | null = null;
  const sink = {
    waitingBytes: 0,
    reopen: () => {},
    write: (line: string) => {
      if (failure === null) lines.push(line.slice(25, -1));
      return failure;
    },
  };
  return { log: createLog({ sink, clock, ...options }), lines, clock, fail: (why) => (failure = why) };
}

describe('createLog()', () => {
  it('writes a text at most once a minute, with a count of what was held back', async () => {
    const { log, lines, clock } = build();
    for (let second = 0; second < 180; second++) {
      log.line('disk full');
      await clock.advance(1000);
    }
    log.close();
    expect(lines).toEqual([
      'disk full',
      'disk full (59 more times within a minute)',
      'disk full (60 more times within a minute)',
      'disk full (60 more times within a minute)',
    ]);
    expect(log.stats()).toEqual({ written: 4, suppressed: 179, lost: 0 });
  });

  it('lets one kind of line leave room for others, and bounds them all', () => {
    const { log, lines } = build({ maxLinesPerMinute: 30, maxLinesOfShape: 10 });
    for (let i = 0; i < 1000; i++) log.line(`client ${i} came`);
    log.line('something else');
    for (let i = 0; i < 1000; i++) log.line(`word${String.fromCodePoint(0x4e_00 + i)}`);
    expect(lines).toHaveLength(30);
    expect(lines[10]).toBe('something else');
    log.close();
    expect(lines.at(-1)).toBe('1971 other lines were left out: too many within a minute');
    expect(log.stats().suppressed).toBe(1971);
  });

  it('begins anew after the minute', async () => {
    const { log, lines, clock } = build({ maxLinesPerMinute: 1 });
    log.line('a');
    log.line('b');
    await clock.advance(60_000);
    log.line('c');
    expect(lines).toEqual(['a', '1 other lines were left out: too many within a minute', 'c']);
  });

  it('counts lines that could not be written and says so with the next that can', () => {
    const { log, lines, fail } = build();
    fail('ENOSPC');
    log.line('a');
    log.always('b');
    fail(null);
    log.line('c');
    expect(lines).toEqual(['(2 lines lost: ENOSPC) c']);
    expect(log.stats()).toEqual({ written: 1, suppressed: 0, lost: 2 });
  });

  it('writes what must be said beyond every limit', () => {
    const { log, lines } = build({ maxLinesPerMinute: 1 });
    log.line('a');
    log.always('stopped');
    log.always('stopped');
    expect(lines).toEqual(['a', 'stopped', 'stopped']);
  });
});

describe('toLine()', () => {
  it.each([
    ['a\nb', String.raw`a\nb`],
    ['\u001B[2Jred', String.raw`\x1b[2Jred`],
    ['bell\u0007 \u009B', String.raw`bell\x07 \x9b`],
    ['ümlaut ✓', 'ümlaut ✓'],
  ])('keeps %j on one line and obeys nothing in it', (text, wanted) => {
    expect(toLine(text)).toBe(`${wanted}\n`);
  });

  it('cuts to what a pipe takes at once', () => {
    const line = toLine('ü'.repeat(5000));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096);
    expect(line.endsWith(' …\n')).toBe(true);
    expect(line).not.toContain('\uFFFD');
  });
});
