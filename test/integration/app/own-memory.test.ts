// The daemon's own memory on a real host: summed over its processes, looked up seldom, said in log and status.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createOwnMemoryReader, readTargetKib } from '../../../src/app/serve/own-memory.ts';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { createTestHome, poll, runCommand, startDaemon } from '../../support/daemon.ts';

const residentKib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

it('createOwnMemoryReader() adds the children of a process when it has some', async () => {
  const program = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); setInterval(() => {}, 1000)`;
  const parent = spawn(process.execPath, ['-e', program], { stdio: 'ignore', detached: true });
  try {
    const pid = parent.pid!;
    // The child has its memory a while after it was started.
    const { rssKib, pssKib } = await poll(
      () => Promise.resolve(createOwnMemoryReader({ pid })()),
      (memory) => memory.rssKib > 1.5 * residentKib(pid),
    );
    expect(pssKib).toBeLessThan(rssKib);
  } finally {
    process.kill(-parent.pid!, 'SIGKILL');
  }
});

it('createOwnMemoryReader() looks again when ten seconds have passed, not before', () => {
  let nowMs = 0;
  const read = createOwnMemoryReader({ nowMs: () => nowMs });
  const first = read();
  nowMs = 9999;
  expect(read()).toBe(first);
  nowMs = 10_000;
  expect(read()).not.toBe(first);
});

it('readTargetKib() finds processes by pid and by name, each once', () => {
  const name = readFileSync(`/proc/${process.pid}/comm`, 'utf8').trimEnd();
  const byPid = readTargetKib({ pids: [process.pid], names: [] });
  expect(Math.abs(byPid - residentKib(process.pid))).toBeLessThan(0.2 * byPid);
  expect(readTargetKib({ pids: [process.pid], names: [name] })).toBeGreaterThanOrEqual(0.8 * byPid);
  expect(readTargetKib({ pids: [], names: [] })).toBe(0);
});

it('serve says in its log, status and doctor that it does not pay when its target is smaller than itself', async () => {
  await using home = await createTestHome();
  const target = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
  try {
    await using daemon = await startDaemon(home, ['--pid', String(target.pid)]);
    const { memory } = await poll(
      async () => (await daemon.client.request('status')).result as HostStatus,
      (status) => status.memory !== null,
    );
    expect(memory!.own.rssKib).toBeGreaterThan(30_000);
    expect(memory!.paysOff).toMatchObject({ pays: false, reason: expect.stringContaining('does not pay') });
    expect((await runCommand(home, ['status'])).stdout).toMatch(/own memory .*does not pay/);
    expect((await runCommand(home, ['doctor'])).stdout).toMatch(/Own memory .*does not pay/);
    await poll(
      () => Promise.resolve(daemon.log()),
      (text) => /the daemon takes .*does not pay/.test(text),
    );
  } finally {
    target.kill('SIGKILL');
  }
});
