// RAW files to columns: million events a CPU second of one thread, file in the page cache, beside evutils reading in blocks
// (the same 13 bytes an event), expelliarmus in blocks and evlib; then two workers beside one, by the clock.
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeInWorkers, selectDecoders } from '../../src/events/kernels/index.ts';
import { startJsonChild } from '../support/json-child.ts';
import type { JsonChild } from '../support/json-child.ts';
import { python } from '../support/python.ts';
import { BENCH_GEOMETRY, EDGES, writeRecording } from './events/bench-recording.ts';
import type { BenchRecording } from './events/bench-recording.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const EVENTS = 20_000_000;
/** evlib takes 25 times as long. */
const FEWER_EVENTS = 2_000_000;
const BLOCK_BYTES = 131_072;
/** Where evutils is fastest. */
const PEER_CHUNK = 65_536;
const GOALS = { evt2: 1.2, evt3: 1 } as const;
const WORKER_GOAL = 1.7;
type Format = keyof typeof GOALS;

interface Answer {
  readonly missing?: string;
  readonly events: number;
  readonly perCpu: number;
}

export const topics: readonly BenchTopic[] = (['evt2', 'evt3'] as const).map((format) => ({
  name: `events.${format}`,
  async *cases() {
    const folder = mkdtempSync(join(tmpdir(), 'ruvector-bench-'));
    try {
      await using peer = startJsonChild(python, [join(import.meta.dirname, 'events-peer.py')]);
      const whole = writeRecording(join(folder, 'whole.raw'), format, EVENTS);
      const part = writeRecording(join(folder, 'part.raw'), format, FEWER_EVENTS);
      yield* threadCases(format, whole, part, peer);
      if (format === 'evt3') {
        const sparse = writeRecording(join(folder, 'sparse.raw'), format, EVENTS, EDGES.sparse);
        yield anchorCase(format, sparse, peer);
      }
      yield workerCase(format, whole);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
}));

const baseOf = (format: Format) =>
  ({ bench: `events.${format}`, unit: 'M events/CPU s', better: 'higher' }) as const;

function describeFile({ startByte, endByte, events }: BenchRecording): string {
  return `file → columns, one thread, ${((endByte - startByte) / events).toFixed(2)} bytes an event`;
}

function anchorCase(format: Format, recording: BenchRecording, peer: JsonChild): BenchCase {
  return {
    ...baseOf(format),
    case: describeFile(recording),
    anchorName: `evutils in blocks of ${PEER_CHUNK}`,
    ours: async () => decodeFile(format, recording, 'wasm'),
    anchor: () => askPeer(peer, recording, 'evutils', { path: recording.path, chunk: PEER_CHUNK }),
    goal: (_ours, ratio) => ratio! >= GOALS[format],
  };
}

async function* threadCases(
  format: Format,
  whole: BenchRecording,
  part: BenchRecording,
  peer: JsonChild,
): AsyncGenerator<BenchCase> {
  const base = baseOf(format);
  const what = describeFile(whole);
  yield anchorCase(format, whole, peer);
  yield {
    ...base,
    case: `${what}, beside expelliarmus`,
    anchorName: `expelliarmus in blocks of ${PEER_CHUNK}`,
    runs: 3,
    ours: async () => decodeFile(format, whole, 'wasm'),
    anchor: () =>
      askPeer(peer, null, 'expelliarmus', { path: whole.path, chunk: PEER_CHUNK, encoding: format }),
  };
  yield {
    ...base,
    case: `${what}, beside evlib`,
    anchorName: 'evlib load_events',
    runs: 1,
    ours: async () => decodeFile(format, part, 'wasm'),
    anchor: () => askPeer(peer, null, 'evlib', { path: part.path }),
  };
  yield {
    ...base,
    case: `${what}, in TypeScript`,
    anchorName: 'the WebAssembly kernels',
    runs: 3,
    ours: async () => decodeFile(format, whole, 'typescript'),
    anchor: async () => decodeFile(format, whole, 'wasm'),
  };
}

/** Million events a second of CPU time of this process. */
function decodeFile(format: Format, recording: BenchRecording, engine: 'wasm' | 'typescript'): number {
  const decoders = selectDecoders({ engine });
  const input = decoders.createInput(BLOCK_BYTES);
  const slot = decoders.createSlot(BLOCK_BYTES);
  const decoder = decoders.createDecoder(format, { geometry: BENCH_GEOMETRY });
  const file = openSync(recording.path, 'r');
  const started = process.cpuUsage();
  for (let at = recording.startByte; at < recording.endByte;) {
    const length = readSync(file, input, 0, BLOCK_BYTES, at);
    at += length;
    for (let rest = input.subarray(0, length); rest.length > 0;) {
      slot.length = 0;
      rest = rest.subarray(decoder.decode(rest, slot));
    }
  }
  const { user, system } = process.cpuUsage(started);
  closeSync(file);
  const { events } = decoder.finish();
  if (events !== recording.events) throw new Error(`${events} events of ${recording.events}`);
  return events / (user + system);
}

async function askPeer(
  peer: JsonChild,
  recording: BenchRecording | null,
  reader: string,
  options: object,
): Promise<number> {
  const answer = await peer.ask<Answer>(JSON.stringify({ reader, with: options }));
  if (answer.missing !== undefined) throw new Error(`No ${reader}: ${answer.missing}`);
  if (recording && answer.events !== recording.events)
    throw new Error(`${reader} finds ${answer.events} events`);
  return answer.perCpu;
}

function workerCase(format: Format, whole: BenchRecording): BenchCase {
  return {
    bench: `events.${format}`,
    case: 'two workers, by the clock, behind the first blocks',
    unit: 'M events/s',
    better: 'higher',
    anchorName: 'one worker',
    ours: () => readInWorkers(format, whole, 2),
    anchor: () => readInWorkers(format, whole, 1),
    goal: (_ours, ratio) => ratio! >= WORKER_GOAL,
  };
}

/** Threads that start are not what is measured: the clock starts with the 20th block. */
async function readInWorkers(format: Format, recording: BenchRecording, workers: number): Promise<number> {
  const { path, startByte, endByte } = recording;
  const descriptor = openSync(path, 'r');
  let [blocks, events, startMs] = [0, 0, 0];
  const options = { descriptor, source: path, format, startByte, endByte, workers };
  for await (const block of decodeInWorkers(options)) {
    if (++blocks === 20) startMs = performance.now();
    if (blocks > 20) events += block.counts.events;
  }
  const ms = performance.now() - startMs;
  closeSync(descriptor);
  return events / ms / 1000;
}
