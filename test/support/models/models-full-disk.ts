// Child process of models-faults.test.ts, in a mount namespace of its own with a small tmpfs: what becomes of the
// models when it is full, and when it is read-only. Prints one line of JSON.
// node models-full-disk.ts MOUNTED_DIRECTORY MODELS
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError } from '../../../src/core/index.ts';
import { createModelHost, openRegistry } from '../../../src/models/index.ts';
import type { ModelEvent } from '../../../src/models/index.ts';
import { contractOf, readDraft } from './models.ts';

const [mounted = '', models = ''] = process.argv.slice(2);
const filler = join(mounted, 'filler');
const directory = join(mounted, 'models');
const events: ModelEvent[] = [];
const registry = await openRegistry(directory);
const { manifest } = await readDraft(models, 'linear');
const host = await createModelHost({
  registry,
  name: 'memopt',
  ...contractOf(manifest),
  isolation: 'none',
  onEvent: (event) => events.push(event),
});

function fill(): void {
  const file = openSync(filler, 'w');
  const chunk = Buffer.alloc(4096);
  try {
    for (;;) writeSync(file, chunk);
  } catch {
    // Full to the last page.
  } finally {
    closeSync(file);
  }
  if (statSync(filler).size === 0) throw new Error('nothing could be filled');
}

const makeRoom = (): void => rmSync(filler);
const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'ok',
    (error: unknown) => (isRuvectorError(error) ? error.code : String(error)),
  );
const add = async (kind: string): Promise<string> =>
  (await registry.add(await readDraft(models, kind))).version;
const state = async (): Promise<object> => {
  const { live, previous } = await registry.aliases('memopt');
  const [listing] = await registry.list();
  return { answering: host.liveVersion?.split('@')[1], live, previous, versions: listing!.versions.length };
};
const remount = (how: string): unknown => execFileSync('mount', ['-o', `remount,${how}`, mounted]);

const row = (first: number): Float32Array => new Float32Array(12).fill(0.1).with(0, first);
const a = await add('forest-a');
const b = await add('forest-b');
const failing = await add('late-nan');
await host.activate(a);
await host.activate(b);
const found: Record<string, unknown> = { a, b, failing };

fill();
found['rollbackFull'] = await codeOf(host.rollback());
found['activateFull'] = await codeOf(host.activate(a));
found['addFull'] = await codeOf(add('forest-a'));
found['afterFull'] = await state();
found['eventsFull'] = events.splice(0).map(({ type }) => type);
makeRoom();
remount('ro');
found['rollbackReadOnly'] = await codeOf(host.rollback());
found['addReadOnly'] = await codeOf(add('forest-a'));
// Nothing is to be mended.
found['repairReadOnly'] = await codeOf(registry.repair());
found['reopenReadOnly'] = await codeOf(openRegistry(directory));
found['afterReadOnly'] = await state();
remount('rw');
events.length = 0;
found['rollback'] = await codeOf(host.rollback());
found['afterRollback'] = await state();

// A version that fails must be left at once, whatever the disk says; the disk follows.
await host.activate(failing);
fill();
const answer = await host.predict(row(2e6));
found['answeredBy'] = answer.modelVersion;
while (!events.some(({ type }) => type === 'store-failed')) await sleep(10);
found['behind'] = host.aliasesBehind;
found['whileBehind'] = await state();
makeRoom();
while (!events.some(({ type }) => type === 'store-followed')) await sleep(10);
found['afterFollowing'] = { ...(await state()), behind: host.aliasesBehind };
await host.close();
process.stdout.write(`${JSON.stringify(found)}\n`);
