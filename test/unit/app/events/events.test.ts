// Events out: which of the things that happen become one, and how many of them leave.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RuvectorError } from '../../../../src/core/index.ts';
import { buildDaemonEvent, eventKinds } from '../../../../src/app/events/daemon-event.ts';
import type { DaemonEvent, EventFacts } from '../../../../src/app/events/daemon-event.ts';
import type { EventSink } from '../../../../src/app/events/event-sink.ts';
import { createEventSource } from '../../../../src/app/events/event-source.ts';
import { formatEntry } from '../../../../src/app/events/journald-sink.ts';
import { createEventSinks } from '../../../../src/app/events/create-event-sinks.ts';
import { createSinkQueue } from '../../../../src/app/events/sink-queue.ts';
import type { HistoryHealth } from '../../../../src/store/index.ts';
import type { HostListener } from '../../../../src/app/host/host-types.ts';
import { joinListeners } from '../../../../src/app/host/join-listeners.ts';
import { snapshot } from '../../../support/memory-rows.ts';

type Decided = Parameters<NonNullable<HostListener['onDecision']>>[0];

const decided = (label: string, mode = 'none'): Decided =>
  ({
    label,
    mode,
    reason: 'because',
    source: 'model',
    modelVersion: 'memopt@1',
    probabilities: Float32Array.of(0.25, 0.75),
    goal: 'relieve',
    plan: [],
    action: mode === 'act' ? { advisedBytes: 4096, durationUs: 1500, error: null, targets: [] } : null,
  }) as unknown as Decided;

const refused = (code: string): RuvectorError => new RuvectorError(code, `Cannot use model: ${code}`);

function record(options: Parameters<typeof createEventSource>[1] = {}) {
  const events: EventFacts[] = [];
  const listener = createEventSource((facts) => events.push(facts), options);
  return { listener, kinds: () => events.map(({ kind }) => kind), events };
}

describe('createEventSource()', () => {
  it('tells a change of label, not a label', () => {
    const { listener, events } = record();
    for (const label of ['NoActionNeeded', 'NoActionNeeded', 'Critical', 'Critical', 'NoActionNeeded']) {
      listener.onDecision?.(decided(label));
    }
    expect(events.map(({ severity, details }) => [severity, details['from'], details['to']])).toEqual([
      ['critical', 'NoActionNeeded', 'Critical'],
      ['info', 'Critical', 'NoActionNeeded'],
    ]);
    expect(events[0]!.details['probability']).toBe(0.75);
  });

  it('tells actions that were carried out, and no dry runs', () => {
    const { listener, kinds } = record();
    for (const mode of ['none', 'dry_run', 'act']) listener.onDecision?.(decided('NoActionNeeded', mode));
    listener.onOptimization?.({ mode: 'dry_run' } as never);
    expect(kinds()).toEqual(['action']);
  });

  it('tells a rejected model once, though both the model host and the deployment say so', () => {
    const { listener, events } = record();
    const error = refused('ERR_MODEL_GOLDEN');
    listener.onModelEvent?.({ type: 'rejected', version: '2', error });
    listener.onRefusedDeployment?.(error);
    listener.onRefusedDeployment?.(refused('ERR_MODEL_HASH'));
    listener.onDeployment?.({
      name: 'm',
      version: '3',
      isLive: false,
      reason: 'worse',
      gate: { verdict: 'below' },
    } as never);
    listener.onDeployment?.({
      name: 'm',
      version: '4',
      isLive: true,
      reason: 'ok',
      gate: { verdict: 'passed' },
    } as never);
    expect(events.map(({ kind, details }) => [kind, details['stage'], details['code']])).toEqual([
      ['model-rejected', 'activation', 'ERR_MODEL_GOLDEN'],
      ['model-rejected', 'deployment', 'ERR_MODEL_HASH'],
      ['model-rejected', 'gate', null],
    ]);
  });

  it('tells rollbacks, and how they came about', () => {
    const { listener, events } = record();
    listener.onModelEvent?.({
      type: 'rolled-back',
      from: '2',
      to: '1',
      automatic: true,
      error: refused('ERR_X'),
    });
    listener.onModelEvent?.({ type: 'rolled-back', from: '2', to: '1', automatic: false, error: null });
    expect(events.map(({ severity, details }) => [severity, details['automatic'], details['code']])).toEqual([
      ['error', true, 'ERR_X'],
      ['info', false, null],
    ]);
  });

  it.each([
    ['the host', [5, 5, 7], [null, null, null], 2],
    ['the cgroup alone', [null, null, null], [0, 1, 1], 1],
    ['both at once: they are the same', [0, 1, 1], [0, 1, 1], 1],
    ['none, after a boot', [5, 0, 0], [3, 0, 0], null],
    ['the host, around a sample that failed', [1, null, 2], [null, null, null], 1],
  ])('counts OOM kills of %s', (_name, host, cgroup, kills) => {
    const { listener, events } = record();
    host.forEach((oom_kill, i) =>
      listener.onSample?.({
        snapshot: snapshot({ oom_kill, cgroup_oom_kill: cgroup[i]! }),
        features: null,
        monotonicMs: 0,
        health: [],
      }),
    );
    expect(events.map(({ details }) => details['kills'])).toEqual(kills === null ? [] : [kills]);
  });

  const look = { snapshot: snapshot(), features: null, monotonicMs: 0, health: [] };

  it('tells a full disk once, and when it takes rows again, by the health of the history', () => {
    const writing: HistoryHealth = {
      isWriting: true,
      problem: null,
      sinceMs: null,
      pendingRows: 0,
      droppedRows: 0,
    };
    const problem = { code: 'ERR_STORE_DISK_FULL', message: 'no space' };
    const full: HistoryHealth = { isWriting: false, problem, sinceMs: 0, pendingRows: 9, droppedRows: 1 };
    let health = writing;
    const { listener, events, kinds } = record({ readHealth: () => health });
    listener.onSample?.(look);
    for (const state of [full, full, writing, writing, full]) {
      health = state;
      if (state === full) listener.onProblem?.(refused('ERR_STORE_DISK_FULL'));
      listener.onSample?.(look);
    }
    expect(kinds()).toEqual(['disk-full', 'disk-recovered', 'disk-full']);
    expect(events[0]!.details).toMatchObject({ pendingRows: 9, droppedRows: 1 });
    listener.onProblem?.(refused('ERR_STORE_IO'));
    expect(kinds()).toHaveLength(3);
  });
});

describe('createSinkQueue()', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const event = (kind: EventFacts['kind'], message = ''): DaemonEvent =>
    buildDaemonEvent({ kind, severity: 'info', message, details: {} }, 0);
  const sinkOf = (deliver: EventSink['deliver']): EventSink => ({ kind: 'command', target: '/x', deliver });
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

  it('sends one of a kind in 10 s, then the newest with the count of those between', async () => {
    const sent: DaemonEvent[] = [];
    const queue = createSinkQueue(
      sinkOf(async (one) => void sent.push(one)),
      { log: () => {} },
    );
    for (let i = 0; i < 5; i++) queue.emit(event('label-change', `${i}`));
    queue.emit(event('oom-kill'));
    await settle();
    expect(sent.map(({ kind, message }) => [kind, message])).toEqual([
      ['label-change', '0'],
      ['oom-kill', ''],
    ]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.slice(2).map(({ message, suppressed }) => [message, suppressed])).toEqual([['4', 3]]);
    // The window goes on from what was sent last.
    queue.emit(event('label-change', '5'));
    await settle();
    expect(sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent[3]).toMatchObject({ message: '5', suppressed: 0 });
    expect(queue.stats()).toMatchObject({ delivered: 4, suppressed: 3, failed: 0 });
  });

  it('sends one at a time, drops the oldest of too many, and never waits', async () => {
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const sink = sinkOf(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running--;
    });
    const queue = createSinkQueue(sink, { log: () => {}, rateWindowMs: 0 });
    for (let i = 0; i < 100; i++) {
      queue.emit(event('action', `${i}`));
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(queue.stats()).toMatchObject({ waiting: 64, dropped: 35 });
    for (let i = 0; i < 65; i++) {
      gates[i]!();
      await settle();
    }
    expect([most, queue.stats().delivered]).toEqual([1, 65]);
  });

  it('counts what fails and says the same failure once', async () => {
    const said: string[] = [];
    const sink = sinkOf(() => Promise.reject(new Error('no')));
    const queue = createSinkQueue(sink, { log: (text) => said.push(text), rateWindowMs: 0 });
    for (let i = 0; i < 3; i++) {
      queue.emit(event('action'));
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(queue.stats()).toMatchObject({ failed: 3, delivered: 0, lastError: 'no' });
    expect(said).toEqual(['events: command /x failed: no']);
  });

  it('sends what was held back when it closes, and gives up on what takes too long', async () => {
    const sent: string[] = [];
    const sink = sinkOf(async ({ message }, signal) => {
      if (message === 'slow') await new Promise((_, reject) => signal.addEventListener('abort', reject));
      sent.push(message);
    });
    const queue = createSinkQueue(sink, { log: () => {} });
    queue.emit(event('action', 'first'));
    queue.emit(event('action', 'last'));
    queue.emit(event('rollback', 'slow'));
    const closed = queue.close();
    await vi.advanceTimersByTimeAsync(3000);
    await closed;
    expect(sent).toEqual(['first']);
    expect(queue.stats()).toMatchObject({ delivered: 1, failed: 1, dropped: 1 });
  });
});

describe('createEventSinks()', () => {
  it('reads commands and webhooks, and shows no secret of a webhook', () => {
    const sinks = createEventSinks([
      'command:/bin/true',
      'webhook:https://user:pass@hooks.example/T0/secret?key=1',
    ]);
    expect(sinks.map(({ kind, target }) => [kind, target])).toEqual([
      ['command', '/bin/true'],
      ['webhook', 'https://hooks.example'],
    ]);
  });

  it('says all that is wrong at once, without what may be secret', () => {
    const bad = ['command:/no/such', 'command:/tmp', 'command:', 'webhook:ftp://s3cret', 'mail:s3cret', ''];
    const parse = () => createEventSinks(bad);
    expect(parse).toThrow(
      /\/no\/such cannot be run.*\/tmp cannot be run: it is no file.*is "command", wanted.*http:\/\/ or https:\/\/.*is "mail"/s,
    );
    expect(parse).not.toThrow(/s3cret/);
  });
});

describe('formatEntry()', () => {
  it('writes one field a line, whatever is in the text', () => {
    const facts = {
      kind: 'oom-kill',
      severity: 'critical',
      message: 'a\nPRIORITY=0\r\nb',
      details: {},
    } as const;
    const lines = formatEntry(buildDaemonEvent(facts, 0)).trimEnd().split('\n');
    expect(lines).toContain('MESSAGE=a PRIORITY=0 b');
    expect(lines).toContain('PRIORITY=2');
    expect(lines).toContain('RUVECTOR_EVENT=oom-kill');
    expect(lines.every((line) => /^[A-Z_]+=/.test(line))).toBe(true);
  });
});

describe('joinListeners()', () => {
  it('tells each of them, whatever one of them throws', () => {
    const said: string[] = [];
    const told: string[] = [];
    const listener = joinListeners(
      [
        {
          onLog: () => {
            throw new Error('broken');
          },
        },
        {},
        { onLog: (text) => told.push(text) },
      ],
      (text) => said.push(text),
    );
    listener.onLog?.('hello');
    expect(told).toEqual(['hello']);
    expect(said).toEqual(['a listener failed at onLog: broken']);
  });
});

it('docs/events-out.md describes every kind of event', async () => {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(new URL('../../../../docs/events-out.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind);
  expect(documented).toEqual([...eventKinds]);
});
