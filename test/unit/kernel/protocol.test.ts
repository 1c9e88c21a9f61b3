// The protocol without sockets: frames against those of jupyter_client 8.10's Session, the queue of cells,
// addresses, and the input history in memory.
import sqlite from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { createMessageCodec } from '../../../kernel/protocol/codec.ts';
import type { MessageFrame } from '../../../kernel/protocol/codec.ts';
import { addressOf, portsOf } from '../../../kernel/protocol/connection-file.ts';
import type { ConnectionInfo } from '../../../kernel/protocol/connection-file.ts';
import { ExecuteQueue } from '../../../kernel/protocol/execute-queue.ts';
import { historyPath, openCellHistory } from '../../../kernel/server/history.ts';
import type { Message } from '../../../kernel/protocol/message.ts';

/** What `Session(key=b'golden-key').serialize(...)` gives, as Latin-1 text. */
const golden = {
  execute: [
    'client-\u0000ÿ',
    '<IDS|MSG>',
    'cd8c61558c950a3bc48c2de4ab1de3beb217a405e3ba7a0fba8abbc584f856fb',
    '{"msg_id": "m-1", "msg_type": "execute_request", "username": "tester", "session": "session-1", "date": "2026-11-21T12:00:00.123456Z", "version": "5.4"}',
    '{}',
    '{"cellId": "c"}',
    Buffer.from('{"code": "1 + 1  // Žofie 😀", "silent": false}').toString('latin1'),
  ],
  comm: [
    '<IDS|MSG>',
    '182f935dbcaf8524dada530c61c0bba448716b4fe9d99063d582cfd7d99020ff',
    '{"msg_id": "m-2", "msg_type": "comm_msg", "username": "tester", "session": "session-1", "date": "2026-11-21T12:00:00.123456Z", "version": "5.4"}',
    '{"msg_id": "m-1", "msg_type": "execute_request", "username": "tester", "session": "session-1", "date": "2026-11-21T12:00:00.123456Z", "version": "5.4"}',
    '{}',
    '{"comm_id": "x", "data": {"n": 1.5, "none": null}}',
    '\u0001\u0002',
    '',
  ],
};
const framesOf = (parts: readonly string[]): Buffer[] => parts.map((part) => Buffer.from(part, 'latin1'));
const bytesOf = (frame: MessageFrame): Uint8Array => (typeof frame === 'string' ? Buffer.from(frame) : frame);
const codec = createMessageCodec('golden-key');

describe('createMessageCodec()', () => {
  it('decodes a request of jupyter_client', () => {
    const message = codec.decode(framesOf(golden.execute));
    expect(Buffer.from(message.identities[0]!).toString('latin1')).toBe('client-\u0000ÿ');
    expect(message.header).toMatchObject({
      msg_id: 'm-1',
      msg_type: 'execute_request',
      session: 'session-1',
    });
    expect(message.parentHeader).toEqual({});
    expect(message.metadata).toEqual({ cellId: 'c' });
    expect(message.content).toEqual({ code: '1 + 1  // Žofie 😀', silent: false });
    expect(message.buffers).toEqual([]);
  });

  it('decodes parent and buffers, empty ones too', () => {
    const { parentHeader, content, buffers } = codec.decode(framesOf(golden.comm));
    expect(parentHeader).toMatchObject({ msg_id: 'm-1' });
    expect(content).toEqual({ comm_id: 'x', data: { n: 1.5, none: null } });
    expect(buffers.map((buffer) => [...buffer])).toEqual([[1, 2], []]);
  });

  it('refuses every golden frame with one byte changed when the frame is signed', () => {
    for (let frame = 2; frame < golden.execute.length; frame++) {
      const frames = framesOf(golden.execute);
      frames[frame]![0]! ^= 1;
      expect(() => codec.decode(frames)).toThrow(/signature/);
    }
  });

  it('refuses what another key signed, and signs nothing without a key', () => {
    expect(() => createMessageCodec('other').decode(framesOf(golden.comm))).toThrow(/signature/);
    const unsigned = createMessageCodec('');
    const [delimiter, signature] = unsigned.encode({
      ...codec.decode(framesOf(golden.comm)),
      identities: [],
    });
    expect(String(delimiter)).toBe('<IDS|MSG>');
    expect(signature).toHaveLength(0);
  });

  it('decodes what it encodes', () => {
    const object = fc
      .dictionary(fc.string(), fc.jsonValue())
      .map((value) => JSON.parse(JSON.stringify(value)) as Message['content']);
    const buffer = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(
        object,
        object,
        fc.array(buffer),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 8 })),
        (content, metadata, buffers, identities) => {
          const { header, parentHeader } = codec.decode(framesOf(golden.comm));
          const sent = codec.encode({ identities, header, parentHeader, metadata, content, buffers });
          const decoded = codec.decode(sent.map(bytesOf));
          expect(decoded).toEqual({ identities, header, parentHeader, metadata, content, buffers });
        },
      ),
    );
  });
});

describe('ExecuteQueue', () => {
  /** A queue of names: those with `!` fail. `settle` queues what is on its way. */
  const build = (onTheWay: string[] = []): { log: string[]; queue: ExecuteQueue<string> } => {
    const log: string[] = [];
    const queue = new ExecuteQueue<string>({
      run: async (name) => {
        log.push(`run ${name}`);
        return { succeeded: !name.includes('!'), answer: () => log.push(`answer ${name}`) };
      },
      abort: (name) => log.push(`abort ${name}`),
      settle: async () => {
        for (const name of onTheWay.splice(0)) queue.push({ request: name, stopOnError: true });
      },
    });
    return { log, queue };
  };

  it('runs one after another and answers each before the next begins', async () => {
    const { log, queue } = build();
    for (const request of ['a', 'b']) queue.push({ request, stopOnError: true });
    await queue.drain();
    expect(log).toEqual(['run a', 'answer a', 'run b', 'answer b']);
  });

  it('aborts what was queued before a failed cell was answered, also what was on its way', async () => {
    const { log, queue } = build(['c']);
    for (const request of ['a!', 'b']) queue.push({ request, stopOnError: true });
    await queue.drain();
    expect(log).toEqual(['run a!', 'answer a!', 'abort b', 'abort c']);
    queue.push({ request: 'd', stopOnError: true });
    await queue.drain();
    expect(log.slice(4)).toEqual(['run d', 'answer d']);
  });

  it('goes on after a failed cell when that cell does not stop on error', async () => {
    const { log, queue } = build();
    queue.push({ request: 'a!', stopOnError: false });
    queue.push({ request: 'b', stopOnError: true });
    await queue.drain();
    expect(log).toEqual(['run a!', 'answer a!', 'run b', 'answer b']);
  });

  it('abortWaiting() leaves the running cell alone', async () => {
    const { log, queue } = build();
    for (const request of ['a', 'b', 'c']) queue.push({ request, stopOnError: true });
    queue.abortWaiting();
    await queue.drain();
    expect(log).toEqual(['run a', 'abort b', 'abort c', 'answer a']);
  });
});

describe('connection files', () => {
  const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
  const connection = (transport: string, ip: string): ConnectionInfo => ({
    ...ports,
    transport,
    ip,
    key: '',
    signature_scheme: 'hmac-sha256',
  });

  it('addressOf() joins ip and port with a colon in tcp and a dash in ipc', () => {
    expect(addressOf(connection('tcp', '127.0.0.1'), 'shell_port')).toBe('tcp://127.0.0.1:1');
    expect(addressOf(connection('ipc', '/run/k'), 'hb_port')).toBe('ipc:///run/k-5');
  });

  it('portsOf() gives the five ports and nothing secret', () => {
    expect(portsOf({ ...connection('tcp', '127.0.0.1'), key: 'secret' })).toEqual(ports);
  });
});

describe('openCellHistory()', () => {
  const fill = (): ReturnType<typeof openCellHistory> => {
    const history = openCellHistory(sqlite, ':memory:');
    for (const [i, input] of ['let a = 1', 'a + 1', 'a + 1', 'b * 2'].entries()) history.append(i + 1, input);
    history.setOutput(2, '2');
    return history;
  };

  it.each([
    [
      { hist_access_type: 'tail', n: 2 },
      [
        [1, 3, 'a + 1'],
        [1, 4, 'b * 2'],
      ],
    ],
    [{ hist_access_type: 'tail', n: 0 }, []],
    [
      { hist_access_type: 'range', session: 0, start: 1, stop: 3 },
      [
        [1, 1, 'let a = 1'],
        [1, 2, 'a + 1'],
      ],
    ],
    [{ hist_access_type: 'range', session: 1, start: 4 }, [[1, 4, 'b * 2']]],
    [{ hist_access_type: 'range', session: 9 }, []],
    [{ hist_access_type: 'range', session: 0, start: 2, stop: 3, output: true }, [[1, 2, ['a + 1', '2']]]],
    [{ hist_access_type: 'search', pattern: '* 2' }, [[1, 4, 'b * 2']]],
    [{ hist_access_type: 'search', pattern: 'a*', unique: true }, [[1, 3, 'a + 1']]],
    [{ hist_access_type: 'search', pattern: '*', n: 1 }, [[1, 4, 'b * 2']]],
    [{ hist_access_type: 'search', pattern: "'; DROP TABLE history; --" }, []],
    [{ hist_access_type: 'range', session: 'x', start: null, stop: {} }, 4],
  ])('answers %j', (request, expected) => {
    const history = fill();
    const entries = history.read(request);
    if (typeof expected === 'number') expect(entries).toHaveLength(expected);
    else expect(entries).toEqual(expected);
    history.close();
  });

  it('historyPath() prefers its own variable, then the XDG state directory', () => {
    expect(historyPath({ RUVECTOR_KERNEL_HISTORY: ':memory:', XDG_STATE_HOME: '/s' })).toBe(':memory:');
    expect(historyPath({ XDG_STATE_HOME: '/s' })).toBe('/s/ruvector-memopt/kernel-history.sqlite');
    const inHome = '/h/.local/state/ruvector-memopt/kernel-history.sqlite';
    expect(historyPath({ XDG_STATE_HOME: 'relative', HOME: '/h' })).toBe(inHome);
    expect(historyPath({ XDG_STATE_HOME: '/s', RUVECTOR_KERNEL_HISTORY: '/k' })).toBe('/k');
  });
});
