// Sets up everything the project needs, then runs one target: demo, test, bench, cli, lab, ...
// Plain JavaScript for Node >= 18 and nothing installed: it brings Node 24 itself, runs `npm ci`
// under that Node (an npm run by an older Node silently skips nodejs-polars' native package) and
// keeps the Python packages in .venv. Each step is stamped and skipped while it is up to date.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { become } from '../bin/become.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const venv = join(root, '.venv');
const venvPython = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const NODE_VERSION = '24.21.0';
const NPM_VERSION = '11.19.1';
const MIN_NODE_MAJOR = 24;
const MIN_PYTHON = [3, 10];

/** What each target runs once everything is in place, and which Python packages it needs. */
const targets = {
  demo: { run: ['bin/ruvector-memopt.mjs', 'demo'], python: 'requirements.txt' },
  cli: { run: ['bin/ruvector-memopt.mjs'], python: 'requirements.txt' },
  test: { run: ['scripts/test.mjs'], python: 'requirements-dev.txt', programs: true, native: true },
  check: { run: ['scripts/test.mjs', '--static'], python: 'requirements-dev.txt' },
  bench: { run: ['test/bench/run.ts'], python: 'requirements-dev.txt', native: true },
  soak: { run: ['test/soak/run.ts'], python: 'requirements-dev.txt' },
  lab: { start: startLab, python: 'requirements-lab.txt' },
  build: { start: ({ node }) => ensureBuild(node) },
};

class SetupError extends Error {}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function hashOf(...parts) {
  return createHash('sha256').update(parts.join('\0')).digest('hex');
}

const read = (path) => readFileSync(join(root, path), 'utf8');

/** Runs `step` unless the stamp says it was done for the same inputs and `artifact` still exists. */
function once(name, inputs, artifact, step) {
  const stamp = join(root, '.cache', 'setup', name);
  const wanted = hashOf(...inputs);
  const isDone = existsSync(artifact) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (isDone) return;
  rmSync(stamp, { force: true });
  step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function run(command, args, what, advice, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
  });
  if (result.status === 0) return result.stdout;
  const output = [result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n');
  const tail = output.trim().split('\n').slice(-15).join('\n');
  throw new SetupError(`Cannot ${what}:\n${tail}\n\n${adviceFor(output, advice)}`);
}

function adviceFor(output, advice) {
  const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|NewConnectionError|Temporary failure/.test(
    output,
  );
  return isOffline
    ? 'A package registry could not be reached: check the network or proxy (npm config get registry, pip config list) and run the same command again.'
    : advice;
}

/** Node 24 and its npm: the system's when new enough, else from the npm package `node`. */
function ensureNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= MIN_NODE_MAJOR) {
    return { node: process.execPath, npm: process.env.npm_execpath ?? findNpm() };
  }
  const folder = join(root, '.toolchain');
  const node = join(
    folder,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  once('toolchain', [NODE_VERSION, NPM_VERSION], node, () => {
    say(
      `Node ${process.versions.node} is older than ${MIN_NODE_MAJOR}: fetching Node ${NODE_VERSION} from npm`,
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, allowScripts: { node: true } }),
    );
    const packages = [`node@${NODE_VERSION}`, `npm@${NPM_VERSION}`];
    run(
      ...npmCommand(process.env.npm_execpath, [
        'install',
        '--prefix',
        folder,
        '--no-audit',
        '--no-fund',
        ...packages,
      ]),
      'fetch Node 24 from the npm registry',
      `Install Node ${MIN_NODE_MAJOR} or newer from https://nodejs.org and run the same command again.`,
    );
  });
  return { node, npm: join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js') };
}

function findNpm() {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return existsSync(beside) ? beside : undefined;
}

/** The command that runs npm under this very Node, or the npm on PATH when its script is not known. */
function npmCommand(npmScript, args, node = process.execPath) {
  return npmScript?.endsWith('.js') ? [node, [npmScript, ...args]] : ['npm', args];
}

function ensurePackages({ node, npm }) {
  const inputs = [
    read('package-lock.json'),
    read('package.json'),
    NODE_VERSION,
    process.platform,
    process.arch,
  ];
  once('packages', inputs, join(root, 'node_modules', '.package-lock.json'), () => {
    say('installing npm packages (about half a minute)');
    run(
      ...npmCommand(npm, ['ci', '--no-audit', '--no-fund'], node),
      'install the npm packages',
      'Read the lines above; `rm -rf node_modules .cache/setup` and the same command start afresh.',
      // An npm too old for package.json's allowScripts would let onnxruntime-node download CUDA.
      { ONNXRUNTIME_NODE_INSTALL: 'skip', PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
    );
  });
}

const delimiter = process.platform === 'win32' ? ';' : ':';

function pythonVersionOf(command) {
  const result = spawnSync(command, ['-c', 'import sys; print(*sys.version_info[:3])'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim().split(' ').map(Number) : null;
}

function findPython() {
  const names = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  const candidates = process.env.RUVECTOR_PYTHON ? [process.env.RUVECTOR_PYTHON] : names;
  const seen = [];
  for (const command of candidates) {
    const version = pythonVersionOf(command);
    if (!version) continue;
    const isNewEnough =
      version[0] > MIN_PYTHON[0] || (version[0] === MIN_PYTHON[0] && version[1] >= MIN_PYTHON[1]);
    if (isNewEnough) return { command, version: version.join('.') };
    seen.push(`${command} is ${version.join('.')}`);
  }
  throw new SetupError(
    `Cannot find Python ${MIN_PYTHON.join('.')} or newer: ${seen.join(', ') || `none of ${candidates.join(', ')} runs`}.\n` +
      'Install it (Debian: apt-get install python3 python3-venv; macOS: brew install python) or name one with RUVECTOR_PYTHON=/path/to/python3.',
  );
}

function ensurePython(requirements) {
  const python = venvPython;
  const testStamp = join(root, '.cache', 'setup', 'python-requirements-dev.txt');
  // The test packages include the demo's: a machine set up for tests is set up for the demo.
  const name = existsSync(testStamp) ? 'requirements-dev.txt' : requirements;
  const files = [
    name,
    'requirements.txt',
    'requirements-lab.txt',
    'requirements-trainers.txt',
    'pyproject.toml',
  ];
  const pins = files.map((file) => read(`python/${file}`));
  once(`python-${name}`, pins, python, () => {
    const system = findPython();
    if (!existsSync(python) || pythonVersionOf(python) === null) {
      say(`creating .venv with Python ${system.version}`);
      rmSync(venv, { recursive: true, force: true });
      run(
        system.command,
        ['-m', 'venv', venv],
        'create the Python environment .venv',
        'The venv module is missing or broken (Debian: apt-get install python3-venv).',
      );
    }
    say(`installing Python packages from ${name} (a minute or two)`);
    // Our module came under this name once; on PyPI it is another project, with files of the same names.
    run(
      python,
      ['-m', 'pip', 'uninstall', '--quiet', '--yes', '--disable-pip-version-check', 'ruvector'],
      'remove the distribution "ruvector"',
      'Read the lines above; `rm -rf .venv .cache/setup` and the same command start afresh.',
    );
    run(
      python,
      [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '-r',
        `python/${name}`,
        '-e',
        'python/',
      ],
      'install the Python packages',
      'Read the lines above; `rm -rf .venv .cache/setup` and the same command start afresh.',
    );
  });
  // Packages there bring scripts of Node's; without this they would be taken for modules, as our own are.
  writeFileSync(join(venv, 'package.json'), '{ "type": "commonjs" }\n');
  return python;
}

/** Peers of the tests that come from the system: a browser reads a stream, jq a pipe, Prometheus the metrics, PostgreSQL rows, NATS bundles. */
const programs = [
  { package: 'chromium', names: ['chromium', 'chromium-browser', 'google-chrome'], variable: 'CHROMIUM' },
  { package: 'jq', names: ['jq'] },
  { package: 'prometheus', names: ['prometheus'] },
  // Debian keeps it where an ordinary user's PATH does not look.
  { package: 'nats-server', names: ['nats-server', '../sbin/nats-server'], variable: 'NATS_SERVER' },
  // Certificates of tests.
  { package: 'openssl', names: ['openssl'] },
  // Debian keeps each version in a folder of its own, which is on no PATH.
  { package: 'postgresql', names: ['postgres'], variable: 'POSTGRES_BIN', folders: '/usr/lib/postgresql' },
];

const listOf = (names) => names.join(', ').replace(/, ([^,]*)$/, ' and $1');

/** Whether one of the folders below has the program. */
const isBelow = (folder, name) =>
  existsSync(folder) && readdirSync(folder).some((version) => existsSync(join(folder, version, 'bin', name)));

const isThere = ({ names, variable, folders }) =>
  Boolean(process.env[variable]) ||
  names.some((name) => isOnPath(name) || (folders && isBelow(folders, name)));

const isOnPath = (name) =>
  process.env.PATH.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

/** Installs what is missing where that needs nobody's password (root on Debian), else says what to do. */
function ensurePrograms() {
  const missing = programs.filter((program) => !isThere(program)).map((program) => program.package);
  if (missing.length === 0) return;
  const advice = `Install ${listOf(missing)} (Debian: apt-get install ${missing.join(' ')}; macOS: brew install ${missing.join(' ')}) and run the same command again; CHROMIUM=/path names another browser, POSTGRES_BIN the folder of another PostgreSQL, NATS_SERVER another NATS server.`;
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new SetupError(`Cannot run the tests: ${listOf(missing)} not found.\n${advice}`);
  }
  say(`installing ${listOf(missing)} with apt-get`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], 'update the package lists', advice, env);
  run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
    `install ${listOf(missing)}`,
    advice,
    env,
  );
}

/** Builds the native library of tf.js; where that fails, the tests of it fail and say why. `npm ci` wipes its link. */
function ensureNativeTfjs(node, env) {
  const folder = join('src', 'train', 'tfjs', 'native');
  const link = join(root, 'node_modules', '@tensorflow', 'tfjs-node', 'lib', 'napi-v8', 'tfjs_binding.node');
  try {
    once('tfjs-node', [...readFolder(folder), read('package.json')], link, () => {
      say('building the native library of tf.js (207 MB to fetch, a minute)');
      run(
        node,
        [join(root, 'bin', 'ruvector-memopt.mjs'), 'setup', 'tfjs-node', '--json'],
        'build the native library of tf.js',
        'Fix that and run the same command again; all tests but those of the native backend run without it.',
        env,
      );
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
  }
}

/** Name and text of every file below a folder of the repository. */
function readFolder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? readFolder(path) : [path, read(path)];
  });
}

/** Builds dist: what the notebook kernel is started from. */
function ensureBuild(node) {
  const projects = ['tsconfig.build.json', join('kernel', 'tsconfig.build.json')];
  const bundler = join('scripts', 'bundle-browser.mjs');
  const sources = [
    ...readFolder('src'),
    ...readFolder('kernel'),
    read('tsconfig.json'),
    read(projects[0]),
    read(bundler),
  ];
  once('build', sources, join(root, 'dist', 'kernel', 'main.js'), () => {
    say('building (about half a minute)');
    // By its path: other packages bring a `tsc` of another version.
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    for (const project of projects)
      run(node, [tsc, '-p', project], `build ${project}`, 'Correct the sources the lines above name.');
    run(
      node,
      [join(root, bundler)],
      'bundle src/dag/browser.ts',
      'Correct the sources the lines above name.',
    );
  });
}

/** Settings of JupyterLab here, which its user may change: no question about news over the first output. */
const labSettings = {
  '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false },
};

/** Installs the kernel into .venv and opens JupyterLab on notebooks/. */
function startLab({ node, python, env, args }) {
  ensureBuild(node);
  run(
    node,
    [join(root, 'bin', 'ruvector-memopt.mjs'), 'kernel', 'install', '--prefix', venv],
    'install the notebook kernel',
    'Read the lines above; `rm -rf .venv .cache/setup` and the same command start afresh.',
    env,
  );
  const settings = join(venv, 'share', 'jupyter', 'lab', 'settings');
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(settings, 'overrides.json'), `${JSON.stringify(labSettings, null, 2)}\n`);
  const notebooks = join(root, 'notebooks');
  mkdirSync(notebooks, { recursive: true });
  // JupyterLab refuses root, and the root of a container has nobody else to be.
  const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : [];
  const options = ['--MultiKernelManager.default_kernel_name=ruvector', ...asRoot, ...args];
  become(python, ['-m', 'jupyterlab', ...options], { env, cwd: notebooks });
}

function main() {
  const [name, ...rest] = process.argv.slice(2);
  const target = targets[name];
  if (!target)
    throw new SetupError(`Unknown target "${name}": choose one of ${Object.keys(targets).join(', ')}`);
  // Told before minutes of installing, not after.
  if (target.python && !existsSync(venvPython)) findPython();
  if (target.programs) ensurePrograms();
  const toolchain = ensureNode();
  ensurePackages(toolchain);
  const python = target.python && ensurePython(target.python);
  const env = {
    ...process.env,
    ...(python && { RUVECTOR_PYTHON: python }),
    PATH: `${dirname(toolchain.node)}${delimiter}${process.env.PATH}`,
  };
  if (target.native) ensureNativeTfjs(toolchain.node, env);
  if (target.start) {
    target.start({ node: toolchain.node, python, env, args: rest });
    return;
  }
  const [script, ...args] = target.run;
  // Nothing of this process stays: a daemon's signals and exit code are then its own.
  become(toolchain.node, [join(root, script), ...args, ...rest], { env });
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = 1;
}
