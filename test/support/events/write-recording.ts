// Made-up recordings as files, and what comes of reading them, as values that compare.
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createEventSlot,
  createSynth,
  createTriggerSlot,
  openEventWriter,
} from '../../../src/events/index.ts';
import type { EventColumns, OutputFormat, SynthOptions, TriggerColumns } from '../../../src/events/index.ts';

/** A folder that goes with the block that holds it. */
export async function makeFolder(): Promise<
  AsyncDisposable & { readonly path: string; at(name: string): string }
> {
  const path = await mkdtemp(join(tmpdir(), 'ruvector-events-'));
  return {
    path,
    at: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Writes a made-up recording. */
export async function writeRecording(
  path: string,
  options: SynthOptions,
  format?: OutputFormat,
): Promise<void> {
  const synth = createSynth(options);
  const writer = await openEventWriter(path, { format, geometry: synth.geometry });
  const [events, triggers] = [createEventSlot(10_000), createTriggerSlot(1000)];
  for (let isMore = true; isMore;) {
    [events.length, triggers.length] = [0, 0];
    isMore = synth.fill(events, triggers);
    await writer.write({ events, triggers });
  }
  await writer.finish();
}

/** Columns as buffers of exactly their bytes. */
export const bytesOf = ({ t, x, y, p, length }: EventColumns): Buffer[] =>
  [t, x, y, p].map((column) => {
    const { buffer, byteOffset, byteLength } = column.subarray(0, length);
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  });

/** Triggers as rows. */
export const rowsOfTriggers = ({ t, id, value, length }: TriggerColumns): [bigint, number, number][] =>
  Array.from({ length }, (_, i) => [t[i]!, id[i]!, value[i]!]);
