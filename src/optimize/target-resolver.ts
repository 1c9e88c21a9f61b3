// Finds the processes and cgroups the user allows, and nothing else. Pids are pinned at creation.
import { COMM_BYTES } from '../procfs/index.ts';
import type { Refusal } from './decision.ts';
import { pidError, rootProcessesError } from './errors.ts';
import type { HostReaders } from './host-readers.ts';
import { findNearNames } from './near-names.ts';
import type { TargetStat } from './process-stat.ts';
import { findRefusal, processSafeguards } from './safeguards.ts';
import { describeTarget } from './target.ts';
import type { CgroupTarget, ProcessTarget, Target, TargetSpec } from './target.ts';

/** The targets of this moment. */
export interface ResolvedTargets {
  readonly targets: readonly ResolvedTarget[];
  readonly refusals: readonly Refusal[];
}

/** A target with what was just read of it; `stat` is null for a cgroup and ourselves. */
export interface ResolvedTarget {
  readonly target: Target;
  readonly stat: TargetStat | null;
}

/** Finds targets. */
export interface TargetResolver {
  resolve(): Promise<ResolvedTargets>;
}

/** Options of {@link createTargetResolver}. */
export interface TargetResolverOptions {
  readonly spec: TargetSpec;
  readonly readers: Pick<HostReaders, 'readStat' | 'readUid' | 'listPids' | 'readCgroup' | 'listMembers'>;
  readonly nowMs: () => number;
  /** How long the list of all processes is trusted when names or users are searched. @default 5000 */
  readonly rescanMs?: number;
  /** @default the process's own */
  readonly ownPid?: number;
  /** @default the process's own */
  readonly ownUid?: number;
}

/**
 * Builds the resolver and pins the named pids to the processes that have them now.
 * @throws OptimizeError `ERR_OPTIMIZE_INVALID_OPTION` for a pid that is not one, or `ownUid` as root
 */
export async function createTargetResolver(options: TargetResolverOptions): Promise<TargetResolver> {
  const { spec, readers, nowMs, rescanMs = 5000, ownPid = process.pid } = options;
  const ownUid = options.ownUid ?? process.geteuid?.() ?? -1;
  checkSpec(spec, ownUid);
  const pinned = await Promise.all((spec.pids ?? []).map((entry) => pin(readers, entry)));
  let scanned: ({ atMs: number } & Scan) | null = null;

  const scan = async (): Promise<Scan> => {
    if (spec.ownUid !== true && (spec.names ?? []).length === 0)
      return { targets: [], namesFound: new Set(), otherNames: [] };
    if (scanned !== null && nowMs() - scanned.atMs < rescanMs) return scanned;
    scanned = { atMs: nowMs(), ...(await scanProcesses(readers, spec, ownPid, ownUid)) };
    return scanned;
  };

  return {
    async resolve() {
      const { targets: named, namesFound, otherNames } = await scan();
      const cgroups = await Promise.all(
        (spec.cgroups ?? []).map((path) => findCgroup(readers, path, ownPid)),
      );
      const members = cgroups.flatMap(({ processes }) => processes);
      const found = [...pinned.filter((entry) => typeof entry !== 'number'), ...named, ...members];
      const unique = new Map(found.map((target) => [target.pid, target]));
      const targets: ResolvedTarget[] = [];
      const refusals: Refusal[] = pinned.filter((entry) => typeof entry === 'number').map(toAbsent);
      for (const name of spec.names ?? []) {
        if (!namesFound.has(name)) refusals.push(toUnmatched(name, otherNames));
      }
      for (const target of unique.values()) {
        const stat = await readers.readStat(target.pid);
        const refusal = findRefusal(processSafeguards, { target, stat, ownPid });
        if (refusal === null) targets.push({ target, stat });
        else refusals.push({ ...refusal, target: describeTarget(target) });
      }
      for (const { whole, refusal } of cgroups) {
        if (whole !== null) targets.push({ target: whole, stat: null });
        if (refusal !== null) refusals.push(refusal);
      }
      if (spec.self === true) targets.push({ target: { kind: 'self' }, stat: null });
      return { targets, refusals };
    },
  };
}

function checkSpec(spec: TargetSpec, ownUid: number): void {
  const pids = (spec.pids ?? []).map((entry) => (typeof entry === 'number' ? entry : entry.pid));
  const wrong = pids.find((pid) => !Number.isSafeInteger(pid) || pid < 1);
  if (wrong !== undefined) {
    throw pidError(wrong);
  }
  if (spec.ownUid === true && ownUid === 0) {
    throw rootProcessesError();
  }
}

type PidEntry = NonNullable<TargetSpec['pids']>[number];

// A pid that nobody has now stays a number: whoever gets it later was not meant.
async function pin(
  readers: TargetResolverOptions['readers'],
  entry: PidEntry,
): Promise<ProcessTarget | number> {
  const pid = typeof entry === 'number' ? entry : entry.pid;
  const stat = await readers.readStat(pid);
  if (stat === null) return pid;
  const startTimeTicks = typeof entry === 'number' ? stat.startTimeTicks : entry.startTimeTicks;
  return { kind: 'process', pid, startTimeTicks, name: stat.name, uid: (await readers.readUid(pid)) ?? -1 };
}

function toAbsent(pid: number): Refusal {
  return { rule: 'identity', target: `process ${pid}`, reason: 'no process had this id when it was named' };
}

/** What a named cgroup is a target as: v2 as a whole, any other by its processes of this moment. */
interface FoundCgroup {
  readonly whole: CgroupTarget | null;
  readonly processes: readonly ProcessTarget[];
  readonly refusal: Refusal | null;
}

async function findCgroup(
  readers: TargetResolverOptions['readers'],
  path: string,
  ownPid: number,
): Promise<FoundCgroup> {
  const nothing = { whole: null, processes: [], refusal: null };
  if ((await readers.readCgroup(path)) !== null) return { ...nothing, whole: { kind: 'cgroup', path } };
  const pids = await readers.listMembers(path);
  // It may come later: a service that is started makes its own.
  const refuse = (reason: string): FoundCgroup => ({
    ...nothing,
    refusal: { rule: 'no-target', target: `cgroup ${path}`, reason },
  });
  if (pids === null) return refuse('there is no cgroup in this folder; `systemd-cgls` lists them');
  const found = await Promise.all(pids.filter((pid) => pid !== ownPid).map((pid) => pin(readers, pid)));
  const processes = found.filter((entry) => typeof entry !== 'number');
  return processes.length === 0 ? refuse('no process is in it') : { ...nothing, processes };
}

function toUnmatched(name: string, otherNames: readonly string[]): Refusal {
  const near = findNearNames(name, otherNames);
  const hint =
    near.length > 0
      ? `did you mean ${near.map((other) => `"${other}"`).join(' or ')}?`
      : 'names are those of `ps -o comm`, for `MainThread` that of its program; it may not have started yet';
  const cut =
    Buffer.byteLength(name) > COMM_BYTES ? `, and the kernel cuts names to ${COMM_BYTES} bytes` : '';
  return { rule: 'no-target', target: name, reason: `no process has this name${cut}; ${hint}` };
}

interface Scan {
  readonly targets: readonly ProcessTarget[];
  /** Which of the given names some process has. */
  readonly namesFound: ReadonlySet<string>;
  /** Names of the processes that were not meant. */
  readonly otherNames: readonly string[];
}

async function scanProcesses(
  readers: TargetResolverOptions['readers'],
  spec: TargetSpec,
  ownPid: number,
  ownUid: number,
): Promise<Scan> {
  const names = new Set(spec.names);
  const namesFound = new Set<string>();
  const others = new Set<string>();
  const found: ProcessTarget[] = [];
  for (const pid of await readers.listPids()) {
    const stat = await readers.readStat(pid);
    if (stat === null || stat.isKernelThread || pid === ownPid || pid === 1) continue;
    const given = [stat.name, stat.comm].filter((name) => name !== undefined && names.has(name));
    for (const name of given) namesFound.add(name!);
    const isNamed = given.length > 0;
    if (!isNamed) others.add(stat.name);
    if (!isNamed && spec.ownUid !== true) continue;
    const uid = (await readers.readUid(pid)) ?? -1;
    if (!isNamed && uid !== ownUid) continue;
    found.push({ kind: 'process', pid, startTimeTicks: stat.startTimeTicks, name: stat.name, uid });
  }
  return { targets: found, namesFound, otherNames: [...others] };
}
