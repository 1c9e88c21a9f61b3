import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, processKind, rowsOf } from '../../../src/core/index.ts';
import type { ProcessRecord } from '../../../src/core/index.ts';
import {
  anonymizeProcessRows,
  anonymousProcessKind,
  createAnonymizingKey,
  createNameHasher,
} from '../../../src/prepare/index.ts';

const record = {
  ...Object.fromEntries(processKind.fields.map((field) => [field.name, null])),
  timestamp: 1,
  pid: 42,
  name: 'postgres',
  rss_kib: 1000,
} as unknown as ProcessRecord;

describe('createNameHasher()', () => {
  it('gives RFC 4231 test case 1 cut to its first 64 bits', () => {
    // Key 20 × 0x0b, data "Hi There"; HMAC pads short keys with zeros, so 32 bytes give the same.
    const key = new Uint8Array(32).fill(0x0b, 0, 20);
    expect(createNameHasher(key)('Hi There')).toBe(0xb0344c61d8db3853n);
  });

  it('gives equal hashes for equal names, others for other names and other keys', () => {
    const [a, b] = [createNameHasher(createAnonymizingKey()), createNameHasher(createAnonymizingKey())];
    expect(a('redis')).toBe(a('redis'));
    expect(a('redis')).not.toBe(a('redis2'));
    expect(a('redis')).not.toBe(b('redis'));
  });

  it('stays right when more names pass through than it remembers', () => {
    const key = createAnonymizingKey();
    const hash = createNameHasher(key);
    for (let i = 0; i < 10_000; i++) hash(`worker-${i}`);
    const expected = createHmac('sha256', key).update('worker-1').digest().readBigUInt64BE(0);
    expect(hash('worker-1')).toBe(expected);
  });

  it('refuses a short key', () => {
    expect(() => createNameHasher(new Uint8Array(31))).toThrow(/31 bytes, wanted at least 32/);
  });

  it('is not changed when the caller wipes the key', () => {
    const key = createAnonymizingKey();
    const hash = createNameHasher(key);
    const before = createNameHasher(key.slice())('redis');
    key.fill(0);
    expect(hash('redis')).toBe(before);
  });
});

describe('anonymizeProcessRows()', () => {
  it('replaces the name by its hash, keeps the rest, and fits the anonymous kind', () => {
    const hash = createNameHasher(createAnonymizingKey());
    const rows = anonymizeProcessRows([record], hash);
    expect(rows[0]).not.toHaveProperty('name');
    expect(rows[0]).toMatchObject({ pid: 42, rss_kib: 1000, name_hash: hash('postgres') });
    const batch = buildRecordBatch(anonymousProcessKind, rows);
    expect(rowsOf(anonymousProcessKind, batch)).toEqual(rows);
  });
});
