// The options of a stream that is started: what it serves where, and what a subscriber gets that asks for nothing. The
// command line, the parameters of `stream.start`, the defaults and docs/streams.md follow from this table
// (src/core/options.ts says how); test/conformance/python/python-options.test.ts holds Python's signatures against it.
import { defaultsOf } from '../core/index.ts';
import type { OptionTable } from '../core/index.ts';
import { overflowPolicies, streamFormats, streamTables } from './stream-contract.ts';

export const streamOptions = {
  endpoint: {
    type: 'text',
    flag: '--endpoint <address>',
    about:
      '`ws://127.0.0.1:9999`, `wss://host:9999`, `ipc:///path`, `tcp://127.0.0.1:0` or `pipe:/path`; port 0 takes a free one',
    example: 'ws://127.0.0.1:9999',
  },
  format: {
    type: 'choice',
    choices: streamFormats,
    default: 'jsonlines',
    about: 'the one of a subscriber that asks for none; of a pipe the only one',
    example: 'msgpack',
  },
  tables: {
    type: 'names',
    choices: streamTables,
    defaultText: 'all',
    about: 'what a subscriber gets that asks for none; of a pipe all there is',
    example: ['memory'],
  },
  filters: {
    type: 'names',
    flag: '--filter <condition>',
    wanted: 'conditions, as text or as {column, op, value}',
    about: 'conditions that must all hold for a subscriber that names none, like `used_percent>90`',
    example: ['used_percent>90'],
  },
  intervalMs: {
    type: 'number',
    unit: 'ms',
    flag: '--sample-interval <time>',
    default: 0,
    defaultText: 'every sample',
    range: { min: 0, max: 86_400_000 },
    wanted: '0 to a day in milliseconds',
    about: 'least time between two samples of a table, for a subscriber that names none',
    example: 10_000,
  },
  overflow: {
    type: 'choice',
    choices: overflowPolicies,
    default: 'drop-oldest',
    about: 'what becomes of records that a subscriber does not take in time',
    example: 'spill',
  },
  anonymize: {
    type: 'boolean',
    default: true,
    about: 'hash names, number processes and reduce free text to codes',
    detail: 'Times stay exact either way. False sends the names of all processes and the text of errors.',
    example: false,
  },
  token: {
    type: 'text',
    flag: '--token <text>',
    about: 'subscribers must show it; a pipe has its file mode instead',
    example: 'secret',
  },
  origins: {
    type: 'names',
    defaultText: "this machine's own",
    about: 'origins of other web pages that may read over WebSocket',
    example: ['https://example.org'],
  },
} as const satisfies OptionTable;

export const streamDefaults = defaultsOf(streamOptions);
