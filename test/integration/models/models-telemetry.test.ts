// The runtime's own telemetry: off unless the user asks for it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createTestHome, finished } from '../../support/daemon.ts';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');

it('serve keeps ONNX Runtime from writing down its use when a model is loaded', async () => {
  await using home = await createTestHome();
  const userHome = mkdtempSync(join(tmpdir(), 'rvm-user-'));
  try {
    const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
    const child = spawn(process.execPath, [bin, '--home', home.root, 'serve'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, HOME: userHome, XDG_CACHE_HOME: join(userHome, 'cache') },
    });
    const end = finished(child);
    while (!existsSync(home.bridgeFile)) await sleep(50);
    await sleep(500);
    const written = readdirSync(userHome, { recursive: true }).filter((name) =>
      /microsoft|onnx/i.test(String(name)),
    );
    expect(written).toEqual([]);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 0 });
  } finally {
    rmSync(userHome, { recursive: true, force: true });
  }
});
