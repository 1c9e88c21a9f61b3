// `doctor --pid N | --name X`: what an action on these processes would be allowed to do and could free. Nothing of them
// is touched: the kernel is asked with an empty list of ranges, and /proc is read.
import { readFileSync } from 'node:fs';
import { messageOf } from '../../core/index.ts';
import { createHostReaders, createMadviseActuator } from '../../optimize/index.ts';
import type { HostReaders, ProcessTarget } from '../../optimize/index.ts';
import { parseKib, readIfPossible, readMemoryFolders } from '../../procfs/index.ts';
import type { CheckResult } from './check.ts';
import { formatBytes } from '../terminal.ts';

/** Which processes. */
export interface NamedProcesses {
  readonly pids: readonly number[];
  readonly names: readonly string[];
}

type Finding = Omit<CheckResult, 'name'>;
const ok = (found: string): Finding => ({ state: 'ok', found, costs: '', fix: '' });

/** Looks at each of them; a name that nobody has is a result too. */
export async function checkTargets({ pids, names }: NamedProcesses): Promise<CheckResult[]> {
  const readers = createHostReaders();
  const results: CheckResult[] = [];
  for (const pid of pids) results.push(...(await checkPid(readers, pid)));
  for (const name of names) {
    const found = await findNamed(readers, name);
    if (found.length === 0) results.push({ name, ...noSuchProcess(`no process is called "${name}"`) });
    for (const pid of found) results.push(...(await checkPid(readers, pid)));
  }
  return results;
}

async function findNamed(readers: HostReaders, name: string): Promise<number[]> {
  const pids = await readers.listPids();
  const stats = await Promise.all(pids.map((pid) => readers.readStat(pid)));
  return pids.filter((pid, i) => [stats[i]?.name, stats[i]?.comm].includes(name) && pid !== process.pid);
}

function noSuchProcess(found: string): Finding {
  return {
    state: 'missing',
    found,
    costs: 'there is nothing to act on',
    fix: 'ps -eo pid,comm   (names are those of comm, for MainThread that of its program, 15 bytes at most)',
  };
}

async function checkPid(readers: HostReaders, pid: number): Promise<CheckResult[]> {
  const stat = await readers.readStat(pid);
  if (stat === null) return [{ name: `pid ${pid}`, ...noSuchProcess(`no process has pid ${pid}`) }];
  const uid = (await readers.readUid(pid)) ?? -1;
  const target: ProcessTarget = {
    kind: 'process',
    pid,
    startTimeTicks: stat.startTimeTicks,
    name: stat.name,
    uid,
  };
  const looks: [string, () => Promise<Finding>][] = [
    ['page-out', () => checkPermission(readers, target)],
    ['page tables', () => checkPageTables(readers, target)],
    ['could go', () => checkMemory(readers, target)],
  ];
  const who = `${stat.name} (${pid})`;
  const results: CheckResult[] = [];
  for (const [what, look] of looks) {
    const finding = await look().catch((error): Finding =>
      limited(messageOf(error), 'this cannot be told', 'look as root'),
    );
    results.push({ name: `${who}: ${what}`, ...finding });
  }
  return results;
}

const limited = (found: string, costs: string, fix: string): Finding => ({
  state: 'limited',
  found,
  costs,
  fix,
});

async function checkPermission(readers: HostReaders, target: ProcessTarget): Promise<Finding> {
  if ((await readers.readStat(target.pid))?.isKernelThread)
    return limited('it is a kernel thread', 'it has no memory', 'name another');
  if (target.pid === 1) return limited('process 1 is never touched', 'it is left alone', 'name another');
  const refusal = await createMadviseActuator({ readers }).canAct(target);
  if (refusal === null) return ok(`allowed (its user is ${target.uid})`);
  return limited(
    refusal,
    'it is not acted on',
    'serve as its user with CAP_SYS_NICE, or with CAP_SYS_PTRACE too',
  );
}

async function checkPageTables(readers: HostReaders, { pid }: ProcessTarget): Promise<Finding> {
  const pagemap = readers.openPagemap(pid);
  pagemap?.close();
  if (pagemap) return ok('pagemap may be read');
  return limited(
    'its pagemap may not be read',
    'what an action frees stays unknown',
    'serve with CAP_SYS_PTRACE',
  );
}

/** By /proc/PID/status: what it holds, and what of it page-out cannot take. */
async function checkMemory(readers: HostReaders, { pid }: ProcessTarget): Promise<Finding> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const size = (name: string): string => formatBytes((parseKib(status, name) ?? 0) * 1024);
  const backend = await readers.readBackend();
  const held = `${size('RssFile')} of files, ${size('RssAnon')} anonymous, ${size('RssShmem')} shared; ${size('VmLck')} locked`;
  const noSwap = backend.freesAnonymous ? findSwapLimit(pid) : backend.reason;
  if (noSwap === null) return ok(`${held}; anonymous memory goes to ${backend.kind}`);
  return limited(
    `${held}; anonymous memory stays: ${noSwap}`,
    'only its clean file pages can be given back',
    'add zram swap, or raise memory.swap.max of its cgroup',
  );
}

/** Swap of the host helps nobody whose cgroup, or one above it, may not use it. */
function findSwapLimit(pid: number): string | null {
  for (const { version, folders } of readMemoryFolders(pid)) {
    const files = version === 2 ? folders.map((folder) => `${folder}/memory.swap.max`) : [];
    const closed = files.find((file) => readIfPossible(file)?.trim() === '0');
    if (closed !== undefined) return `${closed} is 0`;
  }
  return null;
}
