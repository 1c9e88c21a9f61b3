// AEDAT4 against the libraries of others: dv-processing writes, aedat reads the same files.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Aedat4Decoder } from '../../../src/events/aedat4/index.ts';
import { buildAedat4 } from '../../support/events/build-aedat4.ts';
import { decodeFed } from '../../support/events/drain-source.ts';
import { python } from '../../support/python.ts';

const folder = mkdtempSync(join(tmpdir(), 'events-aedat4-'));
const peer = join(import.meta.dirname, 'aedat4_peer.py');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => void execFileSync(python, [peer, 'write', folder]));

const countsOfPeer = (...paths: string[]): unknown =>
  JSON.parse(execFileSync(python, [peer, 'read', ...paths]).toString());

describe('Aedat4Decoder', () => {
  it.each(['NONE', 'LZ4', 'LZ4_HIGH', 'ZSTD', 'ZSTD_HIGH'])(
    'decode() gives the events that dv-processing wrote when packets are compressed with %s',
    (compression) => {
      const column = (name: string): bigint[] => [
        ...new BigInt64Array(new Uint8Array(readFileSync(join(folder, `${name}.bin`))).buffer),
      ];
      const [t, x, y, p] = ['t', 'x', 'y', 'p'].map(column) as [bigint[], bigint[], bigint[], bigint[]];
      const decoder = new Aedat4Decoder({ polarity: 'unsigned' });
      const rows = decodeFed(decoder, readFileSync(join(folder, `${compression}.aedat4`)), 4096);
      expect(rows).toEqual(t.map((time, i) => [time, Number(x[i]), Number(y[i]), Number(p[i])]));
      expect(decoder.geometry).toEqual({ width: 346, height: 260 });
      expect(decoder.counts).toMatchObject({ triggers: 4, truncatedBytes: 0 });
    },
  );

  it('decode() finds as many events as aedat does in the same files', () => {
    const paths = ['NONE', 'LZ4', 'ZSTD'].map((name) => join(folder, `${name}.aedat4`));
    expect(countsOfPeer(...paths)).toEqual([5000, 5000, 5000]);
  });

  it('decode() reads zstd packets that do not say their size, as aedat does', async () => {
    const path = join(folder, 'no-size.aedat4');
    const bytes = await buildAedat4({
      packets: [{ stream: 0, events: [[1, 2, 3, 1]] }],
      compression: 'zstd without size',
    });
    writeFileSync(path, bytes);
    // Neither a size nor a single segment, which would imply one.
    const frame = bytes.indexOf(Buffer.from('28b52ffd', 'hex'));
    expect(bytes[frame + 4]! & 0xe0).toBe(0);
    expect(decodeFed(new Aedat4Decoder(), bytes)).toEqual([[1n, 2, 3, 1]]);
    expect(countsOfPeer(path)).toEqual([1]);
  });
});
