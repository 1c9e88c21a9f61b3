// `node scripts/store-notebooks.mjs [NN ...]`: runs the notebooks whose names begin so (all, when none is named) with this
// checkout's kernel and stores what their cells show, so that GitHub and other viewers show it. Needs `npm run check` to
// have set up once, and the npm registry for Vega, which draws charts as pictures. On Linux as root, cells see no other
// processes of this machine than their own and a crowd of idle ones, without which nobody could be hidden (notebook 02).
// Prints what the files weigh afterwards.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNotebookRunner, listNotebooks } from '../test/support/kernel/notebooks.ts';
import { storeOutputs } from './notebooks/store-outputs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const workshop = join(root, '.cache', 'notebooks');
const VEGA = ['vega@6.4.0', 'vega-lite@6.5.0'];
/** Processes that only sleep. They end with the last of those that are seen. */
const CROWD = 150;
const ALONE = 'RUVECTOR_NOTEBOOKS_ALONE';

/** Runs this script where it sees no other processes, and the host has another name; false where that cannot be. */
function runAlone() {
  if (process.platform !== 'linux' || process.getuid() !== 0 || process.env[ALONE]) return false;
  const crowd = `i=0; while [ $i -lt ${CROWD} ]; do sleep 3600 & i=$((i + 1)); done`;
  const command = `hostname notebook && ${crowd}; exec "$@"`;
  const again = [process.execPath, ...process.argv.slice(1)];
  const options = { stdio: 'inherit', env: { ...process.env, [ALONE]: hostname() } };
  const flags = ['--pid', '--fork', '--mount-proc', '--uts', 'sh', '-c', command, 'sh'];
  const { status, error } = spawnSync('unshare', [...flags, ...again], options);
  if (error) return false;
  process.exitCode = status ?? 1;
  return true;
}

function installVega() {
  mkdirSync(workshop, { recursive: true });
  writeFileSync(join(workshop, 'package.json'), '{ "private": true }');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['install', '--no-audit', '--no-fund', '--no-save', ...VEGA], {
    cwd: workshop,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // Without it, the checkout's own is the nearest: types of the product are found through that.
  rmSync(join(workshop, 'package.json'));
  if (status !== 0) throw new Error('Cannot install vega: npm says why above.');
}

/** What must not be in a file, and what stands there instead. */
const places = (temporary) => [
  [temporary, '/tmp/notebook'],
  [workshop, '/repository/notebooks'],
  [root, '/repository'],
  [homedir(), '/home/me'],
];

async function store(runner, name) {
  const copy = join(workshop, name);
  const path = join(root, 'notebooks', name);
  copyFileSync(path, copy);
  const outputs = await runner.runFile(copy);
  const told = [process.env[ALONE] ?? hostname(), userInfo().username].filter((one) => one !== 'root');
  const text = storeOutputs(readFileSync(path, 'utf8'), outputs, { places: places(runner.temporary), told });
  writeFileSync(path, text);
  console.log(`${name}: ${Math.round(statSync(path).size / 1024)} KiB`);
}

if (!runAlone()) {
  const wanted = process.argv.slice(2);
  const names = listNotebooks().filter(
    (name) => wanted.length === 0 || wanted.some((begin) => name.startsWith(begin)),
  );
  installVega();
  const runner = createNotebookRunner();
  try {
    for (const name of names) await store(runner, name);
  } finally {
    runner[Symbol.dispose]();
  }
  const bytes = listNotebooks().reduce((sum, name) => sum + statSync(join(root, 'notebooks', name)).size, 0);
  console.log(`all notebooks: ${Math.round(bytes / 1024)} KiB`);
}
