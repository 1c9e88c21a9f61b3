// Recordings for benches, as a sensor sends them: rows are read out one after another, edges as runs of pixels of one
// row, noise as single pixels. They are written once a run, into a folder that goes with it.
import { closeSync, openSync, writeSync } from 'node:fs';
import { createEncoder } from '../../../src/events/encode/index.ts';
import type { WrittenFormat } from '../../../src/events/encode/index.ts';
import { createEventSlot } from '../../../src/events/model/index.ts';
import type { EventSlot } from '../../../src/events/model/index.ts';
import { createRandom } from '../../support/random.ts';

export const BENCH_GEOMETRY = { width: 1280, height: 720 };
const EVENTS_PER_US = 10;
/** Share of readouts that are runs of an edge; the others are single pixels. */
export const EDGES = { dense: 0.3, sparse: 0.04 } as const;
const BATCH = 1 << 17;

/** Calls `take` with batches of `events` events in all, at ten million a second. */
export function drawReadouts(
  events: number,
  take: (batch: EventSlot) => void,
  edges: number = EDGES.dense,
): void {
  const random = createRandom(14);
  const slot = createEventSlot(BATCH);
  let t = 1_000_000;
  let due = 0;
  let given = 0;
  const place = (x: number, y: number, p: number): void => {
    const at = slot.length++;
    slot.lanes[2 * at] = t;
    slot.x[at] = x;
    slot.y[at] = y;
    slot.p[at] = p;
    given++;
    due--;
  };
  while (given < events) {
    for (due += EVENTS_PER_US; due < 1; due += EVENTS_PER_US) t++;
    t++;
    while (due >= 1) drawReadout(random, edges, place);
    if (slot.length < BATCH - 4096 && given < events) continue;
    take(slot);
    slot.length = 0;
  }
}

function drawReadout(
  random: () => number,
  edges: number,
  place: (x: number, y: number, p: number) => void,
): void {
  const y = Math.floor(random() * BENCH_GEOMETRY.height);
  const p = random() < 0.5 ? -1 : 1;
  const x = Math.floor(random() * (BENCH_GEOMETRY.width - 40));
  if (random() >= edges) {
    place(x, y, p);
    return;
  }
  const density = 0.2 + random() * 0.5;
  const width = 8 + Math.floor(random() * 32);
  for (let i = 0; i < width; i++) if (i === 0 || random() < density) place(x + i, y, p);
}

/** A recording on disk. */
export interface BenchRecording {
  readonly path: string;
  readonly events: number;
  readonly startByte: number;
  readonly endByte: number;
}

const NAMES = { evt2: ['2.0', 'EVT2'], evt3: ['3.0', 'EVT3'] } as const;

/** Writes a RAW file. */
export function writeRecording(
  path: string,
  format: Extract<WrittenFormat, 'evt2' | 'evt3'>,
  events: number,
  edges: number = EDGES.dense,
): BenchRecording {
  const [version, name] = NAMES[format];
  const { width, height } = BENCH_GEOMETRY;
  const size = `% format ${name};height=${height};width=${width}\n% geometry ${width}x${height}\n`;
  const header = Buffer.from(`% evt ${version}\n${size}% end\n`);
  const file = openSync(path, 'w');
  const encoder = createEncoder(format);
  let endByte = writeSync(file, header);
  let given = 0;
  const take = (batch: EventSlot): void => {
    given += batch.length;
    endByte += writeSync(file, encoder.encode(batch));
  };
  drawReadouts(events, take, edges);
  endByte += writeSync(file, encoder.finish());
  closeSync(file);
  return { path, events: given, startByte: header.length, endByte };
}

/** Writes `t x y p` lines, t in µs. */
export function writeTextRecording(path: string, events: number): BenchRecording {
  const file = openSync(path, 'w');
  let [given, endByte] = [0, 0];
  drawReadouts(events, ({ lanes, x, y, p, length }) => {
    given += length;
    let text = '';
    for (let i = 0; i < length; i++) text += `${lanes[2 * i]} ${x[i]} ${y[i]} ${p[i]! > 0 ? 1 : 0}\n`;
    endByte += writeSync(file, text);
  });
  closeSync(file);
  return { path, events: given, startByte: 0, endByte };
}
