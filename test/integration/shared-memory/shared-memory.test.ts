// Files in memory, as the other process finds them: rings and their slots, room that is kept, files that are handed over.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeSharedAttachments } from '../../../src/bridge/shared-attachments.ts';
import { createSlotRing, findObstacle, loadMemoryMap } from '../../../src/shared-memory/index.ts';

const isLinux = process.platform === 'linux';
let folder = '';
beforeAll(() => {
  if (isLinux) folder = mkdtempSync('/dev/shm/ruvector-test-');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SLOTS_AT = 4096;

describe.runIf(isLinux).each([
  ['mapped', (): ReturnType<typeof loadMemoryMap> => loadMemoryMap()],
  ['written', (): null => null],
])('createSlotRing() %s', (_, buildMemory) => {
  const open = (slots = 2): ReturnType<typeof createSlotRing> =>
    createSlotRing({ folder, memory: buildMemory(), epoch: 3, slots, contentBytes: 5000 });

  it('makes a private file of its final size, whose header says what is in it', async () => {
    const ring = await open();
    const { path, key, slotBytes } = ring.layout;
    const bytes = readFileSync(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect([bytes.length, slotBytes % 4096]).toEqual([SLOTS_AT + 2 * slotBytes, 0]);
    expect(bytes.toString('latin1', 0, 8)).toBe('RVRING01');
    expect([bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).toEqual([3, 2]);
    expect(bytes.toString('hex', 24, 40)).toBe(key);
    ring.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('counts the fillings of a slot, and marks it while it is being filled', async () => {
    const ring = await open();
    const slot = ring.take()!;
    const at = SLOTS_AT + slot * ring.layout.slotBytes;
    const generation = (): number => readFileSync(ring.layout.path).readUInt32LE(at);
    const seen: number[] = [];
    for (const [i, fill] of [17, 34].entries()) {
      const place = ring.fill(slot, 10 + i, 5000, (target) => {
        seen.push(generation());
        target.fill(fill, 0, 5000);
      });
      expect(place).toEqual({ epoch: 3, slot, generation: 2 * i + 2, bytes: 5000 });
      const bytes = readFileSync(ring.layout.path);
      expect(bytes.readUInt32LE(at)).toBe(place.generation);
      expect([bytes.readBigUInt64LE(at + 8), bytes.readBigUInt64LE(at + 16)]).toEqual([
        BigInt(10 + i),
        5000n,
      ]);
      expect(bytes.subarray(at + 64, at + 5064).every((byte) => byte === fill)).toBe(true);
      expect(ring.copy(place)).toEqual(new Uint8Array(5000).fill(fill));
    }
    expect(seen).toEqual([1, 3]);
    ring.close();
  });

  it('lends each slot once, until it is back', async () => {
    const ring = await open(3);
    const taken = [ring.take(), ring.take(), ring.take()];
    expect(new Set(taken)).toEqual(new Set([0, 1, 2]));
    expect([ring.take(), ring.slotsInUse]).toEqual([null, 3]);
    ring.release(1);
    expect([ring.take(), ring.take()]).toEqual([1, null]);
    ring.close();
  });
});

describe.runIf(isLinux)('findObstacle()', () => {
  it('keeps room in the folder, and says how much is missing', () => {
    expect(findObstacle(folder, 4096)).toBeNull();
    expect(findObstacle(folder, 2 ** 50)).toMatch(/has \d+ MiB free, \d+ MiB are needed/);
    expect(findObstacle(join(folder, 'none'), 1)).toContain('cannot be used');
  });
});

describe.runIf(isLinux)('takeSharedAttachments()', () => {
  const uuid = '00000000-0000-4000-8000-000000000000';
  const pathOf = (name = `ruvector-handed-1-1-${uuid}`): string => join(folder, name);
  const write = (path: string, sizeBytes: number, mode = 0o600): void => {
    writeFileSync(path, Buffer.alloc(sizeBytes, 7));
    chmodSync(path, mode);
  };

  it('reads parts at multiples of 64 bytes, and the file is gone', async () => {
    writeFileSync(pathOf(), Buffer.concat([Buffer.alloc(64, 1), Buffer.alloc(128, 2)]), { mode: 0o600 });
    const parts = await takeSharedAttachments(folder, { path: pathOf(), sizes: [3, 0, 100] }, 1e6);
    expect(parts).toEqual([new Uint8Array(3).fill(1), new Uint8Array(0), new Uint8Array(100).fill(2)]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['a path outside of the folder', (): string => '/etc/passwd'],
    ['a path that leads out of it', (): string => `${folder}/../ruvector-handed-1-1-${uuid}`],
    ['a file of another name', (): string => (write(pathOf('other'), 64), pathOf('other'))],
    ['a file that is not there', (): string => pathOf()],
    ['a file that others may read', (): string => (write(pathOf(), 64, 0o644), pathOf())],
    ['a file of another size', (): string => (write(pathOf(), 128), pathOf())],
    ['a folder', (): string => (mkdirSync(pathOf()), pathOf())],
    ['a link', (): string => (write(pathOf('aim'), 64), symlinkSync(pathOf('aim'), pathOf()), pathOf())],
  ])('refuses %s and touches nothing', async (_, buildPath) => {
    const path = buildPath();
    const before = readdirSync(folder);
    const taken = takeSharedAttachments(folder, { path, sizes: [64] }, 1e6);
    await expect(taken).rejects.toMatchObject({ code: 'ERR_WIRE_SLOT' });
    expect(readdirSync(folder)).toEqual(before);
    for (const name of before) rmSync(join(folder, name), { recursive: true });
  });

  it.each([
    [null],
    [{}],
    [{ path: 1, sizes: [] }],
    [{ path: 'x', sizes: 'y' }],
    [{ path: 'x', sizes: [-1] }],
  ])('refuses the description %j', async (shared) => {
    await expect(takeSharedAttachments(folder, shared, 1e6)).rejects.toMatchObject({
      code: 'ERR_WIRE_SLOT',
    });
  });

  it('refuses more bytes than the daemon takes, before it looks', async () => {
    const shared = { path: pathOf(), sizes: [2e6] };
    await expect(takeSharedAttachments(folder, shared, 1e6)).rejects.toThrow('1000000 are taken');
  });
});
