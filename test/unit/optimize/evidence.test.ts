import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openEvidence } from '../../../src/optimize/evidence.ts';
import type { EvidenceReading } from '../../../src/optimize/evidence.ts';
import type { HostReaders, Region, TargetPlan } from '../../../src/optimize/index.ts';
import { FakeMemory, PAGE_BYTES } from '../../support/optimize/fake-memory.ts';
import { buildPlan, buildReaders, buildStat } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const START = 0x1000_0000;
const PAGES = MIB / PAGE_BYTES;

/** A plan for the first MiB of a mapping: every page of it that is in memory. */
function planOf(isFile: boolean, pages = new Uint8Array(PAGES).fill(1)): TargetPlan {
  const mapping = {
    key: 'm',
    start: START,
    end: START + MIB,
    offsetBytes: 0,
    path: '/srv/7',
    inode: isFile ? 7 : 0,
  };
  const kind = isFile ? 'clean-file' : 'anonymous';
  const place = { start: START, lengthBytes: MIB, kind, key: 'r', mapping } as const;
  const residentBytes = pages.reduce((sum, page) => sum + page, 0) * PAGE_BYTES;
  const region: Region = { start: START, lengthBytes: MIB, kind, residentBytes, quietMs: 9000, pages, place };
  return buildPlan({ regions: [region], bytes: residentBytes, bytesByKind: { [kind]: residentBytes } });
}

interface Trial {
  readonly memory?: FakeMemory;
  readonly plan?: TargetPlan;
  readonly act?: (memory: FakeMemory) => void;
  readonly afterwards?: (memory: FakeMemory) => void;
  readonly readers?: Partial<HostReaders>;
}

const fileMemory = (): FakeMemory => new FakeMemory([{ start: START, mib: 1, inode: 7 }]);
const anonMemory = (): FakeMemory => new FakeMemory([{ start: START, mib: 1 }]);
const pageAllOut = (memory: FakeMemory): void => memory.pageOut(START, MIB);

/** What the evidence of one action says. */
async function tryAction({
  memory = fileMemory(),
  plan = planOf(true),
  act = pageAllOut,
  afterwards = () => undefined,
  readers = {},
}: Trial): Promise<EvidenceReading> {
  const evidence = await openEvidence(buildReaders(readers, memory), plan);
  act(memory);
  await evidence.settle();
  afterwards(memory);
  const reading = await evidence.read();
  evidence.close();
  return reading;
}

/** A compressed store that swaps what the test pages out, at a ratio. */
function storeAt(
  readings: readonly (readonly [original: number, used: number] | null)[],
): Partial<HostReaders> {
  let i = 0;
  return {
    readCompressedStore: () => {
      const reading = readings[Math.min(i++, readings.length - 1)]!;
      return Promise.resolve(reading && { originalBytes: reading[0], usedBytes: reading[1] });
    },
  };
}

describe('openEvidence() of file pages', () => {
  it('counts as freed what left the process and the page cache', async () => {
    expect(await tryAction({})).toEqual({
      takenBytes: MIB,
      returnedBytes: 0,
      compressedBytes: 0,
      freedBytes: MIB,
      why: null,
    });
  });

  it('counts as returned what is in memory again at the end', async () => {
    const reading = await tryAction({ afterwards: (memory) => memory.use(START, MIB / 4) });
    expect(reading).toMatchObject({ takenBytes: MIB, returnedBytes: MIB / 4, freedBytes: (3 * MIB) / 4 });
  });

  it('does not count what is still cached, or was read ahead again, as freed', async () => {
    const stillCached = await tryAction({
      memory: new FakeMemory([{ start: START, mib: 1, inode: 7 }], { folioPages: 4 }),
    });
    expect(stillCached).toMatchObject({ takenBytes: MIB, freedBytes: 0 });
    const readAhead = await tryAction({ afterwards: (memory) => memory.readAhead(START, MIB / 2) });
    expect(readAhead).toMatchObject({ takenBytes: MIB, returnedBytes: 0, freedBytes: MIB / 2 });
  });

  it('does not know what was freed where the page cache cannot be asked', async () => {
    const reading = await tryAction({ readers: { openPageCache: () => Promise.resolve(null) } });
    expect(reading).toMatchObject({
      takenBytes: MIB,
      freedBytes: null,
      why: /page cache .* cannot be asked/,
    });
    const unanswered = { read: () => null, drop: () => undefined, close: () => undefined };
    const silent = await tryAction({ readers: { openPageCache: () => Promise.resolve(unanswered) } });
    expect(silent.freedBytes).toBeNull();
  });

  it('takes nothing for its own that the kernel left in memory', async () => {
    expect(await tryAction({ act: () => undefined })).toMatchObject({ takenBytes: 0, freedBytes: 0 });
  });

  it('counts only pages of the plan', async () => {
    const pages = new Uint8Array(PAGES);
    pages.fill(1, 0, 10);
    const reading = await tryAction({ plan: planOf(true, pages) });
    expect(reading).toMatchObject({ takenBytes: 10 * PAGE_BYTES, freedBytes: 10 * PAGE_BYTES });
  });
});

describe('openEvidence() of anonymous pages', () => {
  const anonymous = { memory: anonMemory, plan: planOf(false) };
  const tryAnonymous = (trial: Trial): Promise<EvidenceReading> =>
    tryAction({ ...anonymous, memory: anonymous.memory(), ...trial });

  it('counts what is swapped less what the compressed store grew by', async () => {
    const reading = await tryAnonymous({
      readers: storeAt([
        [8 * MIB, 4 * MIB],
        [9 * MIB, 4.25 * MIB],
      ]),
    });
    expect(reading).toMatchObject({ takenBytes: MIB, compressedBytes: MIB / 4, freedBytes: (3 * MIB) / 4 });
  });

  it('takes the ratio of the whole store where too little came with the action to tell', async () => {
    const reading = await tryAnonymous({ readers: storeAt([[8 * MIB, 4 * MIB]]) });
    expect(reading).toMatchObject({ compressedBytes: MIB / 2, freedBytes: MIB / 2 });
  });

  it('frees nothing, and no less, with pages that do not compress', async () => {
    const reading = await tryAnonymous({
      readers: storeAt([
        [0, 0],
        [MIB, 2 * MIB],
      ]),
    });
    expect(reading).toMatchObject({ compressedBytes: MIB, freedBytes: 0 });
  });

  it('does not know what was freed where nothing says what the swapped pages take', async () => {
    expect(await tryAnonymous({ readers: storeAt([null]) })).toMatchObject({
      takenBytes: MIB,
      freedBytes: null,
    });
    expect(await tryAnonymous({ readers: storeAt([[0, 0]]) })).toMatchObject({ freedBytes: null });
  });

  it('needs no ratio when everything came back', async () => {
    const reading = await tryAnonymous({
      readers: storeAt([null]),
      afterwards: (memory) => memory.use(START, MIB),
    });
    expect(reading).toMatchObject({ takenBytes: MIB, returnedBytes: MIB, freedBytes: 0, why: null });
  });

  it('claims nothing of what the process unmapped itself', async () => {
    const reading = await tryAnonymous({
      readers: storeAt([[8 * MIB, 4 * MIB]]),
      afterwards: (memory) => memory.unmap(START),
    });
    expect(reading).toMatchObject({ takenBytes: MIB, freedBytes: 0 });
  });
});

describe('openEvidence() that cannot look', () => {
  it('says unknown when the process ended before the window did', async () => {
    const reading = await tryAction({ afterwards: (memory) => memory.end() });
    expect(reading).toMatchObject({ freedBytes: null, why: /worker\) cannot be read any more/ });
  });

  it('says unknown, and not 0, when the process ended within the action', async () => {
    const reading = await tryAction({ afterwards: () => undefined, act: (memory) => memory.end() });
    expect(reading.freedBytes).toBeNull();
  });

  it('says unknown, and not 0, when pagemap may not be read', async () => {
    const reading = await tryAction({ readers: { openPagemap: () => null } });
    expect(reading.freedBytes).toBeNull();
  });
});

describe('openEvidence() of a cgroup', () => {
  const plan = buildPlan({ target: { kind: 'cgroup', path: '/cg' }, bytes: 10 * MIB, regions: [] });
  const tryLevels = async (...levels: (number | null)[]): Promise<EvidenceReading> => {
    let i = 0;
    const readCgroup = () => {
      const level = levels[i++]!;
      return Promise.resolve(level === null ? null : { currentBytes: level * MIB, psiSomeUs: null });
    };
    const evidence = await openEvidence(buildReaders({ readCgroup }), plan);
    await evidence.settle();
    return evidence.read();
  };

  it('takes the fall of its own use', async () => {
    expect(await tryLevels(100, 92, 94)).toMatchObject({
      takenBytes: 8 * MIB,
      returnedBytes: 2 * MIB,
      freedBytes: 6 * MIB,
    });
  });

  it('never says more than was asked for, nor less than nothing', async () => {
    expect(await tryLevels(100, 20, 20)).toMatchObject({ takenBytes: 10 * MIB, freedBytes: 10 * MIB });
    expect(await tryLevels(100, 130, 150)).toMatchObject({ takenBytes: 0, freedBytes: 0 });
    expect(await tryLevels(100, 98, 20)).toMatchObject({ takenBytes: 2 * MIB, freedBytes: 2 * MIB });
  });

  it('says unknown when it was removed', async () => {
    expect(await tryLevels(100, 92, null)).toMatchObject({
      freedBytes: null,
      why: /cannot be read any more/,
    });
    expect(await tryLevels(null, 92, 92)).toMatchObject({ freedBytes: null });
  });
});

// What may happen to a run of pages between the plan and the end of the window.
const event = fc.record({
  what: fc.constantFrom('pageOut', 'use', 'readAhead', 'unmap', 'share'),
  at: fc.nat(PAGES - 1),
  pages: fc.integer({ min: 1, max: PAGES }),
});
const history = fc.array(event, { maxLength: 12 });

function happen(memory: FakeMemory, events: readonly { what: string; at: number; pages: number }[]): void {
  for (const { what, at, pages } of events) {
    const [start, lengthBytes] = [START + at * PAGE_BYTES, Math.min(pages, PAGES - at) * PAGE_BYTES];
    if (what === 'unmap') memory.unmap(START);
    else memory[what as 'pageOut' | 'use' | 'readAhead' | 'share'](start, lengthBytes);
  }
}

it('openEvidence() never says more freed than taken, nor more taken than handed over, whatever happens', async () => {
  const store = fc.array(fc.option(fc.tuple(fc.nat(64 * MIB), fc.nat(64 * MIB)), { nil: null }), {
    minLength: 3,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom(1, 4, 256),
      history,
      history,
      store,
      async (isFile, folioPages, before, after, stores) => {
        const memory = new FakeMemory([{ start: START, mib: 1, ...(isFile ? { inode: 7 } : {}) }], {
          folioPages,
        });
        const plan = planOf(isFile);
        const { takenBytes, returnedBytes, compressedBytes, freedBytes } = await tryAction({
          memory,
          plan,
          act: () => happen(memory, before),
          afterwards: () => happen(memory, after),
          readers: storeAt(stores),
        });
        expect(takenBytes).toBeLessThanOrEqual(plan.bytes);
        expect(returnedBytes).toBeLessThanOrEqual(takenBytes);
        if (freedBytes === null) return;
        expect(freedBytes).toBeGreaterThanOrEqual(0);
        expect(freedBytes + returnedBytes + compressedBytes).toBeLessThanOrEqual(takenBytes);
      },
    ),
    { numRuns: 300 },
  );
});

it('openEvidence() closes what it opened', async () => {
  const open = new Set<string>();
  const memory = fileMemory();
  const readers = buildReaders({
    openPagemap: () => {
      open.add('pagemap');
      return { ...memory.openPagemap(), close: () => void open.delete('pagemap') };
    },
    openPageCache: async (pid, mapping) => {
      open.add('cache');
      return { ...(await memory.openPageCache(pid, mapping))!, close: () => void open.delete('cache') };
    },
    readStat: () => Promise.resolve(buildStat(42)),
  });
  const evidence = await openEvidence(readers, planOf(true));
  expect(open.size).toBe(2);
  evidence.close();
  expect(open.size).toBe(0);
});
