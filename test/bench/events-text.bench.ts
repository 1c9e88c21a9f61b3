// Text to columns: million events a CPU second of one thread, `t x y p` lines in memory, beside Polars reading the file.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlainLines } from '../../src/events/kernels/index.ts';
import { createEventSlot } from '../../src/events/model/index.ts';
import { TextEventDecoder } from '../../src/events/text/index.ts';
import type { PlainLines } from '../../src/events/text/index.ts';
import { startJsonChild } from '../support/json-child.ts';
import { python } from '../support/python.ts';
import { writeTextRecording } from './events/bench-recording.ts';
import type { BenchTopic } from './harness.ts';

const EVENTS = 2_000_000;
const BLOCK_BYTES = 262_144;
/** Million events a second. */
const GOAL = 20;

export const topics: readonly BenchTopic[] = [
  {
    name: 'events.text',
    async *cases() {
      const folder = mkdtempSync(join(tmpdir(), 'ruvector-bench-'));
      try {
        await using peer = startJsonChild(python, [join(import.meta.dirname, 'events-peer.py')]);
        const path = join(folder, 'events.txt');
        const { events } = writeTextRecording(path, EVENTS);
        const bytes = readFileSync(path);
        const question = JSON.stringify({ reader: 'polars_text', with: { path } });
        const base = { bench: 'events.text', unit: 'M events/CPU s', better: 'higher' } as const;
        const size = `${(bytes.length / events).toFixed(1)} bytes a line`;
        yield {
          ...base,
          case: `text → columns, one thread, ${size}`,
          anchorName: 'Polars read_csv, all its threads',
          ours: async () => decodeText(bytes, events, createPlainLines()),
          anchor: async () => (await peer.ask<{ perCpu: number }>(question)).perCpu,
          goal: (ours) => ours >= GOAL,
        };
        yield {
          ...base,
          case: `text → columns, one thread, ${size}, in TypeScript`,
          anchorName: 'the WebAssembly kernel',
          ours: async () => decodeText(bytes, events, undefined),
          anchor: async () => decodeText(bytes, events, createPlainLines()),
        };
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
];

function decodeText(bytes: Uint8Array, events: number, plainLines: PlainLines | undefined): number {
  const decoder = new TextEventDecoder({ timeUnit: 'us', plainLines });
  const slot = createEventSlot(65_536);
  const started = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    for (let rest = bytes.subarray(at, at + BLOCK_BYTES); rest.length > 0;) {
      slot.length = 0;
      rest = rest.subarray(decoder.decode(rest, slot));
    }
  }
  const { user, system } = process.cpuUsage(started);
  if (decoder.counts.events !== events) throw new Error(`${decoder.counts.events} events of ${events}`);
  return events / (user + system);
}
