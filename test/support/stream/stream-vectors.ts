// The golden vectors of data streams (test/golden/stream) as the events they stand for.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { publishedKinds } from '../../../src/stream/published-kinds.ts';
import type { StreamEvent, StreamFormat } from '../../../src/stream/stream-contract.ts';

const folder = join(import.meta.dirname, '../../golden/stream');

export interface StreamVector {
  readonly name: string;
  readonly format: StreamFormat;
  readonly bytes: Buffer;
  readonly canonical?: boolean;
  readonly events?: readonly StreamEvent[];
  readonly code?: string;
}

/** Reads all vectors. */
export function readStreamVectors(): StreamVector[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'field-numbers.json');
  return names.map((name) => {
    const { bytes, events, ...vector } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as RawVector;
    return {
      ...vector,
      name,
      bytes: Buffer.from(bytes, 'hex'),
      ...(events ? { events: events.map(fromNeutral) } : {}),
    };
  });
}

/** Every field number that was ever published, by message. */
export function readFieldNumbers(): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(join(folder, 'field-numbers.json'), 'utf8')) as never;
}

type RawVector = Omit<StreamVector, 'name' | 'bytes' | 'events'> & {
  readonly bytes: string;
  readonly events?: readonly StreamEvent[];
};

/** Events as JSON has them → events of the contract: uint64 from decimal strings, NaN from its name. */
export function fromNeutral(event: StreamEvent): StreamEvent {
  if (event.type !== 'record') return event;
  const kind: RecordKind = publishedKinds[event.table];
  const row: AnyRow = {};
  for (const { name, type } of kind.fields) {
    const value = event.row[name] ?? null;
    if (value === null) row[name] = null;
    else if (type === 'uint64') row[name] = BigInt(value);
    else row[name] = type.startsWith('float') ? Number(value) : value;
  }
  return { ...event, row };
}
