// What the page remembers: labels and alerts as marks with an end, over restarts, in bounded memory.
import { describe, expect, it } from 'vitest';
import { buildDaemonEvent } from '../../../../src/app/events/daemon-event.ts';
import type { EventKind, Severity } from '../../../../src/app/events/daemon-event.ts';
import { parseMarks } from '../../../../src/app/page/mark-log.ts';
import { createPageMemory, MAX_MARKS } from '../../../../src/app/page/page-memory.ts';
import type { PageMemory } from '../../../../src/app/page/page-memory.ts';
import type { Decision } from '../../../../src/optimize/index.ts';
import type { LiveFrame, PageMark } from '../../../../src/page/index.ts';

const decide = (memory: PageMemory, timestamp: number, label: string): void =>
  memory.listener.onDecision!({
    timestamp,
    label,
    probabilities: null,
    source: 'rule',
    modelVersion: null,
    reason: `because of ${timestamp}`,
    mode: 'none',
  } as unknown as Decision);
const note = (memory: PageMemory, atMs: number, kind: EventKind, severity: Severity): void =>
  memory.noteEvent(buildDaemonEvent({ kind, severity, message: `${kind} ${atMs}`, details: {} }, atMs));

function remember(): { memory: PageMemory; kept: PageMark[]; frames: LiveFrame[] } {
  const [kept, frames]: [PageMark[], LiveFrame[]] = [[], []];
  const memory = createPageMemory({
    publish: (frame) => frames.push(frame),
    keep: (mark) => kept.push(mark),
  });
  return { memory, kept, frames };
}

const times = (marks: readonly PageMark[]): unknown[] =>
  marks.map(({ text, atMs, untilMs }) => [text, atMs, untilMs]);
const options = { most: 100, endedMs: 9000, onProblem: () => undefined };
const linesOf = (marks: readonly PageMark[]): string =>
  marks.map((mark) => `${JSON.stringify(mark)}\n`).join('');

describe('createPageMemory()', () => {
  it('marks a label from when it came until the next one, and nothing while there is nothing to do', () => {
    const { memory, frames } = remember();
    for (const [at, label] of [
      'NoActionNeeded',
      'ShouldOptimize',
      'ShouldOptimize',
      'Critical',
      'NoActionNeeded',
    ].entries())
      decide(memory, at * 1000, label);
    expect(times(memory.marks)).toEqual([
      ['ShouldOptimize', 1000, 3000],
      ['Critical', 3000, 4000],
      ['NoActionNeeded', 4000, null],
    ]);
    const told = frames.filter(({ kind }) => kind === 'mark');
    expect(told.map((frame) => [frame['text'], frame['untilMs']])).toEqual([
      ['ShouldOptimize', null],
      ['ShouldOptimize', 3000],
      ['Critical', null],
      ['Critical', 4000],
      ['NoActionNeeded', null],
    ]);
  });

  it('ends an alert when what it told of is over, under the same id', () => {
    const { memory, kept } = remember();
    note(memory, 1000, 'disk-full', 'error');
    note(memory, 2000, 'oom-kill', 'critical');
    note(memory, 3000, 'outcome', 'info');
    expect(times(memory.marks)).toEqual([
      ['disk-full 1000', 1000, null],
      ['oom-kill 2000', 2000, 2000],
    ]);
    note(memory, 5000, 'disk-recovered', 'info');
    expect(times(memory.marks)[0]).toEqual(['disk-full 1000', 1000, 5000]);
    expect(new Set(kept.map(({ id }) => id)).size).toBe(2);
    expect(memory.events.map(({ kind }) => kind)).toEqual([
      'disk-recovered',
      'outcome',
      'oom-kill',
      'disk-full',
    ]);
  });

  it('holds no more marks than it may, those of earlier runs among them, the oldest of which go first', () => {
    const { memory, kept } = remember();
    for (let at = 0; at < MAX_MARKS; at += 1) note(memory, at, 'oom-kill', 'critical');
    const next = remember().memory;
    note(next, MAX_MARKS, 'oom-kill', 'critical');
    next.restore(parseMarks(linesOf(kept), { ...options, most: MAX_MARKS }));
    expect(next.marks).toHaveLength(MAX_MARKS);
    expect([next.marks[0]!.atMs, next.marks.at(-1)!.atMs]).toEqual([1, MAX_MARKS]);
  });
});

describe('parseMarks()', () => {
  it('has the last line of each mark, in order of time, and ends what the run before left on', () => {
    const { memory, kept } = remember();
    decide(memory, 1000, 'Critical');
    note(memory, 500, 'disk-full', 'error');
    decide(memory, 2000, 'ShouldOptimize');
    const found = parseMarks(linesOf(kept), options);
    expect(times(found)).toEqual([
      ['disk-full 500', 500, 9000],
      ['Critical', 1000, 2000],
      ['ShouldOptimize', 2000, 9000],
    ]);
    // A clock that was set back: nothing ends before it began.
    expect(
      parseMarks(linesOf(kept), { ...options, endedMs: 0 }).every(({ atMs, untilMs }) => untilMs! >= atMs),
    ).toBe(true);
  });

  it.each([
    ['a line cut by a power cut', '{"id":"x","atMs":1,"unti'],
    ['zeros of a file system that lost its data', '\0\0\0\0'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a time that is none', '{"id":"x","atMs":"1","untilMs":1,"kind":"label","text":"t","detail":{}}'],
    ['a kind that nobody draws', '{"id":"x","atMs":1,"untilMs":1,"kind":"__proto__","text":"t","detail":{}}'],
    ['a text that is none', '{"id":"x","atMs":1,"untilMs":1,"kind":"label","text":{},"detail":{}}'],
  ])('leaves out %s', (_, line) => {
    const { memory, kept } = remember();
    note(memory, 1000, 'oom-kill', 'critical');
    expect(times(parseMarks(`${line}\n${linesOf(kept)}${line}`, options))).toEqual([
      ['oom-kill 1000', 1000, 1000],
    ]);
  });
});
