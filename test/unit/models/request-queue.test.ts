// Both sides of the ring on one thread, their steps in every order: each request gets its own answer or its
// own failure, by the ring or by a message, and none is forgotten.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { createRequestAnswerer } from '../../../src/models/request-answerer.ts';
import { createRequestQueue } from '../../../src/models/request-queue.ts';
import type { RequestQueue } from '../../../src/models/request-queue.ts';
import { createRing, viewRing } from '../../../src/models/request-ring.ts';
import type { RawAnswer } from '../../../src/models/request-ring.ts';
import type { AnswerMessage } from '../../../src/models/worker-messages.ts';

const CAPACITY = 4;
const CLASSES = 3;

/** A step that is free to come at any time; `look` says whether the next looks are due. */
type Step = 'ask' | 'ask what fails' | 'work' | 'message' | 'turn' | 'look' | 'do not look';

interface Asked {
  readonly value: number;
  readonly fails: boolean;
  /** What came of it; undefined while nothing has. */
  outcome?: unknown;
}

interface Rig {
  readonly queue: RequestQueue;
  readonly asked: Asked[];
  /** Messages posted and not received. */
  readonly messages: AnswerMessage[];
  take(step: Step): void;
  /** What happens while the worker runs its next rows, one list a row. */
  readonly duringRuns: Step[][];
  /** What happens while the main thread looks. */
  readonly duringLooks: Step[][];
  posted: number;
}

function createRig(start: number): Rig {
  const ring = viewRing(createRing(2, CAPACITY, start));
  const turns: (() => void)[] = [];
  const messages: AnswerMessage[] = [];
  let isDue = true;
  let isWorking = false;
  const look = {
    isDue: () => isDue,
    until: (isThere: () => boolean) => {
      for (const step of rig.duringLooks.shift() ?? []) rig.take(step);
      return isThere();
    },
  };
  const queue = createRequestQueue({ ring, look, later: (turn) => turns.push(turn) });
  const run = (sessionId: number, [value, fails]: Float32Array): RawAnswer => {
    for (const step of rig.duringRuns.shift() ?? []) rig.take(step);
    if (fails === 1) throw new Error(`no answer to ${value}`);
    return { label: sessionId, values: new Float32Array(CLASSES).fill(value!) };
  };
  const post = (message: AnswerMessage): void => {
    messages.push(message);
    rig.posted++;
  };
  const answerAll = createRequestAnswerer({ ring, run, post });
  const ask = (fails: boolean): void => {
    const value = rig.asked.length;
    const asked: Asked = { value, fails };
    rig.asked.push(asked);
    queue.push(value + 1000, Float32Array.of(value, fails ? 1 : 0), CLASSES).then(
      ({ label, values }) => (asked.outcome = [label, ...values]),
      (error: unknown) => (asked.outcome = error),
    );
  };
  const steps: Record<Step, () => void> = {
    ask: () => ask(false),
    'ask what fails': () => ask(true),
    work: () => {
      // There is one worker.
      if (isWorking) return;
      isWorking = true;
      answerAll();
      isWorking = false;
    },
    message: () => {
      const message = messages.shift();
      if (message !== undefined) queue.receive(message);
    },
    turn: () => turns.shift()?.(),
    look: () => (isDue = true),
    'do not look': () => (isDue = false),
  };
  const rig: Rig = {
    queue,
    asked: [],
    messages,
    duringRuns: [],
    duringLooks: [],
    posted: 0,
    take: (step) => steps[step](),
  };
  return rig;
}

/** Nobody asks any more; the worker, the messages and the event loop go on. */
function settle(rig: Rig): void {
  rig.duringRuns.length = 0;
  rig.duringLooks.length = 0;
  for (let i = 0; i < 4 * CAPACITY; i++) for (const step of ['work', 'turn', 'message'] as const) rig.take(step);
}

/** What came of the requests so far. */
async function outcomesOf(rig: Rig): Promise<unknown[]> {
  await new Promise(setImmediate);
  return rig.asked.map(({ outcome }) => outcome);
}

/** Every request that was not refused has its own answer or its own failure. */
async function checkOutcomes(rig: Rig): Promise<void> {
  await outcomesOf(rig);
  for (const { value, fails, outcome } of rig.asked) {
    if (isRuvectorError(outcome, 'ERR_MODEL_BUSY')) continue;
    if (fails) expect(String(outcome)).toContain(`(no answer to ${value})`);
    else expect(outcome).toEqual([value + 1000, value, value, value]);
  }
}

const step = fc.constantFrom<Step[]>(
  'ask',
  'ask',
  'ask what fails',
  'work',
  'work',
  'message',
  'turn',
  'look',
  'do not look',
);
const start = fc.constantFrom(0, 1, 2 ** 31 - 3, -(2 ** 31), -2);

it('push() gives every request its own answer or failure whatever the order of steps', async () => {
  const scenario = fc.record({
    start,
    steps: fc.array(step, { maxLength: 60 }),
    duringRuns: fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 20 }),
    duringLooks: fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ start: at, steps, duringRuns, duringLooks }) => {
      const rig = createRig(at);
      rig.duringRuns.push(...duringRuns);
      rig.duringLooks.push(...duringLooks);
      for (const next of steps) rig.take(next);
      settle(rig);
      expect(rig.messages).toEqual([]);
      await checkOutcomes(rig);
    }),
    { numRuns: 2000 },
  );
});

it('push() hears of an answer without a message when the look finds it', async () => {
  const rig = createRig(0);
  for (let i = 0; i < 3 * CAPACITY; i++) {
    rig.duringLooks.push(['work']);
    rig.take('ask');
    rig.take('turn');
    expect((await outcomesOf(rig)).at(-1)).toEqual([1000 + i, i, i, i]);
  }
  expect(rig.posted).toBe(0);
});

it('push() does not look while several requests are under way', async () => {
  const rig = createRig(0);
  rig.duringLooks.push(['work']);
  rig.take('ask');
  rig.take('ask');
  rig.take('turn');
  expect(rig.duringLooks).toHaveLength(1);
  rig.take('work');
  rig.take('message');
  await checkOutcomes(rig);
});

it('push() needs one message for all answers of a batch', async () => {
  const rig = createRig(0);
  rig.take('do not look');
  for (let i = 0; i < CAPACITY; i++) rig.take('ask');
  rig.take('work');
  expect(rig.messages).toEqual(['answered']);
  rig.take('message');
  await checkOutcomes(rig);
});

it('push() refuses a request when every slot is taken, and only then', async () => {
  const rig = createRig(-2);
  for (let i = 0; i < CAPACITY + 1; i++) rig.take('ask');
  expect((await outcomesOf(rig)).map((outcome) => isRuvectorError(outcome))).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  settle(rig);
  rig.take('ask');
  settle(rig);
  await checkOutcomes(rig);
});

it('close() hands out what was answered and rejects the rest; what comes later changes nothing', async () => {
  const rig = createRig(0);
  rig.take('ask');
  rig.take('work');
  rig.take('ask');
  rig.queue.close(new Error('lost'));
  rig.take('work');
  settle(rig);
  expect(await outcomesOf(rig)).toEqual([[1000, 0, 0, 0], new Error('lost')]);
});

it('oldestAgeMs() does not count a request whose answer is there', async () => {
  const rig = createRig(0);
  expect(rig.queue.oldestAgeMs()).toBeNull();
  rig.take('ask');
  expect(rig.queue.oldestAgeMs()).toBeGreaterThanOrEqual(0);
  rig.take('work');
  expect(rig.queue.oldestAgeMs()).toBeNull();
  await checkOutcomes(rig);
});

it('rejectOldest() drops an answer that comes after all and gives the next request its own', async () => {
  const rig = createRig(0);
  rig.take('ask');
  rig.take('ask');
  rig.queue.rejectOldest(new Error('hung'));
  settle(rig);
  expect(await outcomesOf(rig)).toEqual([new Error('hung'), [1001, 1, 1, 1]]);
});

it('rejectOldest() rejects the request that hangs, close() the others', async () => {
  const rig = createRig(0);
  rig.take('ask');
  rig.take('ask');
  rig.queue.rejectOldest(new Error('hung'));
  rig.queue.close(new Error('lost'));
  expect(await outcomesOf(rig)).toEqual([new Error('hung'), new Error('lost')]);
});
