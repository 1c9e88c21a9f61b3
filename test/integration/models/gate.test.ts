// The champion gate in a host: real ONNX models answer real rows in the probe process, and what does not pass
// stays a candidate with a sentence.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { sha256Of } from '../../../src/core/index.ts';
import { createTestHome, runCommand } from '../../support/daemon.ts';
import { buildUpload, encodeHeldOut, labelBy } from '../../support/models/held-out.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

type TestHome = Awaited<ReturnType<typeof createTestHome>>;

let home: TestHome;
let host: Host;
let log: string[];

async function open(): Promise<void> {
  home = await createTestHome();
  log = [];
  host = await openHost(home, buildConfig({}), { onLog: (text) => log.push(text) });
}

async function close(): Promise<void> {
  await host.close();
  await home[Symbol.asyncDispose]();
}

/** Memory that swings between 2 and 98 % available, all levels in every stretch of rows. */
const available = Array.from({ length: 600 }, (_, i) => 2 + ((i * 37) % 97));
/** What really happened on this made-up host: nothing above 60 %, critical below 30 %. */
const truth = { 1: 60, 3: 30 };
const labelsOf = (limits: Record<number, number>): number[] => available.map((a) => labelBy(limits, a));
const majority = available.map(() => 0);
const rows = { available, labels: labelsOf(truth), baselines: { majority } };

describe('deploy()', () => {
  beforeEach(open);
  afterEach(close);

  it('makes a model live that is above the rule and the baselines, and says so', async () => {
    const rule = host.models.liveVersion!;
    const deployment = await host.deploy(buildUpload(host.spec, truth, rows));
    expect(deployment).toMatchObject({ isLive: true, gate: { verdict: 'passed', rows: 600 } });
    expect(deployment.gate!.rivals).toMatchObject([
      { kind: 'live', name: rule, rows: 600, candidate: { macroF1: 1, interval: [1, 1] } },
      { kind: 'baseline', name: 'majority' },
    ]);
    expect(deployment.gate!.rivals[0]!.macroF1).toBeLessThan(0.6);
    expect(host.models.liveVersion).toBe(`memopt@${deployment.version}`);
    expect(log.join('\n')).toContain(`model memopt@${deployment.version} goes live: macro-F1 1.000 on 600`);
    expect(host.status().model.lastDeployment).toMatchObject({ isLive: true, reason: deployment.reason });
  });

  it('leaves a model the candidate that its own report ranks below a baseline', async () => {
    const live = host.models.liveVersion;
    const usageThreshold = labelsOf({ 1: 55, 3: 30 });
    const deployment = await host.deploy(
      buildUpload(host.spec, { 3: 97 }, { ...rows, baselines: { majority, usageThreshold } }),
    );
    expect(deployment).toMatchObject({ isLive: false, swap: null, gate: { verdict: 'below' } });
    expect(deployment.reason).toMatch(/^macro-F1 0\.\d+ on 600 held-out rows is below /);
    expect(deployment.gate!.rivals.find(({ kind }) => kind === 'baseline')!.name).toBe('usageThreshold');
    expect(host.models.liveVersion).toBe(live);
    expect(await host.registry.aliases('memopt')).toMatchObject({ candidate: deployment.version });
    expect(log.join('\n')).toContain(`stays a candidate: ${deployment.reason}`);
    expect(host.status().model.lastDeployment).toMatchObject({ isLive: false });
  });

  it('leaves a model the candidate that is above the baselines and below the live one', async () => {
    const best = await host.deploy(buildUpload(host.spec, truth, rows));
    const second = await host.deploy(buildUpload(host.spec, { 1: 58, 3: 20 }, rows));
    expect(second).toMatchObject({ isLive: false, gate: { verdict: 'below' } });
    expect(second.reason).toContain(`is below live memopt@${best.version} with 1.000`);
    expect(host.models.liveVersion).toBe(`memopt@${best.version}`);
  });

  it('judges models that come at once one after the other', async () => {
    const [good, worse] = await Promise.all([
      host.deploy(buildUpload(host.spec, truth, rows)),
      host.deploy(buildUpload(host.spec, { 1: 58, 3: 25 }, rows)),
    ]);
    expect([good.isLive, worse.isLive]).toEqual([true, false]);
    expect(worse.reason).toContain(`is below live memopt@${good.version}`);
  });

  it('lets an equal model take the place of the live one', async () => {
    await host.deploy(buildUpload(host.spec, truth, rows));
    expect(await host.deploy(buildUpload(host.spec, truth, rows))).toMatchObject({ isLive: true });
  });

  it('cannot tell from a handful of rows, nor without any, and says what to do', async () => {
    const few = { available: available.slice(0, 20), labels: labelsOf(truth).slice(0, 20) };
    const fromFew = await host.deploy(buildUpload(host.spec, truth, few));
    expect(fromFew).toMatchObject({ isLive: false, gate: { verdict: 'cannot-tell' } });
    expect(fromFew.reason).toMatch(/20, and fewer than 30 cannot tell; collect longer/);
    const bare = await host.deploy(buildUpload(host.spec, truth, null));
    expect(bare).toMatchObject({ isLive: false, gate: { verdict: 'cannot-tell', rivals: [] } });
    expect(bare.reason).toMatch(/without held-out rows.*pass dataset=/);
  });

  it('does what it is told: forced goes live, stored only does not', async () => {
    const bad = buildUpload(host.spec, { 3: 97 }, rows);
    const stored = await host.deploy({ ...buildUpload(host.spec, truth, rows), activate: false });
    expect(stored).toMatchObject({ isLive: false, gate: null, reason: 'stored as asked' });
    const forced = await host.deploy({ ...bad, activate: true });
    expect(forced).toMatchObject({ isLive: true, gate: null, reason: 'made live as asked' });
    expect(host.models.liveVersion).toBe(`memopt@${forced.version}`);
  });

  it('holds a model of another name against what is live under that name', async () => {
    const deciding = host.models.liveVersion;
    const named = { name: 'other' };
    const first = await host.deploy(buildUpload(host.spec, truth, rows, named));
    expect(first).toMatchObject({ isLive: true, swap: null });
    const worse = await host.deploy(buildUpload(host.spec, { 1: 40, 3: 10 }, rows, named));
    expect(worse.reason).toContain(`is below live other@${first.version}`);
    expect(worse.isLive).toBe(false);
    expect(host.models.liveVersion).toBe(deciding);
  });

  it('holds the first model against the rule although nothing is live', async () => {
    await host.close();
    await using bare = await createTestHome();
    host = await openHost(bare, buildConfig({ baseline: false }));
    expect(host.models.liveVersion).toBeNull();
    const byRule = { 1: 20, 2: 10, 3: 4 };
    const asTheRule = { available, labels: labelsOf(byRule), baselines: { majority } };
    const worse = await host.deploy(buildUpload(host.spec, { 1: 15, 2: 10, 3: 2 }, asTheRule));
    expect(worse).toMatchObject({
      isLive: false,
      gate: { verdict: 'below', rivals: [{ kind: 'live', macroF1: 1 }, {}] },
    });
    expect(await host.deploy(buildUpload(host.spec, byRule, asTheRule))).toMatchObject({ isLive: true });
    await host.close();
    host = await openHost(home, buildConfig({}));
  });
});

describe('deploy() of what is not whole', () => {
  // One host for all of them: it is as it was after each.
  beforeAll(open);
  afterAll(close);

  it.each([
    ['cut rows', (bytes: Uint8Array) => bytes.subarray(0, 300), 'ERR_MODEL_SHA256'],
    ['other rows', (bytes: Uint8Array) => bytes.with(bytes.length >> 1, 9), 'ERR_MODEL_SHA256'],
  ])('refuses %s', async (_, damage, code) => {
    const upload = buildUpload(host.spec, truth, rows);
    const deployed = host.deploy({ ...upload, heldOut: damage(upload.heldOut!) });
    await expect(deployed).rejects.toMatchObject({ code });
  });

  it.each([
    ['a label beyond the list', { available, labels: available.map(() => 9) }],
    ['a negative label of a baseline', { ...rows, baselines: { x: available.map(() => -1) } }],
    ['no rows', { available: [], labels: [] }],
    ['more rows than a package holds', { available: Array(20_001).fill(50), labels: Array(20_001).fill(0) }],
  ])('refuses held-out rows with %s although the manifest vouches for them', async (_, wrong) => {
    const deployed = host.deploy(buildUpload(host.spec, truth, wrong));
    await expect(deployed).rejects.toMatchObject({ code: 'ERR_MODEL_HELD_OUT' });
    expect((await host.registry.list())[0]!.versions).toHaveLength(1);
  });

  it('refuses held-out rows the manifest does not name, and a manifest that names rows that did not come', async () => {
    const upload = buildUpload(host.spec, truth, rows);
    const { heldOut: _named, ...unnamed } = upload.manifest;
    const code = { code: 'ERR_MODEL_HELD_OUT' };
    await expect(host.deploy({ ...upload, manifest: unnamed })).rejects.toMatchObject(code);
    await expect(host.deploy({ ...upload, heldOut: undefined })).rejects.toMatchObject(code);
  });

  it('refuses held-out rows that are not in time order, or lack a feature', async () => {
    const upload = buildUpload(host.spec, truth, rows);
    const shorter = { ...host.spec, names: host.spec.names.slice(1) };
    const heldOut = encodeHeldOut(shorter, rows);
    const manifest = { ...upload.manifest, heldOut: { sha256: sha256Of(heldOut), rows: 600 } };
    await expect(host.deploy({ ...upload, heldOut, manifest })).rejects.toMatchObject({
      code: 'ERR_MODEL_HELD_OUT',
      message: expect.stringContaining(`the column "${host.spec.names[0]}" is missing`),
    });
  });
});

describe('models compare', () => {
  beforeEach(open);
  afterEach(close);

  it('finds the better of two models, in both orders, over the bridge and on the command line', async () => {
    const good = await host.deploy(buildUpload(host.spec, truth, rows));
    const bad = await host.deploy(buildUpload(host.spec, { 1: 30, 3: 5 }, rows));
    const [a, b] = [`memopt@${good.version}`, `memopt@${bad.version}`];
    const forward = await host.compareModels(a, b);
    expect(forward).toMatchObject({ better: 'a', rows: 600, source: 'held-out', a: { macroF1: 1 } });
    expect(forward.verdict).toMatch(new RegExp(`^${a} is better than ${b}: macro-F1 1\\.000 and 0\\.`));
    expect(await host.compareModels('memopt@candidate', 'memopt@live')).toMatchObject({ better: 'b' });
    const shown = await runCommand(home, ['models', 'compare', a, b]);
    expect(shown.stdout).toContain('is better than');
    const json = await runCommand(home, ['models', 'compare', a, b, '--json']);
    expect(JSON.parse(json.stdout)).toEqual(forward);
    const list = await runCommand(home, ['models', 'list']);
    expect(list.stdout).toMatch(new RegExp(`${b} +candidate .*2026-01-01 00:00 +test\\.Thresholds`));
    expect(list.stdout).toMatch(
      /previous +macro-F1 0\.178 \(0\.113 to 0\.225\) +0\.368 memory usage +2026-\d\d-\d\d 00:00 +rule/,
    );
  });

  it('leaves out rows that either was trained on', async () => {
    await host.deploy(buildUpload(host.spec, truth, rows, { trainedOn: [[0, 299_000]] }));
    await host.deploy(buildUpload(host.spec, { 1: 30, 3: 5 }, rows, { trainedOn: [[500_000, 599_000]] }));
    expect(await host.compareModels('memopt@live', 'memopt@candidate')).toMatchObject({ rows: 200 });
  });

  it('takes the rows of the history when both trainings lie before them', async () => {
    const shiftMs = Date.now() - 60_000 - pressuredSnapshots(2000).at(-1)!.timestamp;
    const lived = pressuredSnapshots(2000).map((row) => ({ ...row, timestamp: row.timestamp + shiftMs }));
    host.history.append('memory', lived);
    await host.deploy(buildUpload(host.spec, truth, rows));
    await host.deploy(buildUpload(host.spec, { 1: 30, 3: 5 }, rows));
    const comparison = await host.compareModels('memopt@live', 'memopt@candidate');
    expect(comparison).toMatchObject({
      source: 'history',
      a: { interval: [expect.any(Number), expect.any(Number)] },
    });
    expect(comparison.rows).toBeGreaterThan(1500);
  });

  it('cannot tell without rows', async () => {
    await host.deploy({ ...buildUpload(host.spec, truth, null), activate: true });
    const comparison = await host.compareModels('memopt@live', 'memopt@previous');
    expect(comparison).toMatchObject({ better: null, difference: null, a: { macroF1: null } });
    expect(comparison.verdict).toMatch(/^cannot tell: .* are 0, and fewer than 30/);
  });

  it('refuses a package whose held-out rows were changed on disk', async () => {
    const { version } = await host.deploy(buildUpload(host.spec, truth, rows));
    const path = join(home.models, 'memopt', version, 'heldout.arrow');
    const bytes = new Uint8Array(await readFile(path));
    await writeFile(path, bytes.with(bytes.length >> 1, 7));
    const compared = host.compareModels('memopt@live', 'memopt@previous');
    await expect(compared).rejects.toMatchObject({ code: 'ERR_MODEL_SHA256' });
  });
});
