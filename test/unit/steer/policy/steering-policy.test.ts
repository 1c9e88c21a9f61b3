// The policy's rules, one by one, before a database that is a function of arm and parameters.
import { expect, it } from 'vitest';
import type { Choice, PolicyOptions } from '../../../../src/steer/policy/index.ts';
import { createPolicy } from '../../../../src/steer/policy/index.ts';

const arms = ['default', 'fast', 'slow'];
const base: PolicyOptions = { arms, defaultArm: 'default', seed: 7 };
type Policy = ReturnType<typeof createPolicy>;
type Latency = (arm: string, parameters: string) => number;

/** `fast` takes a third of the default, `slow` ten times as long. */
const usual: Latency = (arm) => (arm === 'fast' ? 30 : arm === 'slow' ? 1000 : 100);

function choose(
  policy: Policy,
  parameters = 'p0',
  more: { template?: string; isReadOnly?: boolean } = {},
): Choice {
  const { template = 't', isReadOnly = true } = more;
  return policy.choose({ template, parameters, isReadOnly, nowMs: 0 });
}

/** Runs it as a client would. @returns the choice */
function run(policy: Policy, latency: Latency = usual, parameters = 'p0'): Choice {
  const choice = choose(policy, parameters);
  const ms = latency(choice.arm, parameters);
  const limit = choice.timeoutMs ?? Infinity;
  policy.observe(choice, { ms: Math.min(ms, limit), timedOut: ms > limit }, 0);
  if (ms <= limit) return choice;
  const again = policy.replay(choice);
  policy.observe(again, { ms: latency(again.arm, parameters), timedOut: false }, 0);
  return choice;
}

function runMany(policy: Policy, count: number, latency: Latency = usual): Choice[] {
  return Array.from({ length: count }, (_, at) => run(policy, latency, `p${at % 10}`));
}

it('choose() gives the default when a template is unseen, may write or was killed', () => {
  const policy = createPolicy(base);
  expect(runMany(policy, 3).map(({ arm, why }) => [arm, why])).toEqual(
    Array.from({ length: 3 }, () => ['default', 'unseen']),
  );
  expect(choose(policy, 'p0', { isReadOnly: false })).toMatchObject({
    arm: 'default',
    why: 'write',
    timeoutMs: null,
  });
  policy.kill('t');
  expect(choose(policy)).toMatchObject({ arm: 'default', why: 'killed' });
  expect(policy.explain('t')).toMatchObject({ state: 'killed', verified: null });
  policy.revive('t');
  expect(choose(policy).why).not.toBe('killed');
});

it('choose() uses an arm when its pairs with the default prove it, and not before', () => {
  const policy = createPolicy(base);
  const choices = runMany(policy, 100);
  const first = choices.findIndex(({ why }) => why === 'verified');
  expect(first).toBeGreaterThan(0);
  const tried = choices.slice(0, first).filter(({ arm }) => arm === 'fast');
  expect(tried.length).toBeGreaterThanOrEqual(5);
  expect(tried.every(({ why }) => why === 'explore')).toBe(true);
  expect(choices.slice(-10).filter(({ arm }) => arm === 'fast').length).toBeGreaterThanOrEqual(9);
  expect(policy.verified()).toMatchObject([{ template: 't', arm: 'fast' }]);
  const report = policy.explain('t')!;
  expect(report).toMatchObject({ state: 'steered', verified: 'fast', defaultMedianMs: 100 });
  expect(report.arms.map(({ arm, status }) => [arm, status])).toEqual([
    ['default', 'default'],
    ['fast', 'verified'],
    ['slow', expect.stringMatching(/untried|candidate|rejected/)],
  ]);
  expect(report.arms[1]!.pValue).toBeLessThanOrEqual(0.05);
  expect(report.arms[1]!.gain).toBeCloseTo(0.7);
});

it('choose() never verifies an arm when it is no better', () => {
  const policy = createPolicy(base);
  runMany(policy, 400, (arm) => (arm === 'default' ? 100 : 97));
  expect(policy.verified()).toEqual([]);
});

it('choose() bounds what a slow arm costs when it is a hundred times slower', () => {
  const policy = createPolicy(base);
  const hostile: Latency = (arm) => (arm === 'default' ? 100 : 10_000);
  const choices = runMany(policy, 200, hostile);
  const explored = choices.filter(({ arm }) => arm !== 'default');
  for (const { timeoutMs } of explored) expect(timeoutMs).toBeLessThanOrEqual(300);
  const lost = explored.reduce((sum, { timeoutMs }) => sum + timeoutMs!, 0);
  expect(lost).toBeLessThanOrEqual(0.1 * 200 * 100);
});

it('choose() keeps to the default for statements on which a verified arm is slower', () => {
  const policy = createPolicy(base);
  // On p9 alone the arm loses.
  const mixed: Latency = (arm, parameters) =>
    arm === 'fast' ? (parameters === 'p9' ? 140 : 30) : usual(arm, parameters);
  runMany(policy, 200, mixed);
  expect(policy.verified()).toMatchObject([{ arm: 'fast' }]);
  expect(run(policy, mixed, 'p9').arm).toBe('default');
  expect(run(policy, mixed, 'p1').arm).toBe('fast');
});

it('choose() explores no more at once than allowed when choices stay open', () => {
  const policy = createPolicy({ ...base, maxOpenExplorations: 1 });
  runMany(policy, 10, (arm) => (arm === 'default' ? 100 : 60));
  const open = Array.from({ length: 20 }, (_, at) => choose(policy, `p${at % 10}`));
  expect(open.filter(({ why }) => why === 'explore').length).toBeLessThanOrEqual(1);
  for (const each of open) policy.abandon(each);
});

it('choose() tries only arms whose plans differ when it is told them', () => {
  const policy = createPolicy(base);
  for (let at = 0; at < 60; at++) {
    const choice = policy.choose({
      template: 't',
      parameters: `p${at % 5}`,
      distinctArms: ['slow'],
      isReadOnly: true,
      nowMs: 0,
    });
    expect(choice.arm).not.toBe('fast');
    policy.observe(
      choice,
      { ms: Math.min(usual(choice.arm, ''), choice.timeoutMs ?? Infinity), timedOut: choice.arm === 'slow' },
      0,
    );
  }
  expect(policy.explain('t')!.arms[1]).toMatchObject({ arm: 'fast', status: 'same-plan' });
});

it('observe() drops what was verified when the default drifts', () => {
  const policy = createPolicy(base);
  runMany(policy, 100);
  expect(policy.verified()).toHaveLength(1);
  for (let at = 0; at < 600 && policy.verified().length > 0; at++) {
    run(policy, (arm, parameters) => (arm === 'default' ? 500 : usual(arm, parameters)), `p${at % 10}`);
  }
  expect(policy.verified()).toEqual([]);
  expect(policy.explain('t')!.invalidated).toMatchObject({ why: expect.stringMatching(/drift/) });
});

it('observe() gives a verified arm up when it has become slower', () => {
  const policy = createPolicy(base);
  runMany(policy, 100);
  runMany(policy, 60, (arm) => (arm === 'default' ? 100 : 250));
  expect(policy.verified()).toEqual([]);
  expect(policy.explain('t')!.arms[1]!.status).toBe('rejected');
});

it('invalidate() makes everything unproven when a table changed', () => {
  const policy = createPolicy(base);
  runMany(policy, 100);
  policy.invalidate('t', 'ANALYZE', 5);
  expect(policy.verified()).toEqual([]);
  expect(choose(policy)).toMatchObject({ arm: 'default', why: 'unseen' });
  expect(policy.explain('t')!.invalidated).toEqual({ why: 'ANALYZE', atMs: 5 });
});

it('suggest() has an arm tried next when somebody found it better, and verified only here', () => {
  const policy = createPolicy(base);
  expect(policy.suggest('t', 'nobody')).toBe(false);
  expect(policy.suggest('t', 'default')).toBe(false);
  expect(policy.suggest('t', 'slow')).toBe(true);
  const choices = runMany(policy, 30);
  expect(choices.find(({ why }) => why === 'explore')!.arm).toBe('slow');
  expect(policy.verified().map(({ arm }) => arm)).not.toContain('slow');
});

it('observe() refuses a choice when it was told of already, or is of another policy', () => {
  const policy = createPolicy(base);
  const choice = choose(policy);
  expect(() => policy.observe(choice, { ms: NaN, timedOut: false }, 0)).toThrow(
    expect.objectContaining({ code: 'ERR_STEER_CHOICE' }),
  );
  policy.observe(choice, { ms: 1, timedOut: false }, 0);
  for (const act of [
    () => policy.observe(choice, { ms: 1, timedOut: false }, 0),
    () => policy.abandon(choice),
  ]) {
    expect(act).toThrow(expect.objectContaining({ code: 'ERR_STEER_CHOICE' }));
  }
});

it('choose() of an eager policy finds the fast arm when it may sample', () => {
  const policy = createPolicy({ ...base, mode: 'eager' });
  const choices = runMany(policy, 200);
  expect(choices.slice(-20).filter(({ arm }) => arm === 'fast').length).toBeGreaterThanOrEqual(18);
});

it('choose() gives the same choices when seed and runs are the same', () => {
  const tell = (): string[] => runMany(createPolicy(base), 150).map(({ arm, why }) => `${arm} ${why}`);
  expect(tell()).toEqual(tell());
});

it('choose() uses neighbours when statements that are described alike lost', () => {
  const policy = createPolicy(base);
  const ask = (parameters: string, size: number): Choice =>
    policy.choose({ template: 't', parameters, features: [size], isReadOnly: true, nowMs: 0 });
  for (let at = 0; at < 400; at++) {
    const size = at % 2 === 0 ? 0 : 10;
    const choice = ask(`p${at % 20}`, size);
    const ms = choice.arm === 'fast' ? (size === 0 ? 30 : 130) : choice.arm === 'slow' ? 140 : 100;
    policy.observe(choice, { ms, timedOut: false }, 0);
  }
  if (policy.verified().length === 0) return expect(ask('new', 10).arm).toBe('default');
  expect(ask('new large', 10).arm).toBe('default');
  expect(ask('new small', 0).arm).toBe('fast');
});

it('createPolicy() goes on where toJSON() was made when the state is whole', () => {
  const before = createPolicy(base);
  runMany(before, 100);
  const state = JSON.parse(JSON.stringify(before)) as unknown;
  const after = createPolicy({ ...base, state });
  expect(after.verified()).toEqual(before.verified());
  expect(after.explain('t')).toEqual(before.explain('t'));
  expect(JSON.parse(JSON.stringify(after))).toEqual(state);
  expect(run(after, usual, 'p3').arm).toBe('fast');
});

it('createPolicy() refuses a state when any part of it is damaged', () => {
  const policy = createPolicy(base);
  runMany(policy, 60);
  policy.invalidate('other', 'DDL', 1);
  const text = JSON.stringify(policy);
  const places = listPlaces(JSON.parse(text));
  expect(places.length).toBeGreaterThan(50);
  for (const place of places) {
    const state = JSON.parse(text) as Record<string, unknown>;
    setAt(state, place, { damaged: [true] });
    const act = (): unknown => createPolicy({ ...base, state });
    expect(act, place.join('.')).toThrow(expect.objectContaining({ code: 'ERR_STEER_STATE' }));
  }
  const other = createPolicy({ ...base, arms: ['default', 'else'] });
  expect(() => createPolicy({ ...base, state: JSON.parse(JSON.stringify(other)) })).toThrow(
    /it is of the arms default, else/,
  );
});

it.each([
  [{ arms: ['a', 'a'], defaultArm: 'a' }, 'arms'],
  [{ defaultArm: 'none' }, 'defaultArm'],
  [{ seed: 0.5 }, 'seed'],
  [{ minGain: 1 }, 'minGain'],
  [{ significance: 0 }, 'significance'],
  [{ timeoutFactor: 0.5 }, 'timeoutFactor'],
  [{ rank: 0 }, 'rank'],
  [{ maxOpenExplorations: 0 }, 'maxOpenExplorations'],
])('createPolicy() refuses %j naming the option', (options, option) => {
  expect(() => createPolicy({ ...base, ...options })).toThrow(
    expect.objectContaining({ code: 'ERR_STEER_OPTION', details: expect.objectContaining({ option }) }),
  );
});

/** The path of each value that is a leaf. */
function listPlaces(value: unknown, place: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return value === null ? [] : [[...place]];
  return Object.entries(value).flatMap(([name, each]) => listPlaces(each, [...place, name]));
}

function setAt(root: Record<string, unknown>, place: readonly (string | number)[], value: unknown): void {
  let at = root;
  for (const name of place.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[place.at(-1)!] = value;
}
