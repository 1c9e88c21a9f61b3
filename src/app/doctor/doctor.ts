// The checks of `doctor`: a table. `missing` stops the product from working, `limited` costs a part of it.
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '../../core/index.ts';
import { makeFolderSync } from '../../files/index.ts';
import { createSyscalls, readReclaimBackend } from '../../optimize/index.ts';
import { findPython } from '../../train/index.ts';
import type { Check, CheckResult } from './check.ts';
import { actionChecks } from './doctor-actions.ts';
import { daemonChecks } from './doctor-daemon.ts';
import { extrasCheck } from './doctor-extras.ts';
import { remoteChecks } from './doctor-remote.ts';
import { trainersCheck } from './doctor-trainers.ts';
import { lookAtPythonModule } from './python-module-look.ts';
import { tfjsCheck } from './doctor-tfjs.ts';
import { sharedMemoryCheck } from './shared-memory-check.ts';
import type { HostStatus } from '../host/status-types.ts';

const run = promisify(execFile);
const MIN_FREE_BYTES = 200 * 2 ** 20;

const checks: readonly Check[] = [
  {
    name: 'Node 24',
    severity: 'missing',
    costs: 'nothing runs',
    fix: 'npm run cli -- doctor   (brings Node 24 by itself)',
    look: async () => {
      if (Number(process.versions.node.split('.')[0]) < 24) throw new Error(`Node ${process.versions.node}`);
      return `Node ${process.versions.node}`;
    },
  },
  native('ZeroMQ', 'zeromq', 'no bridge: neither Python nor notebooks can connect'),
  {
    name: 'ONNX Runtime',
    severity: 'missing',
    costs: 'no model can decide; the rule policy still does',
    fix: 'npm install onnxruntime-node@1.30.0 --ignore-scripts   (the package brings it for Linux with glibc)',
    look: async () => {
      const { createNativeSession } = await import('../../models/runtime/index.ts');
      createNativeSession().dispose();
      return 'a session can be created';
    },
  },
  {
    name: 'System calls (koffi)',
    severity: 'limited',
    costs: 'nothing is paged out: decisions are made and recorded, processes are not acted on',
    fix: 'npm install koffi',
    look: async () => {
      await createSyscalls();
      return 'process_madvise can be called';
    },
  },
  {
    name: 'Python packages',
    severity: 'missing',
    costs: 'no training',
    fix: 'npx ruvector-memopt setup python   (or RUVECTOR_PYTHON=/path/to/python3 that has them)',
    look: async () => {
      const python = await findPython();
      const code =
        'import sys; sys.path[:] = [p for p in sys.path if p]; import sklearn, skl2onnx, onnxruntime; print(sys.version.split()[0], sklearn.__version__)';
      const { stdout } = await run(python, ['-c', code]);
      const [version, sklearn] = stdout.trim().split(' ');
      return `Python ${version}, scikit-learn ${sklearn} (${python})`;
    },
  },
  {
    name: 'Python module',
    severity: 'limited',
    costs: '`import ruvector` in a script of yours may find something else than ruvector-memopt',
    fix: 'as found above; on PyPI, ruvector is another project',
    look: lookAtPythonModule,
  },
  extrasCheck,
  trainersCheck,
  tfjsCheck,
  {
    name: 'Pressure (PSI)',
    severity: 'limited',
    costs: 'labels and features lack stall times; refaults, faults and available memory are still used',
    fix: 'boot with psi=1 (kernel 4.20 or newer, CONFIG_PSI=y)',
    look: async () => {
      const line = readFileSync('/proc/pressure/memory', 'utf8').split('\n')[0] ?? '';
      return line;
    },
  },
  {
    name: 'Page-out frees',
    severity: 'limited',
    costs: 'only clean file pages can be given back; anonymous memory is left alone',
    fix: 'add zram swap: modprobe zram && zramctl -f -s 2G && mkswap /dev/zram0 && swapon /dev/zram0',
    look: async () => {
      const backend = await readReclaimBackend();
      if (!backend.freesAnonymous) throw new Error(backend.reason);
      return backend.reason;
    },
  },
  {
    name: 'Home',
    severity: 'missing',
    costs: 'no history, no models',
    fix: 'choose a folder with space: export RUVECTOR_HOME=/path/to/folder',
    look: async (home) => {
      makeFolderSync(home.root, 0o700);
      await access(home.root, constants.W_OK);
      const { bavail, bsize } = await statfs(home.root);
      if (bavail * bsize < MIN_FREE_BYTES)
        throw new Error(`${home.root} has ${Math.round((bavail * bsize) / 2 ** 20)} MiB left`);
      return `${home.root}, ${Math.round((bavail * bsize) / 2 ** 30)} GiB free`;
    },
  },
  {
    name: 'Running host',
    severity: 'limited',
    costs: 'history does not grow and nothing decides',
    fix: 'ruvector-memopt serve',
    look: async (home) => {
      await using client = await findDaemon(home.bridgeFile);
      if (!client) throw new Error('none on this home');
      const { result } = await client.request('status');
      return `pid ${(result as { pid: number }).pid}`;
    },
  },
  {
    name: 'Own memory',
    severity: 'limited',
    costs: 'the daemon takes more memory than it can give back here',
    fix: 'ruvector-memopt serve --name <larger process>   (or run it where targets are larger)',
    look: async (home) => {
      await using client = await findDaemon(home.bridgeFile);
      if (!client) return 'no running host to look at';
      const { result } = await client.request('status');
      const { memory } = result as HostStatus;
      if (memory?.paysOff.pays === false) throw new Error(memory.paysOff.reason);
      return memory?.paysOff.reason ?? 'not sampled yet';
    },
  },
];

function native(name: string, packageName: string, costs: string): Check {
  return {
    name,
    severity: 'missing',
    costs,
    fix: 'rm -rf node_modules, and the same installation again under Node 24   (in a checkout: npm run demo)',
    look: async () => {
      await import(packageName);
      return `${packageName} loads`;
    },
  };
}

/** Runs every check; a check that throws is a result, never a failure of the doctor. */
export async function runChecks(home: Home): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, severity, costs, fix, look } of [
    ...checks,
    sharedMemoryCheck,
    ...daemonChecks,
    ...remoteChecks,
    ...actionChecks,
  ]) {
    try {
      results.push({ name, state: 'ok', found: await look(home), costs, fix });
    } catch (error) {
      results.push({ name, state: severity, found: messageOf(error).split('\n')[0] ?? '', costs, fix });
    }
  }
  return results;
}
