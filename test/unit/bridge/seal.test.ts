// Sealed messages under mutation: what is not the next message of this connection, unchanged, does not open.
import { describe, expect, it } from 'vitest';
import { BulkSessions } from '../../../src/bridge/bulk-sessions.ts';
import { Direction, Opener, Sealer } from '../../../src/bridge/seal.ts';
import { createRandom } from '../../support/random.ts';

const keys = { session: '0f'.repeat(16), secret: 'a5'.repeat(32), connection: 0 };

describe('Opener.open()', () => {
  it('refuses each of 10,000 mutated messages, and opens the one that was not', () => {
    const random = createRandom(7);
    const pick = (n: number): number => Math.floor(random() * n);
    const frames = [Buffer.alloc(32, 1), Buffer.from('{"a":1}'), Buffer.alloc(500, 2)];
    const sealed = new Sealer(keys, Direction.TO_CLIENT).seal(frames);
    const open = (message: readonly Uint8Array[]): Uint8Array[] =>
      new Opener(keys, Direction.TO_CLIENT).open(message);
    const codes = new Set<string>();
    for (let i = 0; i < 10_000; i++) {
      const message = sealed.map((frame) => Buffer.from(frame));
      const at = pick(message.length);
      const frame = message[at]!;
      if (i % 10 === 0) message[at] = frame.subarray(0, pick(frame.length));
      else if (i % 10 === 1) message.splice(at, 1);
      else if (i % 10 === 2) message.splice(at, 0, Buffer.from(frame));
      else frame[pick(frame.length)]! ^= 1 << pick(8);
      let code = 'opened';
      try {
        open(message);
      } catch (error) {
        code = (error as { code: string }).code;
      }
      codes.add(code);
    }
    expect([...codes].sort()).toEqual(['ERR_WIRE_REPLAYED', 'ERR_WIRE_TAMPERED']);
    expect(open(sealed)).toEqual(frames);
  });

  it('follows new keys by number and by size, each message under a nonce of its own', () => {
    const sealer = new Sealer(keys, Direction.TO_DAEMON, { messages: 3, bytes: 1000 });
    const opener = new Opener(keys, Direction.TO_DAEMON);
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const message = [Buffer.alloc(i * 20, i)];
      const sealed = sealer.seal(message);
      seen.add(Buffer.from(sealed[0]!.subarray(12, 24)).toString('hex'));
      expect(opener.open(sealed)).toEqual(message);
    }
    expect(seen.size).toBe(50);
    expect(Math.max(...[...seen].map((nonce) => Buffer.from(nonce, 'hex').readUInt32LE(0)))).toBeGreaterThan(
      16,
    );
  });
});

describe('Sealer.seal()', () => {
  it('gives the same bytes where it may write over frames, and Opener.open() theirs', () => {
    const sizes = [0, 32, 65_535, 65_536, 65_537, 200_000];
    const frames = sizes.map((size, i) => Buffer.alloc(size, i));
    const expected = new Sealer(keys, Direction.TO_CLIENT).seal(frames);
    expect(frames).toEqual(sizes.map((size, i) => Buffer.alloc(size, i)));
    const own = frames.map((frame) => Buffer.from(frame));
    const sealed = new Sealer(keys, Direction.TO_CLIENT).seal(own, true);
    expect(sealed).toEqual(expected);
    expect(sealed[6]!.buffer).toBe(own[5]!.buffer);
    expect(new Opener(keys, Direction.TO_CLIENT).open(sealed, true)).toEqual(frames);
    expect(sealed[6]).toEqual(frames[5]);
  });
});

describe('BulkSessions', () => {
  it('gives each connection its keys once, in whatever order they come, and none of a session that ended', () => {
    const sessions = new BulkSessions();
    const { session, secret } = sessions.open('peer', 'client', null);
    for (const connection of [5, 0, 3000, 2500]) {
      expect(sessions.find(session, connection).keys).toEqual({ session, secret, connection });
      sessions.use(session, connection);
      expect(() => sessions.find(session, connection)).toThrow(
        expect.objectContaining({ code: 'ERR_WIRE_REPLAYED' }),
      );
    }
    expect(() => sessions.find(session, 1)).toThrow(expect.objectContaining({ code: 'ERR_WIRE_REPLAYED' }));
    sessions.close('peer');
    expect(() => sessions.find(session, 3001)).toThrow(expect.objectContaining({ code: 'ERR_WIRE_AUTH' }));
  });
});
