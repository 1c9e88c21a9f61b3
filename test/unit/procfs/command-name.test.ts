import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMM_BYTES, cutName, readCommandName } from '../../../src/procfs/index.ts';

let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-command-name-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder as /proc/PID, whose program is at this path. */
function buildProcess(program: string): string {
  count += 1;
  const at = mkdtempSync(join(folder, `${count}-`));
  symlinkSync(program, join(at, 'exe'));
  return at;
}

describe('readCommandName()', () => {
  it.each([
    ['MainThread', '/usr/bin/node', 'node'],
    ['node-MainThread', '/opt/node-24/bin/node', 'node'],
    ['GeckoMain', '/usr/lib64/firefox/firefox', 'firefox'],
    ['MainThread', '/usr/bin/node (deleted)', 'node'],
    ['MainThread', '/opt/an application with a long name', 'an application '],
  ])('names "%s" of %s after its program', (comm, program, name) => {
    expect(readCommandName(comm, buildProcess(program))).toBe(name);
  });

  it.each(['python3', 'ray::IDLE', 'nginx', 'Web Content', '', 'mainthread'])(
    'leaves "%s", which a program chose, whatever runs',
    (comm) => {
      expect(readCommandName(comm, buildProcess('/usr/bin/node'))).toBe(comm);
    },
  );

  it('leaves the name of a first thread where its program may not be read, or has no name', () => {
    expect(readCommandName('MainThread', join(folder, 'nobody'))).toBe('MainThread');
    expect(readCommandName('MainThread', buildProcess('/'))).toBe('MainThread');
  });
});

describe('cutName()', () => {
  it('keeps 15 bytes and no half of a character', () => {
    expect(cutName('redis-server')).toBe('redis-server');
    expect(cutName('a'.repeat(40))).toBe('a'.repeat(COMM_BYTES));
    expect(cutName('aaaaaaaaaaaaaaé')).toBe('a'.repeat(14));
  });
});
