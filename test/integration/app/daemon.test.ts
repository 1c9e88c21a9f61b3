// The daemon as its users meet it: a real process, real signals, real Python.
import type { Home } from '../../../src/core/index.ts';
import type { TrainingAnswer } from '../../../src/client/index.ts';
import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { buildConfig, saveConfig } from '../../../src/app/host/config.ts';
import { openHistory } from '../../../src/store/index.ts';
import { killRepeatedly } from '../../support/app/kill-rounds.ts';
import { createTestHome, poll, runCommand, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { deployThresholds } from '../../support/models/deploy-thresholds.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { createPrintedRandom } from '../../support/random.ts';

const random = createPrintedRandom('moments of kill -9');

const statusOf = async ({ client }: Daemon): Promise<HostStatus> =>
  (await client.request('status')).result as HostStatus;

/** Half an hour of a host under pressure now and then, ending a minute ago. */
async function writePressuredHistory(home: Home): Promise<void> {
  await using history = await openHistory(home.history);
  const rows = pressuredSnapshots(2000);
  const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
}

const seededForest = {
  name: 'memopt',
  estimator: 'sklearn.RandomForestClassifier',
  parameters: { n_estimators: 10, random_state: 0 },
  activate: true,
};

describe('serve', () => {
  it('collects, answers, and drains on SIGTERM with nothing half-written', async () => {
    await using home = await createTestHome();
    await using daemon = await startDaemon(home, ['--hz', '20', '--process-interval', '1']);
    const status = await poll(
      () => statusOf(daemon),
      ({ samples, decisions }) => samples > 30 && decisions.decisions > 5,
    );
    expect(status.health.every((part) => part.success === 1)).toBe(true);
    // The rule, by the way of a model, from the first decision on and at any rate.
    expect(status.model.isBaseline).toBe(true);
    expect(status.decisions.bySource.model).toBeGreaterThan(status.decisions.decisions / 2);
    const shown = await runCommand(home, ['status']);
    expect(shown.stdout).toContain('20 Hz');
    const ended = await daemon.stop();
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stderr).toMatch(/draining[\s\S]*stopped/);
    expect(existsSync(home.bridgeFile)).toBe(false);
    expect((await readdir(home.run)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await using history = await openHistory(home.history);
    expect(history.problems).toEqual([]);
    expect(history.recovered).toEqual([]);
    expect(history.stats().kinds['memory']!.rows).toBeGreaterThanOrEqual(status.samples);
  });

  it('refuses a second daemon on one home and leaves the first alone', async () => {
    await using home = await createTestHome();
    await using daemon = await startDaemon(home);
    const second = await runCommand(home, ['serve']);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain('ERR_APP_RUNNING');
    expect(second.stderr).toContain(String(daemon.child.pid));
    expect((await statusOf(daemon)).pid).toBe(daemon.child.pid);
  });

  // `npm run soak -- kills` does it 20 times and more.
  it('comes back after kill -9 at any moment, 3 times, and loses at most the last flush', async () => {
    const { problems, times, lastKnownMs } = await killRepeatedly(3, random);
    expect(problems).toEqual([]);
    expect(times.at(-1)).toBeGreaterThanOrEqual(lastKnownMs);
    expect(new Set(times).size).toBe(times.length);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }, 180_000);

  it('trains on its history, goes live, explains itself and rolls back', async () => {
    await using home = await createTestHome();
    await writePressuredHistory(home);
    await using daemon = await startDaemon(home);
    const rule = (await statusOf(daemon)).model.live;
    const { activate: _forced, ...job } = seededForest;
    const first = (await daemon.client.request('train', job)).result as TrainingAnswer;
    expect(first.deployment).toMatchObject({ isLive: true, gate: { verdict: 'passed' } });
    expect(first.deployment!.reason).toContain(`is not below live ${rule} with`);
    const second = await runCommand(home, ['train', '--param', 'n_estimators=5', '--activate', '--json']);
    expect(second.stderr).toBe('');
    const report = JSON.parse(second.stdout) as {
      manifest: {
        parity: { labelMismatches: number };
        metrics: { macroF1: number; baseline: { majority: { macroF1: number } } };
      };
      deployment: { version: string };
    };
    expect(report.manifest.parity.labelMismatches).toBe(0);
    expect(report.manifest.metrics.macroF1).toBeGreaterThan(
      report.manifest.metrics.baseline.majority.macroF1,
    );
    expect((await statusOf(daemon)).model.live).toBe(`memopt@${report.deployment.version}`);
    const verified = await runCommand(home, ['models', 'verify', 'memopt@live']);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect((await runCommand(home, ['models', 'rollback'])).code).toBe(0);
    expect((await statusOf(daemon)).model.live).toBe(`memopt@${first.deployment!.version}`);
    const listed = await runCommand(home, ['models', 'list']);
    expect(listed.stdout).toMatch(
      new RegExp(`${first.deployment!.version} +live .*sklearn\\.ensemble\\.RandomForestClassifier`),
    );
    await poll(
      () => statusOf(daemon),
      ({ decisions }) => decisions.bySource.model > 0,
    );
    const decided = await runCommand(home, ['decide', '--json']);
    expect(JSON.parse(decided.stdout)).toMatchObject({ decision: { source: 'model' } });
  }, 120_000);

  it('leaves a trained model the candidate that the majority beats, and says so everywhere', async () => {
    await using home = await createTestHome();
    await writePressuredHistory(home);
    await using daemon = await startDaemon(home);
    const { live } = (await statusOf(daemon)).model;
    // A forest that learned one leaf of the classes' priors, weighted until they are equal: it knows nothing.
    const args = [
      'train',
      '--param',
      'max_depth=1',
      '--param',
      'n_estimators=1',
      '--param',
      'max_features=1',
    ];
    const shown = await runCommand(home, [...args, '--param', 'random_state=3']);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(
      /^(Worse|Not shown to be better) than the best rule: macro-F1 .* interval of the difference/i,
    );
    expect(shown.stdout).toMatch(/candidate +macro-F1 0\.\d+ on \d+ held-out rows is below /);
    expect(shown.stdout).toMatch(/force it +ruvector-memopt models activate memopt@/);
    const status = await statusOf(daemon);
    expect(status.model).toMatchObject({ live, lastDeployment: { isLive: false } });
    expect((await runCommand(home, ['status'])).stdout).toContain(status.model.lastDeployment!.reason);
    const listed = await runCommand(home, ['models', 'list']);
    expect(listed.stdout).toMatch(
      /candidate +macro-F1 \d\.\d+ \(\d\.\d+ to \d\.\d+\) .*RandomForestClassifier/,
    );
    expect((await daemon.stop()).stderr).toContain(
      `stays a candidate: ${status.model.lastDeployment!.reason}`,
    );
  }, 120_000);

  it('leaves the live model alone when a command without a daemon knows another sampling rate', async () => {
    await using home = await createTestHome();
    const model = await deployThresholds(home);
    await saveConfig(home.root, buildConfig({ hz: 20 }));
    expect((await runCommand(home, ['models', 'verify', 'memopt@live'])).stderr).toContain(
      'ERR_MODEL_FEATURES',
    );
    await saveConfig(home.root, buildConfig({}));
    const verified = await runCommand(home, ['models', 'verify', 'memopt@live']);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(model).toContain(/version +(\S+)/.exec(verified.stdout)?.[1] ?? 'no version');
  }, 120_000);

  it('says why a training failed, in the words of scikit-learn, and keeps the live model', async () => {
    await using home = await createTestHome();
    await writePressuredHistory(home);
    await using daemon = await startDaemon(home);
    await daemon.client.request('train', seededForest);
    const { live } = (await statusOf(daemon)).model;
    const failed = await runCommand(home, ['train', '--param', 'n_estimators=-3']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('ERR_TRAINER_FAILED');
    expect(failed.stderr).toMatch(/'n_estimators' parameter [^\n]* Got -3 instead; correct its parameters/);
    expect((await statusOf(daemon)).model.live).toBe(live);
  }, 120_000);

  it('starts with a damaged live model: says so, and decides by the rule', async () => {
    await using home = await createTestHome();
    const model = await deployThresholds(home);
    const bytes = await readFile(model);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(model, bytes);
    await using daemon = await startDaemon(home);
    const status = await poll(
      () => statusOf(daemon),
      ({ decisions }) => decisions.decisions > 0,
    );
    expect(status.model.live).toBeNull();
    expect(status.decisions.bySource.rule).toBeGreaterThan(0);
    expect((await daemon.stop()).stderr).toContain('ERR_MODEL_SHA256');
  }, 120_000);
});
