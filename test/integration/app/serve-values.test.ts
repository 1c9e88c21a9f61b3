// The real daemon over a tree of /proc whose files go bad and sound again while it runs: it samples on, stores what is
// sound, and says what was not.
import { expect, it } from 'vitest';
import { renderStatus } from '../../../src/app/commands/status.ts';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, poll, runCommand, startDaemon } from '../../support/daemon.ts';
import { copyProcTree } from '../../support/collect/proc-tree.ts';

const wrapped = '18446744073709551612';

it('serve samples on while its sources go bad, appear and vanish, and status says what was wrong', async () => {
  using tree = copyProcTree();
  const sound = new Map<string, string>();
  for (const path of ['proc/meminfo', 'proc/vmstat', 'proc/pressure/io']) {
    tree.edit(path, (text) => {
      sound.set(path, text);
      return text;
    });
  }
  const restore = (): void => sound.forEach((text, path) => tree.write(path, text));
  await using home = await createTestHome();
  await using daemon = await startDaemon(home, [
    '--procfs',
    tree.procRoot,
    '--hz',
    '20',
    '--process-interval',
    '0',
  ]);
  const status = async (): Promise<HostStatus> =>
    (await daemon.client.request('status')).result as HostStatus;
  const countOf = ({ health }: HostStatus, column: string): number =>
    health.flatMap(({ badColumns }) => badColumns).find((bad) => bad.column === column)?.count ?? 0;
  const samplesOn = async (): Promise<HostStatus> => {
    const { samples } = await status();
    return poll(status, (now) => now.samples > samples + 2);
  };

  await poll(status, ({ samples }) => samples > 2);
  tree.edit('proc/meminfo', (text) => text.replace(/^SwapFree.*$/m, `SwapFree: ${wrapped} kB`));
  tree.edit('proc/vmstat', (text) => text.replace(/^pswpin .*$/m, `pswpin ${wrapped}`));
  tree.remove('proc/pressure/io');
  tree.edit('proc/202/stat', (text) => text.replace('(postgres)', '(a) S 1 (\n\xff)'));
  const bad = await poll(status, (now) => countOf(now, 'swap_free_kib') > 2 && countOf(now, 'pswpin') > 2);
  expect(bad.health.filter(({ success }) => success === 0).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['meminfo', 'vmstat', 'pressure']),
  );

  tree.write('proc/meminfo', '');
  const skipping = await poll(status, ({ skipped }) => skipped.count > 2);
  expect(skipping.skipped.last).toMatchObject({
    stage: 'collect',
    reason: expect.stringContaining('/proc/meminfo'),
  });
  tree.remove('proc/meminfo');
  await poll(status, ({ skipped }) => skipped.count > skipping.skipped.count + 2);
  restore();
  const well = await samplesOn();
  expect(well.health.find(({ name }) => name === 'meminfo')).toMatchObject({ success: 1, lastError: null });
  const page = renderStatus(well);
  expect(page).toMatch(/sampling +20 Hz, \d+ samples, \d+ missed, \d+ skipped, the last at .*meminfo/);
  expect(page).toMatch(new RegExp(`null swap_free_kib +\\d+ unusable values from meminfo, .*${wrapped}`));

  const { code, stderr } = await daemon.stop();
  expect(code).toBe(0);
  // One line for each column and stage, however many samples there were.
  expect(stderr.split('\n').filter((line) => line.includes('"swap_free_kib"'))).toHaveLength(1);
  expect(stderr.split('\n').filter((line) => line.includes('sample skipped'))).toHaveLength(1);

  await using history = await openHistory(home.history, { retainMs: Infinity, retainBytes: Infinity });
  const rows = await history.rows('memory');
  expect(rows).toHaveLength(rows.filter(({ mem_total_kib: total }) => total === 16284516).length);
  expect(
    rows.filter((row) => row.swap_free_kib === null && row.mem_free_kib === 1203344).length,
  ).toBeGreaterThan(2);
  expect(rows.some((row) => row.pswpin === null && row.pgmajfault !== null)).toBe(true);
  expect(rows.some((row) => row.psi_io_some_us === null && row.psi_memory_some_us !== null)).toBe(true);
  expect(rows.at(-1)).toMatchObject({ swap_free_kib: 8101884 });
  const names = new Set((await history.rows('process')).map(({ name }) => name));
  expect(names).toContain('a) S 1 (\n\ufffd');
});

it("serve refuses to act by a procfs that is not the host's own, and a procfs that is none", async () => {
  using tree = copyProcTree();
  await using home = await createTestHome();
  const acting = await runCommand(home, ['serve', '--procfs', tree.procRoot, '--act', '--pid', '99']);
  expect(acting.code).not.toBe(0);
  expect(acting.stderr).toContain("not this host's own");
  const absent = await runCommand(home, ['serve', '--procfs', `${tree.root}/none`]);
  expect(absent.stderr).toMatch(/ERR_APP_CONFIG.*procfs is/);
});
