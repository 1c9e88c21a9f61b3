// Calls of the Python module whose signatures are written by hand have the options of the tables in src: names, defaults
// and choices. Python counts in seconds where the daemon counts in milliseconds.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { toWireName } from '../../../src/core/index.ts';
import type { OptionEntry, OptionTable } from '../../../src/core/index.ts';
import { trainingSetOptions } from '../../../src/prepare/index.ts';
import { DEFAULT_LEASE_MS } from '../../../src/sockets/index.ts';
import { streamOptions } from '../../../src/stream/index.ts';
import { exportArguments } from '../../../src/export/options/index.ts';
import { exportFormats } from '../../../src/export/file-contract.ts';
import { python } from '../../support/python.ts';

interface Call {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly doc: string;
}

const program = `
import inspect, json
from ruvector import Client, DataExporter, DataStream

def describe(call, doc):
    parameters = inspect.signature(call).parameters.values()
    defaults = {p.name: None if p.default is p.empty else p.default for p in parameters if p.name != "self"}
    finite = {name: value for name, value in defaults.items() if value != float("inf")}
    return {"parameters": finite, "doc": doc}

from ruvector._zmq_socket import DEFAULT_LEASE_MS

print(json.dumps({
    "lease": DEFAULT_LEASE_MS,
    "dataset": describe(Client.dataset, Client.dataset.__doc__),
    "export_range": describe(DataExporter.export_range, DataExporter.export_range.__doc__),
    "start_stream": describe(DataExporter.start_stream, DataExporter.start_stream.__doc__),
    "DataStream": describe(DataStream.__init__, DataStream.__doc__),
}))
`;

function readModule(): Readonly<Record<string, Call>> & { readonly lease: number } {
  const { status, stdout, stderr } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as ReturnType<typeof readModule>;
}

const { lease, ...calls } = readModule();
const nameOf = (name: string, { unit }: OptionEntry): string =>
  toWireName(unit === 'ms' ? name.replace(/Ms$/, '') : name);

/** Options that a call lacks are the server's or the reader's alone. */
const known: readonly [string, OptionTable][] = [
  ['dataset', trainingSetOptions],
  ['start_stream', without(streamOptions, ['overflow', 'origins'])],
  ['DataStream', without(streamOptions, ['anonymize', 'origins'])],
];

function without(table: OptionTable, names: readonly string[]): OptionTable {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));
}

const options = known.flatMap(([call, table]) =>
  Object.entries(table).map(([name, entry]): [string, string, OptionEntry] => [
    call,
    nameOf(name, entry),
    entry,
  ]),
);

it.each(options)('%s() takes %s as the table has it', (call, name, entry) => {
  const { parameters, doc } = calls[call]!;
  expect(Object.keys(parameters)).toContain(name);
  const value = parameters[name];
  // None and an empty list leave it to the daemon, whose default is the table's.
  const isLeft = value === null || (Array.isArray(value) && value.length === 0) || name === 'endpoint';
  if (!isLeft) expect(entry.unit === 'ms' ? Number(value) * 1000 : value).toBe(entry.default);
  expect(doc).toMatch(new RegExp(`^    +${name} : `, 'm'));
  const section = doc.slice(doc.search(new RegExp(`^    +${name} : `, 'm'))).split('\n')[0]!;
  for (const choice of entry.choices ?? []) expect(section).toContain(`"${choice}"`);
});

it('_zmq_socket.py has the lease of the daemon', () => expect(lease).toBe(DEFAULT_LEASE_MS));

it('export_range() takes the arguments of an export, and says which formats there are', () => {
  const { parameters, doc } = calls['export_range']!;
  const { hours: _hours, ...range } = exportArguments;
  expect(Object.keys(parameters)).toEqual(expect.arrayContaining(Object.keys(range)));
  const section = doc.split('\n').find((line) => line.trim().startsWith('format : '));
  for (const format of exportFormats) expect(section).toContain(`"${format}"`);
});
