import { expect, it } from 'vitest';
import {
  encodeSubscribeMessage,
  parseFilter,
  parseSubscribeMessage,
  parseSubscribeQuery,
} from '../../../src/wire/index.ts';
import { parseStreamEndpoint } from '../../../src/wire/stream/stream-endpoint.ts';
import { streamKinds } from '../../support/stream-hub.ts';

const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    return (error as { details: { problems: string[] } }).details.problems;
  }
  return [];
};

it('parseSubscribeQuery() reads what parseSubscribeMessage() reads as JSON', () => {
  const after = { epoch: 'e', sequences: { memory: 1 }, timestamps: { memory: 2 }, repeats: { memory: 1 } };
  const query = new URLSearchParams({
    tables: 'memory,process',
    format: 'protobuf',
    interval_ms: '500',
    overflow: 'block',
    token: 't',
    after: JSON.stringify(after),
  });
  query.append('filter', 'used_percent>90');
  query.append('filter', 'name=="a b"');
  const wanted = {
    tables: ['memory', 'process'],
    format: 'protobuf',
    intervalMs: 500,
    overflow: 'block',
    token: 't',
    after,
    filters: [
      { column: 'used_percent', op: '>', value: 90 },
      { column: 'name', op: '==', value: 'a b' },
    ],
  };
  const parsed = parseSubscribeQuery(query, streamKinds);
  expect(parsed).toEqual(wanted);
  const json: unknown = JSON.parse(JSON.stringify(encodeSubscribeMessage(parsed)));
  expect(parseSubscribeMessage(json, streamKinds)).toEqual(wanted);
});

it('parseSubscribeMessage() names every mistake at once', () => {
  const value = {
    tables: ['memory', 'disk'],
    format: 'xml',
    overflow: 'wait',
    interval_ms: -1,
    filters: ['used_percent>much', 'nonsense', { column: 'timestamp' }, 'total_gb>1'],
    after: { epoch: 1 },
  };
  const problems = problemsOf(() => parseSubscribeMessage(value, streamKinds));
  for (const word of ['"disk"', '"xml"', '"wait"', '-1 ms', 'much', '"nonsense"', '"total_gb"', '"after"']) {
    expect(problems.join('\n')).toContain(word);
  }
});

it('parseSubscribeQuery() refuses keys it does not know', () => {
  expect(problemsOf(() => parseSubscribeQuery(new URLSearchParams('table=memory'), streamKinds))).toEqual([
    expect.stringContaining('"table"'),
  ]);
});

it('parseFilter() keeps integers beyond a double as text', () => {
  expect(parseFilter('name_hash==18446744073709551615').value).toBe('18446744073709551615');
  expect(parseFilter(' success != true ').value).toBe(true);
});

it.each([
  ['ws://127.0.0.1:9999', 'websocket'],
  ['ws://[::1]:0', 'websocket'],
  ['tcp://127.0.0.1:0', 'zeromq'],
  ['ipc:///run/x.sock', 'zeromq'],
  ['pipe:/run/x.pipe', 'pipe'],
] as const)('parseStreamEndpoint() takes %s', (text, transport) => {
  expect(parseStreamEndpoint(text).transport).toBe(transport);
});

it.each([
  'ws://0.0.0.0:1',
  'tcp://*:1',
  'ws://example.org:80',
  'http://127.0.0.1:1',
  'pipe:relative',
  'ws://127.0.0.1:99999',
])('parseStreamEndpoint() refuses %s', (text) => {
  expect(() => parseStreamEndpoint(text)).toThrow(expect.objectContaining({ code: 'ERR_WIRE_ENDPOINT' }));
});

it('parseSubscribeMessage() tells an unknown table once', () => {
  expect(problemsOf(() => parseSubscribeMessage({ tables: ['mem'] }, streamKinds))).toEqual([
    '"tables" has "mem", there are memory, process, optimization',
  ]);
});
