// A recording as the sink of a pipeline: rows t, x, y, p become a file, whole or not at all.
import * as arrow from 'apache-arrow';
import type { Batch, Sink } from '../../pipeline/index.ts';
import { assembleBatch, readBlock } from '../../pipeline/index.ts';
import { createTriggerSlot } from '../model/index.ts';
import type { EventColumns } from '../model/index.ts';
import { openEventWriter } from '../write/open-event-writer.ts';
import type { EventWriterOptions } from '../write/writer-contract.ts';
import { eventColumnError } from './errors.ts';

/**
 * Opens a file for the events of a pipeline; its format is what the suffix says.
 * @throws RuvectorError `ERR_EVENTS_*`, `ERR_FILES_*`
 */
export async function openRecordingSink(path: string, options: EventWriterOptions = {}): Promise<Sink> {
  const writer = await openEventWriter(path, options);
  const triggers = createTriggerSlot(0);
  return {
    isAtomic: true,
    consume: async (batch) => writer.write({ events: readEvents(path, batch), triggers }),
    // It becomes durable with `finish` alone.
    flush: async () => {},
    memoryUsage: () => 0,
    finish: async () => {
      await writer.finish();
    },
    abort: () => writer.abort(),
  };
}

const types = { t: 'BigInt64Array', x: 'Uint16Array', y: 'Uint16Array', p: 'Int8Array' } as const;

/** The columns of a batch, which may have others beside them. (apache-arrow's own `select` mixes columns up.) */
function readEvents(path: string, batch: Batch): EventColumns {
  const names = Object.keys(types).filter((name) => batch.schema.names.includes(name));
  const places = names.map((name) => batch.schema.names.indexOf(name));
  const schema = new arrow.Schema(places.map((place) => batch.schema.fields[place]!));
  const children = places.map((place) => batch.data.children[place]!);
  const block = readBlock(assembleBatch(schema, batch.numRows, children));
  for (const [name, type] of Object.entries(types)) {
    const found = block[name]?.[Symbol.toStringTag] ?? 'missing';
    if (found !== type) throw eventColumnError(path, name, found, type);
  }
  return { ...(block as unknown as EventColumns), length: batch.numRows };
}
