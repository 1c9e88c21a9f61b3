// Child process of models-faults.test.ts: lets the n-th change of the file system fail, or end the process, while a
// registry changes. node models-step-faults.ts MODELS FOLDER ACTION STEP is killed at that step of the action.
// node models-step-faults.ts MODELS FOLDER PREPARED lets every step of every action fail, in a copy of PREPARED in
// FOLDER each, and prints one line of JSON for each.
import * as fs from 'node:fs';
import { cp } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const [models = '', folder = '', action = '', only = ''] = process.argv.slice(2);
const prepared = action;
let code = 'kill';

let left = Infinity;
const real = { ...fs.promises };

function step(what: string): void {
  if (--left !== 0) return;
  if (code === 'kill') process.kill(process.pid, 'SIGKILL');
  throw Object.assign(new Error(`${code}: made to fail, ${what}`), { code });
}

type Call = (...args: never[]) => Promise<unknown>;
for (const name of ['rename', 'mkdir', 'rm'] as const) {
  const call = real[name] as Call;
  Object.assign(fs.promises, {
    [name]: async (...args: never[]) => {
      step(name);
      return call(...args);
    },
  });
}
Object.assign(fs.promises, {
  open: async (path: string, flags: string, mode?: number) => {
    step(`open ${path}`);
    const handle = await real.open(path, flags, mode);
    for (const name of ['writeFile', 'sync'] as const) {
      const call = handle[name].bind(handle) as Call;
      Object.assign(handle, {
        [name]: async (...args: never[]) => {
          step(name);
          return call(...args);
        },
      });
    }
    return handle;
  },
});
syncBuiltinESMExports();

const { isRuvectorError } = await import('../../../src/core/index.ts');
const { openRegistry } = await import('../../../src/models/index.ts');
const { readDraft } = await import('./models.ts');
type Registry = Awaited<ReturnType<typeof openRegistry>>;
const draft = await readDraft(models, 'linear');

/** The folder is prepared with a live, a previous and an old version, and a candidate. */
const actions: Readonly<Record<string, (registry: Registry) => Promise<unknown>>> = {
  add: (registry) => registry.add(draft),
  setLive: async (registry) => registry.setLive('memopt', (await registry.aliases('memopt')).candidate!),
  rollback: (registry) => registry.rollback('memopt'),
  remove: async (registry) => registry.remove('memopt', (await registry.list())[0]!.versions[0]!),
  setAside: async (registry) => registry.setAside('memopt', (await registry.aliases('memopt')).live!),
  prune: (registry) => registry.prune({ keep: 3 }),
  repair: (registry) => registry.repair(),
};

async function run(target: string, name: string, at: number): Promise<string> {
  const registry = await openRegistry(target, { keepVersions: 0 });
  left = at;
  try {
    await actions[name]!(registry);
    return 'ok';
  } catch (error) {
    return isRuvectorError(error) ? error.code : String(error);
  }
}

/** Every step in a copy of its own, until one is not reached. */
async function runAll(name: string): Promise<void> {
  for (let at = 1, wasReached = true; wasReached; at++) {
    const target = join(folder, `${name}-${code}-${at}`);
    await cp(prepared, target, { recursive: true });
    const outcome = await run(target, name, at);
    wasReached = left <= 0;
    left = Infinity;
    process.stdout.write(`${JSON.stringify({ action: name, at, outcome, target, wasReached })}\n`);
  }
}

if (only !== '') await run(folder, action, Number(only));
else {
  for (code of ['ENOSPC', 'EACCES']) for (const name of Object.keys(actions)) await runAll(name);
}
