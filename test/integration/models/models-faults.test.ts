// Changes of the models folder that fail: a full disk, a read-only one, every step that may fail or end the
// process, two processes at once. After each, memory and disk agree, and what was live is live.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRegistry } from '../../../src/models/index.ts';
import { makeModels, readDraft } from '../../support/models/models.ts';

const support = (name: string): string => join(import.meta.dirname, '../../support/models', name);
const run = promisify(execFile);

let models: string;
let root: string;

beforeAll(async () => {
  models = await makeModels();
  root = await mkdtemp(join(tmpdir(), 'ruvector-models-faults-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The pointers and versions of a folder, once every pointer was followed to a whole package. */
async function readState(directory: string): Promise<{ aliases: object; versions: readonly string[] }> {
  const registry = await openRegistry(directory);
  const aliases = await registry.aliases('memopt');
  const [listing] = await registry.list();
  for (const version of Object.values(aliases)) {
    if (version !== null) await registry.show(`memopt@${version as string}`);
  }
  return { aliases, versions: listing!.versions };
}

const leftoversIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { recursive: true })).filter((entry) => /\.staging-|\.tmp$/.test(entry));

// A tmpfs of the child's own, gone with it however it ends.
const mountOwn = (folder: string): string[] => [
  '-rm',
  'bash',
  '-ec',
  `mount -t tmpfs -o size=8m none "${folder}"; exec "$@"`,
  '-',
];
const mayMount = spawnSync('unshare', [...mountOwn('/tmp'), 'true']).status === 0;

describe.skipIf(!mayMount)('createModelHost() on a folder that cannot be written', () => {
  it('leaves what was live on disk and in memory, and follows a rollback for safety when it can again', async () => {
    const mounted = await mkdtemp(join(root, 'mounted-'));
    const script = [process.execPath, support('models-full-disk.ts'), mounted, models];
    const { stdout } = await run('unshare', [...mountOwn(mounted), ...script]);
    const found = JSON.parse(stdout) as Record<string, string>;
    const { a, b, failing } = found;
    const before = { answering: b, live: b, previous: a, versions: 3 };
    expect(found).toMatchObject({
      rollbackFull: 'ERR_MODEL_STORE',
      activateFull: 'ERR_MODEL_STORE',
      addFull: 'ERR_MODEL_STORE',
      afterFull: before,
      eventsFull: ['activated', 'activated', 'rollback-failed', 'rejected'],
      rollbackReadOnly: 'ERR_MODEL_STORE',
      addReadOnly: 'ERR_MODEL_STORE',
      repairReadOnly: 'ok',
      reopenReadOnly: 'ok',
      afterReadOnly: before,
      rollback: 'ok',
      afterRollback: { answering: a, live: a, previous: null, versions: 3 },
      answeredBy: `memopt@${a}`,
      behind: { answering: a, onDisk: failing, reason: expect.stringContaining('ENOSPC') as string },
      whileBehind: { answering: a, live: failing },
      afterFollowing: { answering: a, live: a, behind: null },
    });
  });
});

interface Step {
  readonly action: string;
  readonly outcome: string;
  readonly target: string;
  readonly wasReached: boolean;
}

describe('openRegistry() after a change that was cut short at any step', () => {
  let prepared: string;
  let before: Awaited<ReturnType<typeof readState>>;

  beforeAll(async () => {
    prepared = join(root, 'prepared');
    const registry = await openRegistry(prepared);
    const draft = await readDraft(models, 'linear');
    for (let i = 0; i < 3; i++) await registry.setLive('memopt', (await registry.add(draft)).version);
    await registry.add(draft);
    before = await readState(prepared);
  });

  it('finds that it happened or did not, and nothing of it besides', async () => {
    const folder = join(root, 'steps');
    const { stdout } = await run(process.execPath, [
      support('models-step-faults.ts'),
      models,
      folder,
      prepared,
    ]);
    const steps = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Step);
    const counts = Object.groupBy(steps, ({ action }) => action);
    expect(Object.keys(counts)).toEqual([
      'add',
      'setLive',
      'rollback',
      'remove',
      'setAside',
      'prune',
      'repair',
    ]);
    for (const { action, outcome, target, wasReached } of steps) {
      const after = await readState(target);
      expect(await leftoversIn(target)).toEqual([]);
      if (!wasReached) expect(outcome).toBe('ok');
      if (outcome === 'ok') continue;
      expect(outcome, action).toBe('ERR_MODEL_STORE');
      // Setting aside takes two steps: a pointer that leads nowhere would be worse than a package too many.
      if (action === 'setAside') expect(after.versions).toEqual(before.versions);
      else expect(after, action).toEqual(before);
    }
  });

  it('finds one state or the other after kill -9, and nothing besides after the next start', async () => {
    const steps = ['add', 'rollback', 'setAside'].flatMap((action) =>
      Array.from({ length: action === 'add' ? 14 : 5 }, (_, i) => ({ action, at: i + 1 })),
    );
    const killOne = async ({ action, at }: (typeof steps)[number]): Promise<void> => {
      const target = join(root, `kill-${action}-${at}`);
      await cp(prepared, target, { recursive: true });
      const args = [support('models-step-faults.ts'), models, target, action, String(at)];
      const child = spawn(process.execPath, args, { stdio: 'ignore' });
      await once(child, 'exit');
      const { versions } = await readState(target);
      expect(await leftoversIn(target)).toEqual([]);
      expect(versions.length).toBeGreaterThanOrEqual(before.versions.length - 1);
      const registry = await openRegistry(target);
      const { version } = await registry.add(await readDraft(models, 'linear'));
      expect(await registry.aliases('memopt')).toMatchObject({ candidate: version });
    };
    // Two at a time: as many as the machine has cores.
    const next = steps[Symbol.iterator]();
    const worker = async (): Promise<void> => {
      for (const each of next) await killOne(each);
    };
    await Promise.all([worker(), worker()]);
  });
});

describe('registry.add() by two processes on one folder', () => {
  it('gives every package a version of its own and pointers to what is there', async () => {
    const directory = join(root, 'shared');
    const args = [support('add-model.ts'), directory, models, 'linear', '15'];
    const outputs = await Promise.all([run(process.execPath, args), run(process.execPath, args)]);
    const versions = outputs.flatMap(({ stdout }) => stdout.trim().split('\n'));
    expect(versions.filter((line) => !/^\d/.test(line))).toEqual([]);
    expect(versions).toHaveLength(30);
    expect(new Set(versions).size).toBe(30);
    const { aliases, versions: kept } = await readState(directory);
    expect(Object.values(aliases)).toContain(versions.toSorted().at(-1));
    expect(kept.length).toBeLessThanOrEqual(20);
  });
});
