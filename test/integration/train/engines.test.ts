// A model of hosts that trained together, each on its own history through a running daemon: it goes live as any other.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, startDaemon } from '../../support/daemon.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

const HZ = 20;
const script = join(import.meta.dirname, '../../support/train/federate.py');

interface Answer {
  readonly macroF1: number;
  readonly local: number;
  readonly live: string;
  readonly version: string;
  readonly labelMismatches: number;
}

it('ruvector.fit() across hosts trains on their histories and gives a model that goes live', async () => {
  await using home = await createTestHome();
  {
    await using history = await openHistory(home.history);
    const rows = pressuredSnapshots(1200, 120, 1000 / HZ);
    const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
    history.append(
      'memory',
      rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
    );
  }
  await using _daemon = await startDaemon(home, ['--hz', String(HZ), '--horizon', '1']);
  const { stdout } = await promisify(execFile)(python, [script, home.root, 'flower'], { timeout: 500_000 });
  const { macroF1, local, live, version, labelMismatches } = JSON.parse(stdout) as Answer;
  expect(live).toBe(`fleet@${version}`);
  expect(labelMismatches).toBe(0);
  expect(Math.abs(macroF1 - local)).toBeLessThan(0.05);
  const manifest = await readFile(join(home.root, 'models', 'fleet', version, 'manifest.json'), 'utf8');
  const { engine } = (JSON.parse(manifest) as { trainer: { engine: object } }).trainer;
  expect(engine).toMatchObject({ name: 'flower', rounds: 1, hosts: 2, failures: [], privacy: null });
}, 600_000);
