// The demo, shortened: the command that the README promises, with the fields that machines read.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { describeFreed, describeReturned } from '../../../src/app/demo/demo-report.ts';
import type { DemoReport } from '../../../src/app/demo/demo-report.ts';
import { createTestHome, runCommand } from '../../support/daemon.ts';
import { startBrowser } from '../../support/page/browse-page.ts';

it('demo --json goes through every stage for real and leaves nothing behind', async () => {
  await using home = await createTestHome();
  const folder = await mkdtemp(join(tmpdir(), 'rvm-demo-'));
  const output = join(folder, 'out');
  try {
    const args = ['demo', '--json', '--output', output, '--collect-seconds', '36', '--act-seconds', '24'];
    const { code, stdout, stderr } = await runCommand(home, args);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as DemoReport;
    expect(report.rows).toBeGreaterThan(500);
    expect(report.parity).toMatchObject({ labelMismatches: 0 });
    expect(report.swap.failures).toBe(0);
    // A busy machine lets some decisions run into their 250 ms; the rule answers those.
    expect(report.decisions.failures).toBeLessThan(report.decisions.count / 4);
    expect(report.outcome.actions).toBeGreaterThan(0);
    const figures = [
      report.bytesPerMinute,
      report.stream.gbps,
      report.model.macroF1,
      report.baseline.macroF1,
      report.parity.maxAbsDiff,
      report.swap.ms,
      report.decisions.count,
      report.decisions.p50Us,
      report.decisions.p99Us,
      report.fitToFirstDecisionMs,
      report.outcome.takenBytes,
      report.outcome.ownRssBytes,
    ];
    for (const figure of figures) expect(figure).toBeGreaterThan(0);
    expectTrueOutcome(report);
    expect(report.gate.reason).not.toBe('');
    for (const key of ['majority', 'usageThreshold', 'persistence'] as const) {
      const [low, high] = report.baseline.intervals[key]!;
      expect(report.baseline[key]).toBeGreaterThanOrEqual(low);
      expect(report.baseline[key]).toBeLessThanOrEqual(high);
    }
    for (const file of [report.files.model, report.files.dataset]) expect(existsSync(file)).toBe(true);
    const page = readFileSync(report.files.report, 'utf8');
    expect(page).toContain('model goes live');
    expect(page).toContain(describeFreed(report.outcome));
    expect(page).toContain(describeReturned(report.outcome));
    await expectFitsPhone(report.files.report);
    expect(cgroupsLeft()).toEqual([]);
    expect(readdirSync(output).filter((name) => name.endsWith('.bin'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 240_000);

/** A phone's width, upright and after it was turned, in the light and in the dark. */
async function expectFitsPhone(path: string): Promise<void> {
  await using browser = await startBrowser();
  const tab = await browser.newPage();
  const backgrounds: unknown[] = [];
  for (const value of ['light', 'dark']) {
    await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
    await tab.setViewport({ width: 390, height: 844 });
    await tab.goto(pathToFileURL(path).href);
    await tab.waitForSelector('.u-wrap');
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    backgrounds.push(await tab.evaluate('getComputedStyle(document.body).backgroundColor'));
  }
  expect(backgrounds).toEqual(['rgb(248, 249, 250)', 'rgb(21, 24, 27)']);
  await tab.setViewport({ width: 844, height: 390 });
  await tab.setViewport({ width: 390, height: 844 });
  await tab.waitForFunction('document.documentElement.scrollWidth <= 390');
}

/** Evidence bounds what is said to be freed; each action says who was short; its rows add up. */
function expectTrueOutcome({ outcome, workload }: DemoReport): void {
  const { rows, actions, advisedBytes, takenBytes, freedBytes, returnedBytes, unknownActions, room } =
    outcome;
  expect(rows).toHaveLength(actions);
  expect(takenBytes).toBeLessThanOrEqual(advisedBytes);
  if (freedBytes !== null) expect(freedBytes + returnedBytes).toBeLessThanOrEqual(takenBytes);
  expect(unknownActions).toBe(rows.filter((row) => row.freedBytes === null).length);
  for (const row of rows) {
    expect(row.reason).toMatch(outcome.goal === 'relieve' ? /is short: / : /^nobody is short: saving/);
    expect(row.freedBytes ?? 0).toBeLessThanOrEqual(row.takenBytes);
  }
  if (workload.pressure === 'cgroup') expect(room!.actingBytes).toBeGreaterThan(room!.aloneBytes);
}

it('demo refuses a folder that is not an earlier demo, and touches nothing in it', async () => {
  await using home = await createTestHome();
  const { code, stderr } = await runCommand(home, ['demo', '--output', home.root]);
  expect(code).toBe(1);
  expect(stderr).toContain('ERR_APP_DEMO_STAGE');
});

/** Memory cgroups of demos that have ended, in either hierarchy. */
function cgroupsLeft(): string[] {
  const roots = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].filter((path) => existsSync(path));
  const pids = roots.flatMap((path) =>
    readdirSync(path).flatMap((name) => /^ruvector-demo-(\d+)$/.exec(name)?.[1] ?? []),
  );
  return pids.filter((pid) => !existsSync(`/proc/${pid}`));
}
