// Recordings of tens of millions of events in every format that is written: what is read back, in batches of any size, is
// what was made, and memory does not grow with the length.
import { stat } from 'node:fs/promises';
import {
  convertEvents,
  createEventSlot,
  createSynth,
  createTriggerSlot,
  openEvents,
  openEventWriter,
} from '../../src/events/index.ts';
import type { OutputFormat, Synth, SynthOptions } from '../../src/events/index.ts';
import { bytesOf, makeFolder } from '../support/events/write-recording.ts';
import { createRandom } from '../support/random.ts';

const EVENTS = 30_000_000;
/** Resident memory that a reading may add, whatever its length. */
const MOST_GROWTH_MIB = 400;
const formats: readonly OutputFormat[] = [
  'evt3',
  'evt2',
  'evt21',
  'evt21-legacy',
  'dat',
  'hdf5',
  'text',
  'csv',
];

/** Runs each format once, then goes on until the time is up. Resolves with whether everything held. */
export async function runLargeEvents({ minutes, seed }: { minutes: number; seed: number }): Promise<boolean> {
  process.stdout.write(`recordings of ${EVENTS} events for ${minutes} minutes, seed ${seed}\n`);
  const random = createRandom(seed);
  const endMs = performance.now() + minutes * 60_000;
  let isRight = true;
  for (let round = 0; round < formats.length || performance.now() < endMs; round++) {
    await using folder = await makeFolder();
    const format = formats[round % formats.length]!;
    const path = folder.at('large');
    const made: SynthOptions = { events: EVENTS, rate: 5e6, seed: Math.floor(random() * 2 ** 32) };
    await write(path, format, createSynth(made));
    const chunkSize = 1 + Math.floor(random() * 3_000_000);
    const [before, startMs] = [process.memoryUsage.rss(), performance.now()];
    const { wrong, most } = await compare(path, chunkSize, createSynth(made));
    const growth = (most - before) / 2 ** 20;
    const holds = wrong === null && growth <= MOST_GROWTH_MIB;
    isRight &&= holds;
    const rate = EVENTS / 1000 / (performance.now() - startMs);
    process.stdout.write(
      `${holds ? 'ok  ' : 'MISS'} ${format}, ${(await stat(path)).size} bytes, chunks of ${chunkSize}: ` +
        `${wrong ?? 'equal'}, ${growth.toFixed(0)} MiB more, ${rate.toFixed(1)} M events/s\n`,
    );
    if (format === 'evt3') isRight &&= await convertThere(path, folder.at('large.parquet'));
  }
  return isRight;
}

async function write(path: string, format: OutputFormat, synth: Synth): Promise<void> {
  const writer = await openEventWriter(path, { format, geometry: synth.geometry });
  const [events, triggers] = [createEventSlot(2 ** 20), createTriggerSlot(2 ** 16)];
  for (let isMore = true; isMore;) {
    [events.length, triggers.length] = [0, 0];
    isMore = synth.fill(events, triggers);
    await writer.write({ events, triggers });
  }
  await writer.finish();
}

/** Makes the same events again and holds them against what is read. */
async function compare(
  path: string,
  chunkSize: number,
  synth: Synth,
): Promise<{ readonly wrong: string | null; readonly most: number }> {
  const wanted = createEventSlot(chunkSize);
  let most = 0;
  let events = 0;
  await using reading = await openEvents(path, { chunkSize, polarity: 'signed', reuseMemory: true });
  for await (const batch of reading) {
    wanted.length = 0;
    synth.fill(wanted);
    const found = bytesOf(batch.events);
    if (!bytesOf(wanted).every((column, i) => column.equals(found[i]!))) {
      return { wrong: `differs in the batch behind event ${events}`, most };
    }
    events += batch.events.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  return { wrong: events === synth.totalEvents ? null : `${events} events`, most };
}

/** Parquet of the whole recording: its rows are counted. */
async function convertThere(path: string, target: string): Promise<boolean> {
  const { events, seconds } = await convertEvents(path, target);
  process.stdout.write(
    `${events === EVENTS ? 'ok  ' : 'MISS'} Parquet: ${events} events in ${seconds.toFixed(1)} s\n`,
  );
  return events === EVENTS;
}
