// What the attacks on a daemon's doors share: random numbers from a seed, a raw connection with every way to
// end it, and bytes that are damaged. No attack waits for an answer that need not come.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../random.ts';
import { buildGreeting, buildReady } from './zmtp.ts';

/** Numbers from a seed. */
export interface Random {
  /** 0 to below `end`. */
  below(end: number): number;
  chance(share: number): boolean;
  pick<T>(items: readonly T[]): T;
  bytes(count: number): Buffer;
}

/** What attacks choose by; the same for the same seed. */
export function createChoices(seed: number): Random {
  const next = createRandom(seed);
  const below = (end: number): number => Math.floor(next() * end);
  return {
    below,
    chance: (share) => next() < share,
    pick: (items) => items[below(items.length)]!,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
}

/** A door and what an attacker may know of it. */
export interface Door {
  /** `ws://…`, `tcp://…`, `ipc://…` or `pipe:…`. */
  readonly endpoint: string;
  /** Streams speak docs/streams.md, the bridge docs/protocol.md. */
  readonly speaks: 'stream' | 'bridge';
  /** Set where some attackers are clients with a valid token. */
  readonly token?: string;
}

/** One attack: resolves when its connection is over. Never rejects. */
export type Attack = (door: Door, random: Random) => Promise<void>;

export const endings = ['reset', 'reset', 'destroy', 'end', 'hold'] as const;

/** A connection at the level of the kernel. Errors are what it is for. */
export class RawConnection {
  readonly socket: Socket;
  /** Resolves when connected, or not. */
  readonly isOpen: Promise<boolean>;
  readonly #closed: Promise<void>;

  constructor(endpoint: string) {
    this.socket = connect(addressOf(endpoint));
    this.socket.on('error', () => {});
    this.#closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.isOpen = new Promise((resolve) => {
      this.socket.once('connect', () => resolve(true));
      this.socket.once('close', () => resolve(false));
    });
  }

  write(bytes: Uint8Array | string): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Bytes that came, at most for so long. */
  async read(timeoutMs: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => void chunks.push(chunk);
    this.socket.on('data', take);
    await Promise.race([
      new Promise((resolve) => this.socket.once('data', resolve)),
      this.#closed,
      sleep(timeoutMs),
    ]);
    this.socket.off('data', take);
    return Buffer.concat(chunks);
  }

  /** Ends it in some way: a TCP reset, a close, a half-close, or nothing for a while and then a reset. */
  async end(random: Random): Promise<void> {
    const ending = random.pick(endings);
    if (ending === 'hold') await Promise.race([sleep(random.below(1500)), this.#closed]);
    if (ending === 'end') {
      this.socket.resume().end();
      await Promise.race([sleep(random.below(200)), this.#closed]);
    }
    if (ending === 'reset') breakOff(this);
    else this.socket.destroy();
    await this.#closed;
  }
}

/** One whose handshake with a ZeroMQ socket is done. */
export async function openPeer(endpoint: string, type = 'DEALER'): Promise<RawConnection> {
  const connection = new RawConnection(endpoint);
  if (!(await connection.isOpen)) throw new Error(`nothing listens at ${endpoint}`);
  connection.write(buildGreeting());
  let heard = await connection.read(5000);
  connection.write(buildReady(type));
  while (!heard.includes('READY')) heard = Buffer.concat([heard, await connection.read(5000)]);
  return connection;
}

/** Ends it at once: with a reset over TCP, as a killed process does that had not read everything. */
export function breakOff({ socket }: RawConnection): void {
  // A UNIX socket knows no reset.
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function addressOf(endpoint: string): { path: string } | { host: string; port: number } {
  if (endpoint.startsWith('ipc://')) return { path: endpoint.slice('ipc://'.length) };
  const { hostname, port } = new URL(endpoint.replace(/^tcp:/, 'http:').replace(/^ws:/, 'http:'));
  return { host: hostname, port: Number(port) };
}

/** The same bytes, a few of them changed, added or left out. */
export function damage(bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = random.below(4); i >= 0 && changed.length > 0; i--)
    changed[random.below(changed.length)] = random.below(256);
  if (random.chance(0.3)) return changed.subarray(0, random.below(changed.length + 1));
  return random.chance(0.2) ? Buffer.concat([changed, random.bytes(random.below(64))]) : changed;
}

/** Requests of a stream as hostile JSON texts. */
export function hostileRequest(random: Random): string {
  const filter = (text: string): string => JSON.stringify({ filters: [text] });
  return random.pick<() => string>([
    () => '{"tables":["memory"]}',
    () => '{"tables":["memory","process"],"overflow":"block"}',
    () => '{"__proto__":{"tables":["memory"]},"constructor":{"prototype":{"x":1}}}',
    () => '{"tables":["__proto__","constructor","toString"]}',
    () => '{"after":{"epoch":"x","sequences":{"memory":1.5},"timestamps":{"memory":1e999}}}',
    () => '{"after":{"epoch":"x","sequences":{"__proto__":1},"timestamps":{"memory":0}}}',
    () => '{"after":{"epoch":"","sequences":{"memory":0},"timestamps":{"memory":0}},"overflow":"block"}',
    () => `{"tables":[${'0,'.repeat(random.below(20_000))}0]}`,
    () => filter(`used_percent>${' '.repeat(random.below(30_000))}x`),
    () => filter('a'.repeat(random.below(30_000))),
    () => filter(`${' '.repeat(10_000)}>${'('.repeat(5000)}`),
    () => JSON.stringify({ filters: Array.from({ length: 64 }, (_, i) => `c${i}>1`) }),
    () => `{"filters":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    () => '['.repeat(random.below(60_000)),
    () => '{"interval_ms":1e308,"format":"arrow"}',
    () => '{"format":{"toString":1},"overflow":["spill"],"token":{}}',
    () => '{"filters":[{"column":"pid","op":"==","value":{"toString":1}}]}',
    () => '{"tables":["process"],"overflow":"spill","format":"protobuf"}',
    () => random.bytes(random.below(500)).toString('latin1'),
    () => 'null',
    () => '',
  ])();
}
