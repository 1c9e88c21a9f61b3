// process_madvise(MADV_PAGEOUT | MADV_COLD) on the regions of a plan, in small batches, on a process
// held by its pidfd. Needs CAP_SYS_NICE and ptrace read access; it says so when they are missing.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actuator, ActuatorPlan, ActuatorResult, AddressRange } from './actuator.ts';
import type { PagesToBringBack } from './region-plan.ts';
import { madviseError, notAProcessError, processGoneError, toActionFailure } from './errors.ts';
import type { HostReaders } from './host-readers.ts';
import { isOfFile } from './mappings.ts';
import { CacheSet } from './page-cache.ts';
import { ERRNO, MAX_RANGES, createSyscalls } from './syscalls.ts';
import type { Advice, SyscallResult, Syscalls } from './syscalls.ts';
import { describeTarget } from './target.ts';
import type { ProcessTarget, Target } from './target.ts';

/** Options of {@link createMadviseActuator}. */
export interface MadviseActuatorOptions {
  readonly readers: Pick<HostReaders, 'readStat' | 'pageSizeBytes' | 'openPageCache'>;
  /** `pageout` gives pages back now; `cold` only marks them as the first to go. @default 'pageout' */
  readonly advice?: Advice;
  /** Bytes a call. The call blocks this thread: 4 MiB is 0.4 ms of file pages or 2.3 ms to zram. @default 4 MiB */
  readonly batchBytes?: number;
  /** Loads the system calls. @default {@link createSyscalls} */
  readonly syscalls?: () => Promise<Syscalls>;
}

/** Builds the actuator. Nothing is loaded before the first question. */
export function createMadviseActuator(options: MadviseActuatorOptions): Actuator {
  const { readers, advice = 'pageout', batchBytes = 4 * 2 ** 20, syscalls = createSyscalls } = options;
  let loading: Promise<Syscalls> | null = null;
  const load = (): Promise<Syscalls> => (loading ??= syscalls());

  const holding = async <T>(
    target: Target,
    use: (calls: Syscalls, pidfd: number) => Promise<T>,
  ): Promise<T> => {
    const process = requireProcess(target);
    const calls = await load();
    const pidfd = openPidfd(calls, process);
    try {
      await checkIdentity(readers, process);
      return await use(calls, pidfd);
    } finally {
      calls.close(pidfd);
    }
  };

  return {
    name: 'process_madvise',
    kinds: ['process'],
    async canAct(target) {
      try {
        // No range at all: the kernel still checks identity, ptrace access and capability.
        return await holding(target, async (calls, pidfd) => {
          const probe = retry(() => calls.processMadvise(pidfd, new BigUint64Array(0), advice));
          return Promise.resolve(probe.value < 0 ? madviseErrorOf(target, probe.errno).message : null);
        });
      } catch (error) {
        return toActionFailure(error).message;
      }
    },
    async act(plan, signal) {
      const progress = { advisedBytes: 0 };
      const startUs = nowUs();
      const before = await rssOf(readers, plan.target);
      const failure = await holding(plan.target, (calls, pidfd) =>
        adviseAll({ calls, pidfd, advice, batchBytes, plan, signal, progress }),
      ).catch(toActionFailure);
      if (failure === null && advice === 'pageout') await dropUnmapped(readers, plan);
      const durationUs = nowUs() - startUs;
      const after = await rssOf(readers, plan.target);
      const rssDropBytes = before === null || after === null ? 0 : before - after;
      const result: ActuatorResult = { advisedBytes: progress.advisedBytes, rssDropBytes, durationUs };
      return failure === null ? result : { ...result, error: failure };
    },
    bringBack: (target, pages, signal) =>
      holding(target, (calls, pidfd) => bringBackAll({ calls, pidfd, target, pages, signal, readers })).catch(
        () => 0,
      ),
  };
}

/**
 * Drops cached pages of mapped files that the process has not mapped any more. Paging out a part of a
 * large folio unmaps all of it, and what is not mapped page-out does not reach.
 */
export async function dropUnmapped(
  readers: Pick<HostReaders, 'openPageCache'>,
  { target, regions }: ActuatorPlan,
): Promise<void> {
  if (target.kind !== 'process') return;
  using caches = new CacheSet(readers, target.pid);
  for (const { start, lengthBytes, kind, place } of regions) {
    if (place === undefined || kind === undefined || !isOfFile(kind)) continue;
    const { mapping } = place;
    (await caches.open(mapping))?.drop(mapping.offsetBytes + start - mapping.start, lengthBytes);
  }
}

interface BringBackJob {
  readonly calls: Syscalls;
  readonly pidfd: number;
  readonly target: Target;
  readonly pages: PagesToBringBack;
  readonly signal: AbortSignal;
  readonly readers: MadviseActuatorOptions['readers'];
}

/** 256 pages from zram take about 1.3 ms. */
const PAGES_PER_CALL = 256;

// A page from zram is cheapest for the target when we read a byte of it (measured: 0.33 µs are left
// for the target, 1.1 after MADV_WILLNEED); a page of a file would keep this thread waiting for the
// disk, so the kernel is asked to read ahead.
async function bringBackAll(job: BringBackJob): Promise<number> {
  const { calls, pidfd, target, pages, signal, readers } = job;
  let asked = 0;
  for (const batch of cutIntoSlices(pages.anonymous, PAGES_PER_CALL)) {
    if (signal.aborted) return asked;
    calls.touchPages(requireProcess(target).pid, batch);
    asked += batch.length;
    await nextTurn();
  }
  for (const batch of cutIntoSlices(pages.file, MAX_RANGES)) {
    if (signal.aborted) return asked;
    const ranges = batch.map((start) => ({ start, lengthBytes: readers.pageSizeBytes }));
    calls.processMadvise(pidfd, toIovec(joinRanges(ranges)), 'willneed');
    asked += batch.length;
    await nextTurn();
  }
  return asked;
}

function* cutIntoSlices<T>(values: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < values.length; at += size) yield values.slice(at, at + size);
}

/** Joins neighbours of ranges in address order. */
export function joinRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const joined: AddressRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && last.start + last.lengthBytes === range.start)
      joined[joined.length - 1] = { start: last.start, lengthBytes: last.lengthBytes + range.lengthBytes };
    else joined.push(range);
  }
  return joined;
}

interface AdviseJob {
  readonly calls: Syscalls;
  readonly pidfd: number;
  readonly advice: Advice;
  readonly batchBytes: number;
  readonly plan: ActuatorPlan;
  readonly signal: AbortSignal;
  readonly progress: { advisedBytes: number };
}

/** Advises batch by batch and lets other work run in between. Null when all was accepted. */
async function adviseAll(job: AdviseJob): Promise<ReturnType<typeof toActionFailure> | null> {
  let refused: ReturnType<typeof toActionFailure> | null = null;
  for (const batch of cutIntoBatches(job.plan.regions, job.batchBytes)) {
    job.signal.throwIfAborted();
    refused = adviseBatch(job, batch) ?? refused;
    await nextTurn();
  }
  // Some ranges vanish while a process lives on; that all were refused is a failure.
  return job.progress.advisedBytes === 0 ? refused : null;
}

/** Advises one batch. A partial answer continues behind it; a range that is gone is skipped. */
function adviseBatch(
  job: AdviseJob,
  batch: readonly AddressRange[],
): ReturnType<typeof toActionFailure> | null {
  let rest = batch;
  let refused: ReturnType<typeof toActionFailure> | null = null;
  while (rest.length > 0) {
    const { value, errno } = retry(() => job.calls.processMadvise(job.pidfd, toIovec(rest), job.advice));
    if (value > 0) {
      job.progress.advisedBytes += value;
      rest = skipBytes(rest, value);
      continue;
    }
    const isRangeFault = value === 0 || errno === ERRNO.ENOMEM || errno === ERRNO.EINVAL;
    const error = madviseErrorOf(job.plan.target, value === 0 ? ERRNO.EAGAIN : errno);
    if (!isRangeFault) throw error;
    refused = toActionFailure(error);
    rest = rest.slice(1);
  }
  return refused;
}

/** Cuts regions into batches of at most `batchBytes` and 1024 ranges; a larger region spans several. */
export function* cutIntoBatches(
  regions: readonly AddressRange[],
  batchBytes: number,
): Generator<AddressRange[]> {
  let batch: AddressRange[] = [];
  let bytes = 0;
  for (const region of regions) {
    for (let offset = 0; offset < region.lengthBytes;) {
      const lengthBytes = Math.min(region.lengthBytes - offset, batchBytes - bytes);
      batch.push({ start: region.start + offset, lengthBytes });
      bytes += lengthBytes;
      offset += lengthBytes;
      if (bytes < batchBytes && batch.length < MAX_RANGES) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

/** What is left of ranges after the first `doneBytes`. */
export function skipBytes(ranges: readonly AddressRange[], doneBytes: number): AddressRange[] {
  let done = doneBytes;
  const rest: AddressRange[] = [];
  for (const { start, lengthBytes } of ranges) {
    const skipped = Math.min(done, lengthBytes);
    done -= skipped;
    if (skipped < lengthBytes) rest.push({ start: start + skipped, lengthBytes: lengthBytes - skipped });
  }
  return rest;
}

function toIovec(ranges: readonly AddressRange[]): BigUint64Array {
  return BigUint64Array.from(
    ranges.flatMap(({ start, lengthBytes }) => [BigInt(start), BigInt(lengthBytes)]),
  );
}

const MAX_RETRIES = 5;

function retry(call: () => SyscallResult): SyscallResult {
  let result = call();
  for (let i = 0; i < MAX_RETRIES && result.value < 0; i++) {
    if (result.errno !== ERRNO.EINTR && result.errno !== ERRNO.EAGAIN) break;
    result = call();
  }
  return result;
}

function requireProcess(target: Target): ProcessTarget {
  if (target.kind === 'process') return target;
  throw notAProcessError(describeTarget(target));
}

function openPidfd(calls: Syscalls, target: ProcessTarget): number {
  const { value, errno } = retry(() => calls.pidfdOpen(target.pid));
  if (value < 0) throw madviseErrorOf(target, errno);
  return value;
}

// Read after the pidfd was opened: if the start time still fits, the pidfd holds the process we mean.
async function checkIdentity(readers: Pick<HostReaders, 'readStat'>, target: ProcessTarget): Promise<void> {
  const stat = await readers.readStat(target.pid);
  if (stat?.startTimeTicks === target.startTimeTicks) return;
  const state = stat === null ? 'it has ended' : `the id now belongs to another process (${stat.name})`;
  throw processGoneError(describeTarget(target), state);
}

async function rssOf(readers: MadviseActuatorOptions['readers'], target: Target): Promise<number | null> {
  if (target.kind !== 'process') return null;
  const stat = await readers.readStat(target.pid);
  return stat === null || stat.startTimeTicks !== target.startTimeTicks
    ? null
    : stat.rssPages * readers.pageSizeBytes;
}

const madviseErrorOf = (target: Target, errno: number): Error => {
  const name = Object.entries(ERRNO).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  return madviseError(describeTarget(target), errno, name);
};

const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);
