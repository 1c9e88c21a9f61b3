import { describe, expect, it } from 'vitest';
import { createAnonymizer } from '../../../src/prepare/index.ts';
import { codesIn } from '../../../src/prepare/free-text.ts';

const strip = (text: string): string => createAnonymizer().stripPaths(text);

describe('stripPaths()', () => {
  it.each([
    ['cannot open /etc/passwd: EACCES', 'cannot open <path>: EACCES'],
    ['cannot open "/home/alice/my notes.txt" now', 'cannot open <path> now'],
    ["in '~/secret dir/x'", 'in <path>'],
    ['~bob/plans', '<path>'],
    ['../up/there and ./here/x', '<path> and <path>'],
    ['src/app/main.ts:12', '<path>:12'],
    [String.raw`C:\Users\alice\file.doc failed`, '<path> failed'],
    ['D:/games/save', '<path>'],
    [String.raw`\\server\share\dir`, '<path>'],
    ['see https://user:pw@example.com/a?b=c now', 'see <url> now'],
    ['postgres://u:p@db.internal:5432/x', '<url>'],
    ['mail alice.b+tag@example.org please', 'mail <address> please'],
    ['ssh root@web-7 failed', 'ssh <address> failed'],
    ['from 192.168.1.77:8080', 'from <ip>'],
    ['from 2001:db8::8a2e:370:7334 on', 'from <ip> on'],
    ['at fe80::1%eth0.', 'at <ip>.'],
    ['loopback ::1', 'loopback <ip>'],
    ['mac 00:1A:2b:3c:4d:5e', 'mac <mac>'],
    ['mac 00-1A-2b-3c-4d-5e', 'mac <mac>'],
    ['host build01.corp.example.com down', 'host <host> down'],
    ['id 9f86d081884c7d659a2feaa0c55ad015', 'id <token>'],
    ['id 123e4567-e89b-12d3-a456-426614174000', 'id <token>'],
    ['token ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'token <token>'],
    ['password=hunter2, retry', 'password=<secret>, retry'],
    ['API_KEY: "abc def" set', 'API_KEY: <secret> set'],
    ['{"token": "abc"}', '{"token": <secret>}'],
    ['Authorization: Bearer abc.def', 'Authorization: <secret>'],
    ['HOME=alice TERM=xterm', 'HOME=<value> TERM=<value>'],
  ])('turns %j into %j', (text, expected) => {
    expect(strip(text)).toBe(expected);
  });

  it.each(['page cache 12.5 % full', 'the kernel refused 3 of 4 ranges: EPERM', ''])('leaves %j', (text) => {
    expect(strip(text)).toBe(text);
  });

  it('is done with a long hostile text in no time', () => {
    const start = performance.now();
    for (const part of ['a.', '/', 'a:', '@', '-', 'key', '"/']) strip(part.repeat(20_000));
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('codesIn()', () => {
  it.each([
    ['Cannot trim "postgres" (pid 12): EPERM, operation not permitted', 'EPERM'],
    ['ERR_OPTIMIZE_SYSCALL after EIO, EIO', 'ERR_OPTIMIZE_SYSCALL EIO'],
    ['user ERIC at ECORP: ERR_ALICE_BOB', 'other'],
    ['', 'other'],
  ])('keeps of %j only %j', (text, expected) => {
    expect(codesIn(text)).toBe(expected);
  });
});
