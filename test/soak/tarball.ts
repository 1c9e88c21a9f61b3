// `npm run soak -- tarball`: a fresh machine. The package is packed, and README and docs/install.md are run from top to bottom
// in an empty folder, as a user with an empty home who has Node 24, Python, npm's registry and PyPI, and nothing of this
// checkout. What is left out and why: test/support/docs/treatments.ts. Then the steps of the Containerfile.
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandLines } from '../support/docs/command-lines.ts';
import type { CommandLine } from '../support/docs/command-lines.ts';
import { leftOutOfSoak, soakedDocuments } from '../support/docs/treatments.ts';
import { runContainer } from './container.ts';
import { LINE_LIMIT_MS, end, run, start } from './shell.ts';

const root = join(import.meta.dirname, '../..');
/** A training looks this far ahead, and needs rows before that. */
const COLLECT_MS = 150_000;

/** Lines that stay until they are ended, and what they say when they work. */
const staying: readonly { readonly lines: RegExp; readonly says: RegExp }[] = [
  { lines: /ruvector-memopt serve/, says: /\d+ Hz|collecting|pid/i },
  { lines: /status --watch/, says: /available/ },
  { lines: /export --stream/, says: /ws:\/\// },
  { lines: /ruvector-memopt lab/, says: /http:\/\/(localhost|127\.0\.0\.1):\d+\/lab/ },
];

/** Lines that may end otherwise than with 0, and what they then have to say. */
const mayFail: readonly { readonly lines: RegExp; readonly says: RegExp }[] = [
  // A machine may lack what few need.
  { lines: /ruvector-memopt doctor$/, says: /✔ Node 24/ },
  // Not every machine has a journal.
  { lines: /--on-event journald/, says: /no journal listens on this machine/ },
  // A quiet machine has nothing to learn.
  { lines: /ruvector-memopt train$/, says: /Cannot (build a training set|train)/ },
  { lines: /publish training\/|export --training/, says: /^ERR_(PREPARE|EXPORT)/m },
];

/** Runs it. @returns whether every line did what it says */
export async function runTarball(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-tarball-'));
  try {
    const machine = await makeMachine(folder);
    const lines = await runDocuments(machine);
    const isGone = await runRemoval(machine);
    const container = await runContainer(machine.tarball, folder);
    return lines && isGone && container;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Machine {
  readonly tarball: string;
  /** The empty folder. */
  readonly work: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

async function makeMachine(folder: string): Promise<Machine> {
  const [work, home] = [join(folder, 'work'), join(folder, 'home')];
  await Promise.all([mkdir(work), mkdir(home), mkdir(join(folder, 'packed'))]);
  const packed = await run(`npm pack --pack-destination ${join(folder, 'packed')}`, {
    cwd: root,
    env: process.env,
  });
  if (packed.code !== 0) throw new Error(`Cannot pack: ${packed.said.slice(-2000)}`);
  const [name] = await readdir(join(folder, 'packed'));
  const tarball = join(folder, 'packed', name!);
  await copyFile(tarball, join(work, name!));
  const foreign = /^(RUVECTOR_|npm_|XDG_|VIRTUAL_ENV|NODE_|ONNXRUNTIME_|JUPYTER_|HOME$)/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !foreign.test(key)));
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const nodeSettings = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => key === 'NODE_EXTRA_CA_CERTS'),
  );
  return { tarball, work, home, env: { ...env, ...nodeSettings, HOME: home, PATH } };
}

async function runDocuments(machine: Machine): Promise<boolean> {
  let holds = true;
  let daemon: ChildProcess | null = null;
  for (const file of soakedDocuments) {
    for (const line of readCommandLines(file)) {
      if (leftOutOfSoak.some((left) => left.test(line.text))) continue;
      const isDaemon = /ruvector-memopt serve/.test(line.text);
      if (isDaemon) await end(daemon);
      const started = performance.now();
      const { isGood, said, child } = await runLine(line, machine);
      say(line, isGood, (performance.now() - started) / 1000, said);
      holds &&= isGood;
      if (isDaemon) daemon = child;
      // The first of them is there to be trained on.
      if (isDaemon && line.text.endsWith(' serve --name redis-server')) await sleep(COLLECT_MS);
    }
  }
  await end(daemon);
  return holds;
}

interface LineOutcome {
  readonly isGood: boolean;
  readonly said: string;
  /** The process of a line that goes on. */
  readonly child: ChildProcess | null;
}

async function runLine(line: CommandLine, machine: Machine): Promise<LineOutcome> {
  const stays = staying.find(({ lines }) => lines.test(line.text));
  const options = { cwd: machine.work, env: machine.env };
  if (!stays) {
    const { code, said } = await run(line.text, options);
    const excuse = mayFail.find(({ lines }) => lines.test(line.text));
    return { isGood: code === 0 || (excuse?.says.test(said) ?? false), said, child: null };
  }
  const child = start(line.text, options);
  let said = '';
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const listen = (chunk: Buffer): void => {
    said += chunk.toString();
    if (stays.says.test(said)) resolve(true);
  };
  child.stdout!.on('data', listen);
  child.stderr!.on('data', listen);
  const excuse = mayFail.find(({ lines }) => lines.test(line.text));
  child.once('exit', () => resolve(excuse?.says.test(said) ?? false));
  const isGood = await Promise.race([promise, sleep(LINE_LIMIT_MS, false, { ref: false })]);
  if (/ serve/.test(line.text)) return { isGood, said, child };
  await end(child);
  return { isGood, said, child: null };
}

/** What `uninstall --remove` leaves of the user's home: nothing of ours. */
async function runRemoval({ work, home, env }: Machine): Promise<boolean> {
  const { code, said } = await run('npx ruvector-memopt uninstall --remove --yes', { cwd: work, env });
  const left = [join(home, '.local', 'share', 'ruvector'), join(home, '.cache', 'ruvector-memopt')].filter(
    existsSync,
  );
  const removed = await run('npm uninstall ruvector-memopt', { cwd: work, env });
  const isGone = !existsSync(join(work, 'node_modules', 'ruvector-memopt'));
  const holds = code === 0 && left.length === 0 && removed.code === 0 && isGone;
  process.stdout.write(
    `${holds ? 'ok  ' : 'FAIL'} removal leaves nothing of ours${holds ? '' : `: ${left.join()} ${said}`}\n`,
  );
  return holds;
}

function say(line: CommandLine, isGood: boolean, seconds: number, said: string): void {
  const tail = isGood ? '' : `\n${said.trimEnd().split('\n').slice(-15).join('\n')}`;
  process.stdout.write(
    `${isGood ? 'ok  ' : 'FAIL'} ${seconds.toFixed(0).padStart(4)} s  ${line.file}:${line.lineNumber} ${line.text}${tail}\n`,
  );
}
