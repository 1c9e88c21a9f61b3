// What the daemon says of its own memory, and when it says that it does not pay.
import { describe, expect, it } from 'vitest';
import { paysOff } from '../../../../src/app/serve/own-memory.ts';
import { parseCleanMappings } from '../../../../src/app/serve/trim-memory.ts';

const OWN_KIB = 90_000;

describe('paysOff()', () => {
  it('says no when there is no target', () => {
    const { pays, reason } = paysOff({ ownKib: OWN_KIB, targetKib: 0, savedKib: null });
    expect(pays).toBe(false);
    expect(reason).toContain('--name');
  });

  it.each([1, OWN_KIB - 1, OWN_KIB])(
    'says no when the targets hold %i KiB, at most what the daemon holds',
    (targetKib) => {
      expect(paysOff({ ownKib: OWN_KIB, targetKib, savedKib: null }).pays).toBe(false);
      // More than everything cannot have been given back.
      expect(paysOff({ ownKib: OWN_KIB, targetKib, savedKib: targetKib }).pays).toBe(false);
    },
  );

  it('leaves it open when the targets are larger and nothing was measured', () => {
    expect(paysOff({ ownKib: OWN_KIB, targetKib: OWN_KIB + 1, savedKib: null }).pays).toBeNull();
  });

  it.each([
    [0, false],
    [-5000, false],
    [OWN_KIB, false],
    [OWN_KIB + 1, true],
  ])('weighs what was measured: %i KiB saved is %s', (savedKib, pays) => {
    expect(paysOff({ ownKib: OWN_KIB, targetKib: 10 * OWN_KIB, savedKib }).pays).toBe(pays);
  });
});

const block = (head: string, anonymousKib: number, rssKib = 8): string =>
  `${head}\nSize:    64 kB\nRss:       ${rssKib} kB\nAnonymous: ${anonymousKib} kB\nVmFlags: rd ex mr\n`;

describe('parseCleanMappings()', () => {
  it('takes private mappings of files that are not writable and hold no page of their own', () => {
    const smaps = [
      block('00400000-00500000 r--p 00000000 fe:00 7      /usr/bin/node', 0),
      block('00500000-00600000 r-xp 00100000 fe:00 7      /usr/lib/a b/libx.so.1', 0),
    ].join('');
    expect(parseCleanMappings(smaps)).toEqual([
      { path: '/usr/bin/node', start: 0x400000n, end: 0x500000n },
      { path: '/usr/lib/a b/libx.so.1', start: 0x500000n, end: 0x600000n },
    ]);
  });

  it.each([
    ['relocated read-only data', block('00400000-00500000 r--p 00000000 fe:00 7 /usr/bin/node', 4)],
    ['writable data', block('00400000-00500000 rw-p 00000000 fe:00 7 /usr/bin/node', 0)],
    ['a shared mapping', block('00400000-00500000 r--s 00000000 fe:00 7 /dev/shm/x', 0)],
    ['anonymous memory', block('00400000-00500000 r-xp 00000000 00:00 0', 0)],
    ['the vdso', block('7ff000000000-7ff000002000 r-xp 00000000 00:00 0      [vdso]', 0)],
    ['what is not resident', block('00400000-00500000 r-xp 00000000 fe:00 7 /usr/bin/node', 0, 0)],
  ])('leaves %s alone', (_, smaps) => {
    expect(parseCleanMappings(smaps)).toEqual([]);
  });
});
