// Attacks on an HTTP port that upgrades to WebSocket: every state of a handshake, of a subscription and of a
// close (RFC 6455, section 5), left by a reset or a close, with bytes of its own rather than a library's.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection, damage, hostileRequest } from './attack.ts';
import type { Attack, Random } from './attack.ts';

const hosts = [
  '127.0.0.1',
  'localhost',
  '[::1]',
  '127.0.0.1:1',
  'evil.example',
  'localhost.evil.example',
  '',
  '[',
];
const origins = [
  null,
  null,
  null,
  'null',
  'https://evil.example',
  'http://localhost:8888',
  'http://localhost@evil.example',
  'file://',
  'chrome-extension://localhost',
  'http://[',
  '\u0000',
];
const targets = [
  '/',
  '/',
  '/request',
  '/request',
  '//',
  '//[',
  'http://[',
  '*',
  '/?tables=memory',
  '/?tables=nothing&filter=a',
  '/?format=arrow&overflow=block',
  '/?after={"epoch":"","sequences":{"memory":0.5},"timestamps":{}}',
  `/?filter=${'a%20'.repeat(3000)}`,
  '/?token=%ff%00',
  '/%',
];
const methods = ['GET', 'GET', 'GET', 'GET', 'POST', 'CONNECT', 'OPTIONS', 'GE T', 'PRI'];

function handshake(random: Random): string {
  const origin = random.pick(origins);
  const lines = [
    `${random.pick(methods)} ${random.pick(targets)} HTTP/1.1`,
    `Host: ${random.pick(hosts)}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${random.pick(['13', '13', '13', '8', 'x'])}`,
    `Sec-WebSocket-Key: ${random.chance(0.9) ? randomBytes(16).toString('base64') : 'no'}`,
    ...(origin === null ? [] : [`Origin: ${origin}`]),
    ...(random.chance(0.1) ? ['Transfer-Encoding: chunked', 'Content-Length: 5'] : []),
    ...(random.chance(0.1) ? [`X-Long: ${'x'.repeat(random.below(100_000))}`] : []),
    ...(random.chance(0.2) ? ['Authorization: Bearer wrong'] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function goodHandshake(target: string): string {
  const key = randomBytes(16).toString('base64');
  return `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

/** A masked frame; `length` may lie. */
function frame(
  opcode: number,
  payload: Buffer,
  length: bigint = BigInt(payload.length),
  flags = 0x80,
): Buffer {
  const head = Buffer.alloc(14);
  head[0] = flags | opcode;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(length, 2);
  return Buffer.concat([head, payload]);
}

const TEXT = 1;
const CLOSE = 8;
const PING = 9;

/** In the middle of a handshake. */
const halfHandshake: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  const text = handshake(random);
  for (let at = 0, end = random.below(text.length + 1); at < end;) {
    const piece = 1 + random.below(end - at);
    connection.write(text.slice(at, at + piece));
    at += piece;
    if (random.chance(0.3)) await sleep(random.below(10));
  }
  await connection.end(random);
};

/** A whole handshake that is refused or not, and an end before, with or after the answer. */
const wholeHandshake: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  const text = handshake(random);
  connection.write(random.chance(0.2) ? damage(Buffer.from(text), random) : text);
  if (random.chance(0.3)) connection.write(text);
  if (random.chance(0.5)) await connection.read(20);
  await connection.end(random);
};

const noHttp: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  const tls = Buffer.from('1603010200010001fc0303', 'hex');
  connection.write(
    random.pick([
      tls,
      Buffer.alloc(0),
      random.bytes(300),
      Buffer.from('\r\n\r\n\r\n'),
      Buffer.alloc(70_000, 'a'),
    ]),
  );
  await connection.end(random);
};

/** Open, then frames that are and are not allowed. */
const frames: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  connection.write(goodHandshake('/request'));
  if (random.chance(0.8)) await connection.read(500);
  const request = Buffer.from(hostileRequest(random));
  const sent = random.pick<() => Buffer>([
    () => frame(TEXT, request),
    () => damage(frame(TEXT, request), random),
    () => frame(TEXT, request, 2n ** 63n),
    () => frame(2, Buffer.alloc(10), 2n ** 63n - 1n),
    () => frame(TEXT, Buffer.alloc(70_000)),
    () => frame(TEXT, request, undefined, 0xf0),
    () => frame(random.below(16), request),
    () => Buffer.concat(Array.from({ length: 2000 }, () => frame(0, Buffer.alloc(0), undefined, 0))),
    () => Buffer.concat(Array.from({ length: 500 }, () => frame(PING, random.bytes(4)))),
    () => frame(PING, Buffer.alloc(200)),
    () => frame(CLOSE, Buffer.from([0x03])),
    () => Buffer.concat([frame(TEXT, request), frame(CLOSE, Buffer.from([0x03, 0xe8]))]),
    () => Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5]),
  ])();
  connection.write(random.chance(0.3) ? sent.subarray(0, random.below(sent.length + 1)) : sent);
  if (random.chance(0.5)) await connection.read(30);
  await connection.end(random);
};

/** A subscriber that asks for everything there is and reads none of it, or pings and reads no pong. */
const deaf: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  connection.socket.pause();
  const after = encodeURIComponent('{"epoch":"x","sequences":{},"timestamps":{"memory":0,"process":0}}');
  connection.write(goodHandshake(random.pick(['/', `/?overflow=block&after=${after}`, '/request'])));
  await sleep(random.below(100));
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(PING, Buffer.alloc(100))));
  for (let i = random.below(5); i > 0; i--) connection.write(pings);
  await sleep(random.below(300));
  await connection.end(random);
};

/** As many connections at once as a careless client makes. */
const burst: Attack = async (door, random) => {
  const connections = Array.from({ length: 300 }, () => new RawConnection(door.endpoint));
  await Promise.all(connections.map(({ isOpen }) => isOpen));
  if (random.chance(0.5)) for (const connection of connections) connection.write('GET / HTTP/1.1\r\nHost: ');
  for (const { socket } of connections) socket.resetAndDestroy();
};

export const websocketAttacks: readonly Attack[] = [
  halfHandshake,
  halfHandshake,
  wholeHandshake,
  wholeHandshake,
  wholeHandshake,
  wholeHandshake,
  noHttp,
  frames,
  frames,
  frames,
  frames,
  deaf,
];
export const websocketBurst = burst;
