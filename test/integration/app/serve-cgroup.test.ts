// `serve --cgroup` on a real cgroup of the test's own. Where cgroup v1 hands out memory, the processes in it are the
// targets. A host where this test may make no cgroup, or act on no process, skips it.
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createTestHome, poll, startDaemon } from '../../support/daemon.ts';
import { makeMemoryCgroup } from '../../support/optimize/memory-cgroup.ts';
import { makeDiskFolder, startMemoryChild } from '../../support/optimize/memory-child.ts';

const CLEAN_MIB = 10;
const CLEAN_PAGES = (CLEAN_MIB * 2 ** 20) / 4096;

const diskFolder = await makeDiskFolder();
if (diskFolder !== null) await rm(diskFolder, { recursive: true });
const probe = makeMemoryCgroup(64);
await probe?.[Symbol.asyncDispose]();
const canAct = probe !== null && diskFolder !== null && process.geteuid?.() === 0;

it.runIf(canAct)(
  'serve --cgroup pages out what is cold in it while it is short, and nothing outside',
  async () => {
    await using home = await createTestHome();
    await using cgroup = makeMemoryCgroup(100)!;
    // Of its limit the anonymous pages alone leave less than a quarter.
    await using inside = await startMemoryChild({ anonMib: 76, cleanMib: CLEAN_MIB, cgroup: cgroup.path });
    await using outside = await startMemoryChild({ cleanMib: CLEAN_MIB });
    await using daemon = await startDaemon(home, ['--cgroup', cgroup.path, '--act', '--hz', '10']);
    const acted = `action: process ${inside.pid} (python): page out`;
    const log = await poll(
      () => Promise.resolve(daemon.log()),
      (text) => text.includes(acted),
    );
    expect(log).toContain(`${cgroup.path}, which its pages count against, is short`);
    expect(log).not.toContain(`process ${outside.pid}`);
    expect(await inside.countCachedPages()).toBeLessThan(CLEAN_PAGES);
    expect(await outside.countCachedPages()).toBe(CLEAN_PAGES);
  },
);
