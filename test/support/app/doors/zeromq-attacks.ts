// Attacks on a ROUTER: ZMTP written byte by byte (https://rfc.zeromq.org/spec/23/), in each state of its
// handshake and of what is spoken above it, and other protocols on its port.
import { encodeMessage } from '../../../../src/bridge/encode-message.ts';
import { MessageType } from '../../../../src/bridge/message.ts';
import { RawConnection, damage, hostileRequest } from './attack.ts';
import type { Attack, Door, Random } from './attack.ts';
import {
  COMMAND,
  LONG,
  MORE,
  buildGreeting,
  buildMany,
  buildReady,
  buildZmtpMessage,
  command,
  zmtpFrame,
} from './zmtp.ts';

function ready(random: Random): Buffer {
  const type = random.chance(0.9) ? 'DEALER' : random.pick(['PUB', 'SUB', 'REQ', 'ROUTER', 'XXXX', '']);
  return buildReady(type, random.chance(0.2) ? random.pick(['a', '\u0000x', 'x'.repeat(300)]) : undefined);
}

/** What is said on a connection that came so far, by the door's own protocol. */
function sayings(door: Door, random: Random): Buffer {
  return door.speaks === 'stream' ? streamMessage(random) : bridgeMessage(door, random);
}

function streamMessage(random: Random): Buffer {
  const json = Buffer.from(hostileRequest(random));
  const credit = Buffer.from(`{"credit":${random.pick(['1e9', '-1', '1.5', '{"toString":1}', '"x"'])}}`);
  const all = Buffer.from(
    '{"credit":1000000,"after":{"epoch":"x","sequences":{},"timestamps":{"memory":0,"process":0}}}',
  );
  const type = random.pick(['SUBSCRIBE', 'SUBSCRIBE', 'CREDIT', 'BYE', 'x'.repeat(1000), '']);
  const payload = random.pick([json, json, credit, all]);
  return buildZmtpMessage([Buffer.from(type), payload]);
}

function bridgeMessage({ token }: Door, random: Random): Buffer {
  const isClient = token !== undefined && random.chance(0.5);
  const type = random.pick(Object.values(MessageType));
  const payload = random.pick([
    { name: 'status' },
    { name: '__proto__', params: JSON.parse('{"__proto__":1,"constructor":2}') as object },
    { name: { toString: 1 }, params: [] },
    { name: 'stream.start', params: { endpoint: 'ws://0.0.0.0:1', filters: [[[]]] } },
    { name: 'train', params: 'x' },
    { stream: 'memory', params: { from_ms: 'x' } },
    { stream: '__proto__' },
  ]);
  const hello = {
    type: MessageType.HELLO,
    payload: { protocol: 1, token: isClient ? token : 'wrong', client: 'fuzz' },
  };
  const said = {
    type,
    payload,
    streamId: random.below(3),
    sequence: random.below(5),
    correlation: random.below(5),
  };
  return Buffer.concat([hello, said, said].map((one) => buildZmtpMessage(encodeMessage(one))));
}

/** Cut at any byte of what a well-behaved client would send, or one that is damaged. */
const spoken: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  // A first segment that holds more than the greeting is refused by libzmq.
  if (random.chance(0.8)) {
    connection.write(buildGreeting());
    await connection.read(200);
  }
  const whole = Buffer.concat([ready(random), sayings(door, random), sayings(door, random)]);
  const sent = random.chance(0.4) ? damage(whole, random) : whole;
  connection.write(random.chance(0.4) ? sent.subarray(0, random.below(sent.length + 1)) : sent);
  if (random.chance(0.5)) await connection.read(30);
  await connection.end(random);
};

/** Other protocols, older versions, other mechanisms, short greetings. */
const foreign: Attack = async (door, random) => {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  const sent = random.pick<() => Buffer>([
    () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    () => Buffer.from('1603010200010001fc0303', 'hex'),
    () => buildGreeting(2),
    () => buildGreeting(1),
    () => buildGreeting(255),
    () => buildGreeting(3, 'PLAIN'),
    () => buildGreeting(3, 'CURVE'),
    () => buildGreeting().subarray(0, random.below(64)),
    () => Buffer.concat([Buffer.from([1, 0]), random.bytes(20)]),
    () => Buffer.concat([Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5, 0, 0]), random.bytes(20)]),
    () => random.bytes(random.below(4000)),
    () => Buffer.alloc(0),
  ])();
  connection.write(sent);
  if (random.chance(0.5)) await connection.read(20);
  await connection.end(random);
};

/** A connection whose greeting was read. */
async function greet(door: Door): Promise<RawConnection> {
  const connection = new RawConnection(door.endpoint);
  await connection.isOpen;
  connection.write(buildGreeting());
  await connection.read(200);
  return connection;
}

/** Frames that announce far more than comes, and commands that are none. */
const lies: Attack = async (door, random) => {
  const connection = await greet(door);
  connection.write(ready(random));
  if (random.chance(0.5)) await connection.read(50);
  const sent = random.pick<() => Buffer>([
    () => zmtpFrame(LONG, Buffer.alloc(100), 2n ** 63n),
    () => zmtpFrame(LONG, Buffer.alloc(100), 2n ** 63n - 1n),
    () => zmtpFrame(LONG | MORE, Buffer.alloc(100), 2n ** 29n),
    () => zmtpFrame(LONG | MORE, Buffer.alloc(100_000)),
    () => Buffer.concat(Array.from({ length: 2000 }, () => zmtpFrame(MORE, Buffer.alloc(1)))),
    () => buildZmtpMessage(Array.from({ length: 500 }, () => Buffer.alloc(1))),
    () =>
      Buffer.concat([
        command('PING', Buffer.alloc(2)),
        command('PING', Buffer.alloc(40)),
        command('PONG', Buffer.alloc(0)),
      ]),
    () => command('READY', Buffer.alloc(3)),
    () => command('ERROR', Buffer.from([200])),
    () => command('', Buffer.alloc(0)),
    () => zmtpFrame(0xf8, Buffer.alloc(5)),
    () => zmtpFrame(COMMAND | MORE, Buffer.alloc(0)),
  ])();
  connection.write(sent);
  await connection.end(random);
};

/** Asks again and again with a wrong token, or for a lot, and reads nothing of the answers. */
const deaf: Attack = async (door, random) => {
  const connection = await greet(door);
  connection.socket.pause();
  connection.write(ready(random));
  const said = sayings(door, random);
  for (let i = random.below(300); i > 0; i--) connection.write(said);
  await connection.end(random);
};

/** More than is read at a time, heartbeats among it, from a peer that then goes. */
const overfull: Attack = async (door, random) => {
  const connection = await greet(door);
  connection.write(ready(random));
  connection.write(buildMany(1100, random.pick([0, 1])));
  await connection.end(random);
};

/** As many connections at once as a careless client makes. */
export const zeromqBurst: Attack = async (door, random) => {
  const connections = Array.from({ length: 300 }, () => new RawConnection(door.endpoint));
  await Promise.all(connections.map(({ isOpen }) => isOpen));
  const begin = random.chance(0.5)
    ? Buffer.concat([buildGreeting(), ready(random)])
    : buildGreeting().subarray(0, 11);
  for (const connection of connections) connection.write(begin);
  for (const { socket } of connections) socket.destroy();
};

export const zeromqAttacks: readonly Attack[] = [
  spoken,
  spoken,
  spoken,
  foreign,
  foreign,
  lies,
  lies,
  deaf,
  overfull,
];
