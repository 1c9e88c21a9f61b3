import { expect, it } from 'vitest';
import {
  encodeSubscribeMessage,
  parseFilter,
  parseSubscribeMessage,
  parseSubscribeQuery,
} from '../../../src/stream/index.ts';
import { parseStreamEndpoint } from '../../../src/stream/stream-endpoint.ts';
import { streamKinds } from '../../support/stream/stream-hub.ts';

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

it('parseSubscribeMessage() answers a long or deep request in few and short words, at once', () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
  const hostile = [
    { tables: Array.from({ length: 100_000 }, () => 0) },
    { filters: Array.from({ length: 64 }, () => 'x'.repeat(60_000)) },
    { filters: [deep, deep], interval_ms: deep, format: deep },
    { filters: [`used_percent>${' '.repeat(60_000)}x`, `${' '.repeat(60_000)}>`, 'a'.repeat(60_000)] },
    { overflow: 'x'.repeat(60_000) },
  ];
  for (const request of hostile) {
    const startMs = performance.now();
    const problems = problemsOf(() => parseSubscribeMessage(request, streamKinds));
    // Quadratic in a run of blanks, this took seconds.
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(problems.length).toBeLessThanOrEqual(16);
    expect(problems.join('').length).toBeLessThan(100_000);
  }
});

it.each([
  { sequences: { memory: 1.5 }, timestamps: {} },
  { sequences: { memory: Infinity }, timestamps: {} },
  { sequences: JSON.parse('{"__proto__":1}') as object, timestamps: {} },
  { sequences: {}, timestamps: { memory: Number.NaN } },
])('parseSubscribeMessage() refuses the position %j', (position) => {
  const request = { after: { epoch: 'x', ...position } };
  expect(problemsOf(() => parseSubscribeMessage(request, streamKinds))).toEqual([
    '"after" is no {"epoch", "sequences", "timestamps"} with numbers by table',
  ]);
});
