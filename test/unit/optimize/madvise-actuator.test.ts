import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { OptimizeError, createMadviseActuator } from '../../../src/optimize/index.ts';
import type { Region, Syscalls, TargetPlan } from '../../../src/optimize/index.ts';
import { cutIntoBatches, skipBytes } from '../../../src/optimize/madvise-actuator.ts';
import { ERRNO } from '../../../src/optimize/syscalls.ts';
import { buildPlan, buildReaders, buildStat } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const { target } = buildPlan();

function region(start: number, lengthBytes: number): Region {
  const kind = 'clean-file';
  const mapping = { key: 'm', start: 0, end: 2 ** 40, offsetBytes: 0, path: '/srv/7', inode: 7 };
  const place = { start, lengthBytes, kind, key: `r${start}`, mapping } as const;
  const pages = new Uint8Array(lengthBytes / 4096).fill(1);
  return { start, lengthBytes, kind, residentBytes: lengthBytes, quietMs: 9000, pages, place };
}

const planOf = (regions: readonly Region[]): TargetPlan =>
  buildPlan({ regions, bytes: regions.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0) });

type Answer = (ranges: BigUint64Array) => { value: number; errno: number };

const failing = (errno: number): { value: number; errno: number } => ({ value: -1, errno });

const lengthsOf = (ranges: BigUint64Array): number[] =>
  Array.from(
    ranges.filter((_, i) => i % 2 === 1),
    Number,
  );

const acceptAll: Answer = (ranges) => ({
  value: lengthsOf(ranges).reduce((sum, length) => sum + length, 0),
  errno: 0,
});

/** System calls that answer as the test says, and what they were asked. */
function buildSyscalls(answer: Answer, openErrno = 0) {
  const asked: number[][] = [];
  const closed: number[] = [];
  const touched: (readonly number[])[] = [];
  const willNeed: number[][] = [];
  const calls: Syscalls = {
    pidfdOpen: () => (openErrno === 0 ? { value: 9, errno: 0 } : failing(openErrno)),
    processMadvise: (_pidfd, ranges, advice) => {
      if (ranges.length > 0) (advice === 'willneed' ? willNeed : asked).push(Array.from(ranges, Number));
      return answer(ranges);
    },
    touchPages: (_pid, addresses) => {
      touched.push([...addresses]);
      return { value: addresses.length, errno: 0 };
    },
    readCachedPages: () => null,
    dropCached: () => undefined,
    close: (fd) => closed.push(fd),
  };
  return { asked, closed, touched, willNeed, syscalls: () => Promise.resolve(calls) };
}

const signal = new AbortController().signal;

describe('createMadviseActuator().act()', () => {
  it('hands every region over in batches and closes the pidfd', async () => {
    const { asked, closed, syscalls } = buildSyscalls(acceptAll);
    const actuator = createMadviseActuator({ readers: buildReaders(), syscalls, batchBytes: 4 * MIB });
    const result = await actuator.act(planOf([region(0, 3 * MIB), region(8 * MIB, 3 * MIB)]), signal);
    expect(result).toMatchObject({ advisedBytes: 6 * MIB });
    expect(result.error).toBeUndefined();
    expect(asked).toEqual([
      [0, 3 * MIB, 8 * MIB, MIB],
      [9 * MIB, 2 * MIB],
    ]);
    expect(closed).toEqual([9]);
  });

  it('goes on behind a partial answer', async () => {
    let calls = 0;
    const half: Answer = (ranges) => (calls++ === 0 ? { value: MIB / 2, errno: 0 } : acceptAll(ranges));
    const { asked, syscalls } = buildSyscalls(half);
    const result = await createMadviseActuator({ readers: buildReaders(), syscalls }).act(
      planOf([region(0, MIB)]),
      signal,
    );
    expect(asked).toEqual([
      [0, MIB],
      [MIB / 2, MIB / 2],
    ]);
    expect(result.advisedBytes).toBe(MIB);
  });

  it('asks again when a signal interrupts it', async () => {
    let calls = 0;
    const interrupted: Answer = (ranges) => (calls++ === 0 ? failing(ERRNO.EINTR) : acceptAll(ranges));
    const { syscalls } = buildSyscalls(interrupted);
    const result = await createMadviseActuator({ readers: buildReaders(), syscalls }).act(
      planOf([region(0, MIB)]),
      signal,
    );
    expect(result).toMatchObject({ advisedBytes: MIB });
  });

  it('skips a range that was unmapped and keeps the rest', async () => {
    const gone: Answer = (ranges) => (ranges[0] === 0n ? failing(ERRNO.ENOMEM) : acceptAll(ranges));
    const { syscalls } = buildSyscalls(gone);
    const plan = planOf([region(0, MIB), region(8 * MIB, MIB)]);
    const result = await createMadviseActuator({ readers: buildReaders(), syscalls }).act(plan, signal);
    expect(result.advisedBytes).toBe(MIB);
    expect(result.error).toBeUndefined();
  });

  it.each([
    ['it has ended', ERRNO.ESRCH, 'ERR_OPTIMIZE_PROCESS_GONE'],
    ['it is not permitted', ERRNO.EPERM, 'ERR_OPTIMIZE_NOT_PERMITTED'],
    ['the kernel has no such call', ERRNO.ENOSYS, 'ERR_OPTIMIZE_NO_SYSCALLS'],
    ['every range is refused', ERRNO.EINVAL, 'ERR_OPTIMIZE_SYSCALL'],
  ])('reports as data that %s', async (_what, errno, code) => {
    const { closed, syscalls } = buildSyscalls(() => failing(errno));
    const result = await createMadviseActuator({ readers: buildReaders(), syscalls }).act(
      planOf([region(0, MIB)]),
      signal,
    );
    expect(result).toMatchObject({ advisedBytes: 0, error: { code } });
    expect(closed).toEqual([9]);
  });

  it('touches nothing when the id belongs to another process', async () => {
    const { asked, closed, syscalls } = buildSyscalls(acceptAll);
    const readStat = () => Promise.resolve(buildStat(42, { startTimeTicks: 501, name: 'other' }));
    const actuator = createMadviseActuator({ readers: buildReaders({ readStat }), syscalls });
    const result = await actuator.act(planOf([region(0, MIB)]), signal);
    expect(result.error).toMatchObject({ code: 'ERR_OPTIMIZE_PROCESS_GONE' });
    expect(result.error!.message).toContain('another process (other)');
    expect(asked).toEqual([]);
    expect(closed).toEqual([9]);
  });

  it('stops between batches when it is aborted and says how far it came', async () => {
    const abort = new AbortController();
    const { syscalls } = buildSyscalls((ranges) => {
      abort.abort(new OptimizeError('ERR_OPTIMIZE_OVERRUN', 'too long'));
      return acceptAll(ranges);
    });
    const actuator = createMadviseActuator({ readers: buildReaders(), syscalls, batchBytes: MIB });
    const result = await actuator.act(planOf([region(0, 8 * MIB)]), abort.signal);
    expect(result).toMatchObject({ advisedBytes: MIB, error: { code: 'ERR_OPTIMIZE_OVERRUN' } });
  });
});

describe('createMadviseActuator().act() on files', () => {
  const actOn = async (syscalls: () => Promise<Syscalls>, plan: TargetPlan) => {
    const dropped: [number, number][] = [];
    const openPageCache = () =>
      Promise.resolve({
        read: () => null,
        drop: (offsetBytes: number, lengthBytes: number) => void dropped.push([offsetBytes, lengthBytes]),
        close: () => undefined,
      });
    const result = await createMadviseActuator({ readers: buildReaders({ openPageCache }), syscalls }).act(
      plan,
      signal,
    );
    return { dropped, result };
  };

  it('drops what a large folio left in the page cache, by its place in the file', async () => {
    const { syscalls } = buildSyscalls(acceptAll);
    const plan = planOf([region(4 * MIB, MIB), region(9 * MIB, MIB)]);
    expect((await actOn(syscalls, plan)).dropped).toEqual([
      [4 * MIB, MIB],
      [9 * MIB, MIB],
    ]);
  });

  it('drops nothing of a process that it may not act on', async () => {
    const { syscalls } = buildSyscalls(() => failing(ERRNO.EPERM));
    const { dropped, result } = await actOn(syscalls, planOf([region(0, MIB)]));
    expect(result.error).toMatchObject({ code: 'ERR_OPTIMIZE_NOT_PERMITTED' });
    expect(dropped).toEqual([]);
  });
});

describe('createMadviseActuator().bringBack()', () => {
  const pagesFrom = (start: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => start + i * 4096);

  it('reads a byte of each anonymous page, and lets the kernel read files ahead', async () => {
    const { closed, touched, willNeed, syscalls } = buildSyscalls(acceptAll);
    const actuator = createMadviseActuator({ readers: buildReaders(), syscalls });
    const pages = { anonymous: pagesFrom(MIB, 300), file: [...pagesFrom(8 * MIB, 2), 9 * MIB] };
    expect(await actuator.bringBack!(target, pages, signal)).toBe(303);
    expect(touched.map(({ length }) => length)).toEqual([256, 44]);
    expect(willNeed).toEqual([[8 * MIB, 8192, 9 * MIB, 4096]]);
    expect(closed).toEqual([9]);
  });

  it('brings nothing back when it is aborted, or when the id belongs to another process', async () => {
    const { touched, syscalls } = buildSyscalls(acceptAll);
    const pages = { anonymous: pagesFrom(MIB, 3), file: [] };
    const actuator = createMadviseActuator({ readers: buildReaders(), syscalls });
    expect(await actuator.bringBack!(target, pages, AbortSignal.abort())).toBe(0);
    const readStat = () => Promise.resolve(buildStat(42, { startTimeTicks: 501 }));
    const other = createMadviseActuator({ readers: buildReaders({ readStat }), syscalls });
    expect(await other.bringBack!(target, pages, signal)).toBe(0);
    expect(touched).toEqual([]);
  });
});

describe('createMadviseActuator().canAct()', () => {
  it('says nothing when the kernel permits it', async () => {
    const { syscalls } = buildSyscalls(acceptAll);
    expect(await createMadviseActuator({ readers: buildReaders(), syscalls }).canAct(target)).toBeNull();
  });

  it('says what is missing when the kernel refuses', async () => {
    const { syscalls } = buildSyscalls(() => failing(ERRNO.EPERM));
    const reason = await createMadviseActuator({ readers: buildReaders(), syscalls }).canAct(target);
    expect(reason).toContain('CAP_SYS_NICE');
  });

  it('says what to install when koffi is missing', async () => {
    const missing = new OptimizeError(
      'ERR_OPTIMIZE_NO_SYSCALLS',
      'Cannot load system calls: run "npm install koffi"',
    );
    const syscalls = vi.fn(() => Promise.reject(missing));
    const reason = await createMadviseActuator({ readers: buildReaders(), syscalls }).canAct(target);
    expect(reason).toContain('npm install koffi');
  });
});

const ranges = fc.array(
  fc.record({ start: fc.nat(2 ** 40), lengthBytes: fc.integer({ min: 1, max: 9 * MIB }) }),
  { maxLength: 40 },
);
const sizeOf = (list: readonly { lengthBytes: number }[]): number =>
  list.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);

it('cutIntoBatches() keeps every byte, the size of a batch and the kernel limit of ranges', () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 4096, max: 8 * MIB }), (regions, batchBytes) => {
      const batches = [...cutIntoBatches(regions, batchBytes)];
      expect(sizeOf(batches.flat())).toBe(sizeOf(regions));
      expect(batches.every((batch) => sizeOf(batch) <= batchBytes && batch.length <= 1024)).toBe(true);
    }),
    { numRuns: 50 },
  );
  const many = Array.from({ length: 3000 }, (_, i) => ({ start: i * 8192, lengthBytes: 4096 }));
  expect([...cutIntoBatches(many, 64 * MIB)].map(({ length }) => length)).toEqual([1024, 1024, 952]);
});

it('skipBytes() drops exactly the bytes that were done', () => {
  fc.assert(
    fc.property(ranges, fc.nat(50 * MIB), (list, done) => {
      const rest = skipBytes(list, done);
      const total = sizeOf(list);
      expect(sizeOf(rest)).toBe(total - Math.min(done, total));
      const last = list.at(-1);
      if (last && rest.length > 0)
        expect(rest.at(-1)!.start + rest.at(-1)!.lengthBytes).toBe(last.start + last.lengthBytes);
    }),
  );
});
