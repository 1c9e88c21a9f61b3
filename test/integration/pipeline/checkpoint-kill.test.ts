// A run that is killed again and again goes on where it was: every row is written once, or a dead letter once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PipelineProgress } from '../../../src/pipeline/index.ts';
import { createPrintedRandom } from '../../support/random.ts';

const ROWS = 12_000;
const KILLS = 4;
const child = join(import.meta.dirname, '../../support/pipeline/checkpoint-child.ts');
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the child; kills it after a time if one is given. @returns what it printed, or null when it was killed */
async function runChild(home: string, order: string, killAfterMs: number | null): Promise<string | null> {
  const process_ = spawn(process.execPath, [child, home, String(ROWS), order], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(process_, 'exit');
  let output = '';
  const started = Promise.withResolvers<void>();
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    started.resolve();
  });
  await Promise.race([started.promise, exited]);
  if (killAfterMs !== null) {
    await Promise.race([sleep(killAfterMs), exited]);
    process_.kill('SIGKILL');
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  if (signal === 'SIGKILL') return null;
  expect(code).toBe(0);
  return output.split('\n')[1]!;
}

async function readNumbers(path: string): Promise<number[]> {
  return (await readFile(path, 'utf8')).trimEnd().split('\n').map(Number);
}

it.each(['ordered', 'unordered'])(
  'runStages() loses and doubles no row when it is killed and started again, %s',
  async (order) => {
    const random = createPrintedRandom('moments of kill -9');
    let home: string;
    let killed: number;
    let output: string | null;
    // On a busy machine a run may be over before it is killed: then it is no run of this test.
    do {
      home = await mkdtemp(join(folder, 'run-'));
      killed = 0;
      output = null;
      for (let i = 0; i < KILLS && output === null; i++) {
        output = await runChild(home, order, 20 + random() * 250);
        if (output === null) killed++;
      }
    } while (killed === 0);
    output ??= await runChild(home, order, null);
    const progress = JSON.parse(output!) as PipelineProgress;
    const written = await readNumbers(join(home, 'rows.txt'));
    const dead = await readNumbers(join(home, 'dead.txt'));
    const all = [...written, ...dead].sort((a, b) => a - b);
    expect(all.length).toBe(ROWS);
    expect(all.findIndex((number, at) => number !== at)).toBe(-1);
    if (order === 'ordered') expect(written.toSorted((a, b) => a - b)).toEqual(written);
    // Figures go on too: what earlier lives wrote counts.
    expect([progress.rowsIn, progress.rowsOut]).toEqual([ROWS, written.length]);
    expect(progress.stages[2]!.deadRows).toBe(dead.length);
    expect((await readdir(home)).sort()).toEqual(['dead.txt', 'rows.txt']);
  },
);
