// The model host with real models in real workers: swaps under load, rollbacks, lost workers.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Prediction } from '../../../src/core/index.ts';
import { createModelHost, openRegistry } from '../../../src/models/index.ts';
import type { ModelEvent, ModelHost, ModelHostOptions, ModelRegistry } from '../../../src/models/index.ts';
import { contractOf, makeModels, readDraft } from '../../support/models/models.ts';

let models: string;
let directory: string;
let registry: ModelRegistry;
let host: ModelHost;
let events: ModelEvent[];

beforeAll(async () => {
  models = await makeModels();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-host-'));
  registry = await openRegistry(directory);
  host = await open({ isolation: 'none' });
});
afterEach(async () => {
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(options: Partial<ModelHostOptions>): Promise<ModelHost> {
  events = [];
  const { manifest } = await readDraft(models, 'linear');
  const onEvent = (event: ModelEvent): unknown => events.push(event);
  return createModelHost({ registry, name: 'memopt', ...contractOf(manifest), onEvent, ...options });
}

async function reopen(options: Partial<ModelHostOptions>): Promise<void> {
  await host.close();
  host = await open({ isolation: 'none', ...options });
}

const add = async (kind: string): Promise<string> =>
  (await registry.add(await readDraft(models, kind))).version;
const addLive = async (kind: string): Promise<string> => {
  const version = await add(kind);
  await host.activate(version);
  return version;
};
const rowOf = (first: number, rest = 0.1): Float32Array => new Float32Array(12).fill(rest).with(0, first);
const typesOf = (): string[] => events.map((event) => event.type);
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

it('predict() refuses while no version is live and when the row has another width', async () => {
  expect(host.liveVersion).toBeNull();
  await expect(host.predict(rowOf(0))).rejects.toThrow(code('ERR_MODEL_NONE'));
  await addLive('linear');
  await expect(host.predict(new Float32Array(11))).rejects.toThrow(code('ERR_MODEL_FEATURES'));
});

it('activate() makes a version live, reports the swap and moves the pointers', async () => {
  const first = await addLive('linear');
  const version = await add('forest-a');
  const report = await host.activate(version);
  expect(report).toMatchObject({ version, previous: first, goldenRows: 128, labelMismatches: 0 });
  expect(report.maxAbsDiff).toBeLessThan(1e-5);
  expect(report.totalMs).toBeGreaterThanOrEqual(report.verifyMs + report.loadMs + report.warmupMs);
  expect(host.liveVersion).toBe(`memopt@${version}`);
  expect(await registry.aliases('memopt')).toEqual({ live: version, previous: first, candidate: null });
  const { modelVersion, probabilities } = await host.predict(rowOf(0));
  expect(modelVersion).toBe(`memopt@${version}`);
  expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
  expect(typesOf()).toEqual(['activated', 'activated']);
});

it('activate() tries unknown bytes in a process of their own, and only once', async () => {
  await reopen({ isolation: 'process' });
  const [a, b] = [await add('forest-a'), await add('forest-b')];
  expect((await host.activate(a)).probeMs).toBeGreaterThan(0);
  expect((await host.activate(b)).probeMs).toBeGreaterThan(0);
  expect((await host.activate(a)).probeMs).toBe(0);
});

it('createModelHost() serves the version that was live', async () => {
  const version = await addLive('forest-a');
  const before = await host.predict(rowOf(0.3));
  await reopen({});
  expect(host.liveVersion).toBe(`memopt@${version}`);
  expect(await host.predict(rowOf(0.3))).toEqual(before);
});

it.each(['wrong-answers', 'nan', 'feature-order'])(
  'activate() of %s leaves the live model alone',
  async (kind) => {
    const live = await addLive('forest-a');
    const before = await host.predict(rowOf(0.3));
    const bad = await add(kind);
    await expect(host.activate(bad)).rejects.toThrow(/Cannot accept model/);
    expect(host.liveVersion).toBe(`memopt@${live}`);
    expect(await host.predict(rowOf(0.3))).toEqual(before);
    expect((await registry.aliases('memopt')).live).toBe(live);
    expect(events.at(-1)).toMatchObject({ type: 'rejected', version: bad });
  },
);

it.each([
  ['cut', (bytes: Buffer) => bytes.subarray(0, -50)],
  ['bit-flipped', (bytes: Buffer) => Buffer.from(new Uint8Array(bytes).with(300, bytes[300]! ^ 8))],
])('activate() of a model %s on disk sets it aside and leaves the live model alone', async (_, damage) => {
  const live = await addLive('linear');
  const bad = await add('forest-b');
  const path = join(directory, 'memopt', bad, 'model.onnx');
  await writeFile(path, damage(await readFile(path)));
  await expect(host.activate(bad)).rejects.toThrow(code('ERR_MODEL_SHA256'));
  expect(host.liveVersion).toBe(`memopt@${live}`);
  const [listing] = await registry.list();
  expect(listing).toMatchObject({ versions: [live] });
  expect(listing!.damaged).toHaveLength(1);
});

it('createModelHost() starts with the previous version when the live one is damaged', async () => {
  const [a, b] = [await addLive('forest-a'), await addLive('forest-b')];
  await host.close();
  await writeFile(join(directory, 'memopt', b, 'manifest.json'), '{');
  host = await open({ isolation: 'none' });
  expect(host.liveVersion).toBe(`memopt@${a}`);
  expect(typesOf()).toEqual(['rejected', 'rolled-back']);
  expect(await registry.aliases('memopt')).toMatchObject({ live: a, previous: null });
});

it('createModelHost() starts without a model and says so when its aliases are damaged', async () => {
  await addLive('forest-a');
  await host.close();
  await writeFile(join(directory, 'memopt/aliases.json'), '{"live"');
  host = await open({ isolation: 'none' });
  expect(host.liveVersion).toBeNull();
  expect(events).toMatchObject([{ type: 'rejected', error: { code: 'ERR_MODEL_ALIASES' } }]);
});

it('rollback() goes back at once to the version before', async () => {
  await expect(host.rollback()).rejects.toThrow(code('ERR_MODEL_NO_PREVIOUS'));
  const a = await addLive('forest-a');
  const expected = await host.predict(rowOf(0.3));
  const b = await addLive('forest-b');
  expect(await host.rollback()).toMatchObject({ version: a, from: b, wasLoaded: true });
  expect(await host.predict(rowOf(0.3))).toEqual(expected);
  expect(await registry.aliases('memopt')).toMatchObject({ live: a, previous: null });
});

it('rollback() loads the version before when it was too large to keep', async () => {
  await reopen({ keepPreviousBytes: 1000 });
  const a = await addLive('forest-a');
  await addLive('forest-b');
  expect(await host.rollback()).toMatchObject({ version: a, wasLoaded: false });
});

it.each([
  ['fails', 'late-error'],
  ['answers NaN', 'late-nan'],
])(
  'predict() rolls back a version that %s on trial and gives the answer of the one before',
  async (_, kind) => {
    const good = await addLive('forest-a');
    const expected = await host.predict(rowOf(2e6));
    const bad = await addLive(kind);
    expect((await host.predict(rowOf(0))).modelVersion).toBe(`memopt@${bad}`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => host.predict(rowOf(2e6))));
    for (const answer of answers) expect(answer).toEqual(expected);
    expect(host.liveVersion).toBe(`memopt@${good}`);
    expect(events.filter((event) => event.type === 'rolled-back')).toMatchObject([
      { from: bad, to: good, automatic: true },
    ]);
    await host.close();
    expect(await registry.aliases('memopt')).toMatchObject({ live: good, previous: null });
  },
);

it('predict() gives the answer of the version before after an error past trial, and rolls back at a high error rate', async () => {
  await reopen({ probationAnswers: 0 });
  const good = await addLive('forest-a');
  const bad = await addLive('late-nan');
  expect((await host.predict(rowOf(2e6))).modelVersion).toBe(`memopt@${good}`);
  expect(host.liveVersion).toBe(`memopt@${bad}`);
  for (let i = 0; i < 9; i++) await host.predict(rowOf(2e6));
  expect(host.liveVersion).toBe(`memopt@${good}`);
});

it('predict() gives the error of a failing version and keeps it when there is no other', async () => {
  const only = await addLive('late-nan');
  await expect(host.predict(rowOf(2e6))).rejects.toThrow(code('ERR_MODEL_NAN'));
  expect(host.liveVersion).toBe(`memopt@${only}`);
  await expect(host.predict(rowOf(0))).resolves.toMatchObject({ modelVersion: `memopt@${only}` });
});

it('predict() rolls back a version that hangs on trial, and nobody fails', async () => {
  await reopen({ requestTimeoutMs: 150 });
  const good = await addLive('forest-a');
  await addLive('late-slow');
  const asked = [host.predict(rowOf(4e6)), ...Array.from({ length: 20 }, () => host.predict(rowOf(0)))];
  for (const answer of await Promise.all(asked)) expect(answer.modelVersion).toBe(`memopt@${good}`);
  expect(typesOf().slice(-2)).toEqual(['worker-lost', 'rolled-back']);
});

it('predict() replaces a worker lost after trial: only the request that hung fails', async () => {
  await reopen({ requestTimeoutMs: 150, probationAnswers: 0 });
  const version = await addLive('late-slow');
  const hung = host.predict(rowOf(4e6));
  const others = Array.from({ length: 20 }, () => host.predict(rowOf(0)));
  await expect(hung).rejects.toThrow(code('ERR_MODEL_TIMEOUT'));
  for (const answer of await Promise.all(others)) expect(answer.modelVersion).toBe(`memopt@${version}`);
  expect(typesOf().slice(-2)).toEqual(['worker-lost', 'recovered']);
});

it('activate() rejects a candidate that does not answer in time, and the live model goes on', async () => {
  const live = await addLive('forest-a');
  await reopen({ loadTimeoutMs: 1, isolation: 'process' });
  // Loading the live version again takes longer than 1 ms too.
  expect(host.liveVersion).toBeNull();
  expect(events).toMatchObject([{ type: 'rejected', version: live, error: { code: 'ERR_MODEL_TIMEOUT' } }]);
});

it('verify() tells what a version is worth and changes nothing', async () => {
  const live = await addLive('forest-a');
  const bad = await add('wrong-answers');
  await expect(host.verify(`memopt@${bad}`)).rejects.toThrow(code('ERR_MODEL_GOLDEN'));
  expect(await host.verify('memopt')).toMatchObject({ goldenRows: 128, labelMismatches: 0 });
  expect(host.liveVersion).toBe(`memopt@${live}`);
});

it('predict() refuses when more requests wait than allowed, and serves the others', async () => {
  await reopen({ capacity: 16 });
  await addLive('forest-a');
  const asked = Array.from({ length: 40 }, () => host.predict(rowOf(0)));
  const settled = await Promise.allSettled(asked);
  const failed = settled.filter((result) => result.status === 'rejected');
  expect(failed).toHaveLength(24);
  expect(failed[0]!.reason).toMatchObject({ code: 'ERR_MODEL_BUSY' });
});

it('close() answers what is in flight and refuses what comes after', async () => {
  await addLive('forest-a');
  const asked = Array.from({ length: 50 }, () => host.predict(rowOf(0)));
  await host.close();
  expect(await Promise.all(asked)).toHaveLength(50);
  await expect(host.predict(rowOf(0))).rejects.toThrow(code('ERR_MODEL_CLOSED'));
  await expect(host.activate('x')).rejects.toThrow(code('ERR_MODEL_CLOSED'));
});

it('activate() replaces workers after many loads without an answer lost', async () => {
  await reopen({ recycle: { maxLoads: 2, maxHeapBytes: 2 ** 40 } });
  const versions = [await addLive('forest-a'), await addLive('forest-b')];
  const stop = new AbortController();
  const asking = askUntil(stop.signal, []);
  for (let i = 0; i < 8; i++) await host.activate(versions[i % 2]!);
  stop.abort();
  expect(await asking).toBeGreaterThan(0);
});

it('predict() asked again and again keeps nobody from timers', async () => {
  await addLive('linear');
  const signal = AbortSignal.timeout(20);
  while (!signal.aborted) await host.predict(rowOf(0));
});

/** Keeps the thread busy for a time that no timer could wait. */
async function spin(ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('predict() is answered whatever the pauses between the requests and their number', async () => {
  await addLive('late-error');
  const pauses = [() => spin(0), () => spin(0.02), () => spin(0.06), () => sleep(1), () => sleep(0)];
  for (let i = 0; i < 3000; i++) {
    const asked = Array.from({ length: 1 + (i % 7 === 0 ? i % 5 : 0) }, () => host.predict(rowOf(0)));
    if (i % 100 === 0) await expect(host.predict(rowOf(2e6))).rejects.toThrow(code('ERR_MODEL_RUN'));
    expect(await Promise.all(asked)).toHaveLength(asked.length);
    await pauses[(i >> 4) % pauses.length]!();
  }
});

/** Predicts one row after the other until aborted; returns how many. Any failure rejects. */
async function askUntil(signal: AbortSignal, answers: [Float32Array, Prediction][]): Promise<number> {
  let count = 0;
  while (!signal.aborted) {
    const row = rowOf((count % 50) / 10 - 2.5);
    answers.push([row, await host.predict(row)]);
    if (++count % 20 === 0) await sleep(1);
  }
  return count;
}

it('predict() answers whole from the version it names, whatever is activated meanwhile', async () => {
  const kinds = ['forest-a', 'forest-b', 'boosting', 'wrong-answers', 'nan'];
  const versions = await Promise.all(kinds.map(add));
  const expected = new Map<string, Map<number, Prediction>>();
  for (const version of versions.slice(0, 3)) {
    await host.activate(version);
    const rows = Array.from({ length: 50 }, (_, i) => rowOf(i / 10 - 2.5));
    const answers = await Promise.all(rows.map((row) => host.predict(row)));
    expected.set(`memopt@${version}`, new Map(rows.map((row, i) => [row[0]!, answers[i]!])));
  }
  const step = fc.oneof(fc.nat(4), fc.constant('rollback' as const));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
      const answers: [Float32Array, Prediction][] = [];
      const stop = new AbortController();
      const asking = Promise.all([1, 2, 3].map(() => askUntil(stop.signal, answers)));
      for (const action of steps) {
        if (action === 'rollback') await host.rollback().catch(() => null);
        else await host.activate(versions[action]!).catch(() => null);
      }
      stop.abort();
      await asking;
      for (const [row, answer] of answers) {
        expect(answer).toEqual(expected.get(answer.modelVersion)?.get(row[0]!));
      }
    }),
    { numRuns: 8 },
  );
});
