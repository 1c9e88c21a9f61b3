// What it costs to hold, to begin and to go through recordings of event cameras: bytes an event of a full load, the time to
// the first batch of a large file, and a thousand million events through a filter. Each runs in a process of its own, whose
// peak of memory the kernel keeps.
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createEventSlot, createSynth, createTriggerSlot, openEventWriter } from '../../src/events/index.ts';
import { parseRecordingHeader } from '../../src/events/header/index.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const door = new URL('../../src/events/index.ts', import.meta.url).href;

/** Events that are made; longer recordings repeat them. */
const MADE_EVENTS = 5_000_000;

/** Writes a recording whose data are repeated so often. */
async function writeRepeated(path: string, times: number): Promise<void> {
  const synth = createSynth({ events: MADE_EVENTS });
  const writer = await openEventWriter(path, { format: 'evt2', geometry: synth.geometry });
  const [events, triggers] = [createEventSlot(MIB), createTriggerSlot(1024)];
  for (let isMore = true; isMore;) {
    [events.length, triggers.length] = [0, 0];
    isMore = synth.fill(events, triggers);
    await writer.write({ events, triggers });
  }
  await writer.finish();
  const bytes = await readFile(path);
  const { dataOffset } = parseRecordingHeader(bytes, { source: path, isWhole: true })!;
  await using file = await open(path, 'a');
  for (let i = 1; i < times; i++) await file.write(bytes.subarray(dataOffset));
}

/** Runs code in a process of its own; `peakMib()` gives the largest resident size so far. */
async function measureAlone(code: string): Promise<Record<string, number>> {
  const script = `
    import { readFileSync } from 'node:fs';
    import { loadEvents, openEvents } from ${JSON.stringify(door)};
    const field = (name) => Number(new RegExp(name + ':[^0-9]*([0-9]+)').exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
    const peakMib = () => field('VmHWM');
    const nowMib = () => field('VmRSS');
    console.log(JSON.stringify(await (async () => { ${code} })()));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return JSON.parse(stdout) as Record<string, number>;
}

async function inFolder(
  work: (folder: string) => AsyncGenerator<BenchCase>,
): Promise<AsyncGenerator<BenchCase>> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  return (async function* () {
    try {
      yield* work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  })();
}

async function* memoryCases(): AsyncGenerator<BenchCase> {
  yield* await inFolder(async function* (folder) {
    const path = join(folder, 'fifty.raw');
    await writeRepeated(path, 10);
    const load = async (): Promise<number> => {
      const { peak, before, events } = await measureAlone(`
        const before = nowMib();
        const { length } = await loadEvents(${JSON.stringify(path)});
        return { before, peak: peakMib(), events: length };`);
      return ((peak! - before!) * MIB) / events!;
    };
    yield {
      bench: 'events.memory',
      case: 'full load of 50,000,000 events, EVT2: peak above the empty process',
      unit: 'bytes an event',
      better: 'lower',
      anchorName: 'none: the columns themselves are 13',
      ours: load,
      anchor: null,
      goal: (ours) => ours <= 20,
      runs: 3,
      warmup: false,
    };
  });
}

async function* startCases(): AsyncGenerator<BenchCase> {
  yield* await inFolder(async function* (folder) {
    const path = join(folder, 'large.raw');
    await writeRepeated(path, 1);
    // The rest of it is a hole, which reads as zeros: events too.
    await truncate(path, 4 * 2 ** 30);
    const begin = (pick: string): Promise<Record<string, number>> =>
      measureAlone(`
        const times = [];
        for (let i = 0; i < 5; i++) {
          const startMs = performance.now();
          const reading = await openEvents(${JSON.stringify(path)});
          for await (const { events } of reading) { if (events.length > 0) break; }
          times.push(performance.now() - startMs);
        }
        return { ms: ${pick} };`);
    for (const [what, pick] of [
      ['the first reading of a process', 'times[0]'],
      ['later ones', 'times.slice(1).sort((a, b) => a - b)[1]'],
    ] as const) {
      yield {
        bench: 'events.start',
        case: `first batch of a file of 4 GiB, ${what}`,
        unit: 'ms',
        better: 'lower',
        anchorName: 'none',
        ours: async () => (await begin(pick)).ms!,
        anchor: null,
        goal: (ours) => ours <= 50,
        runs: 3,
      };
    }
    yield {
      bench: 'events.start',
      case: 'from an abort to the end of the loop',
      unit: 'ms',
      better: 'lower',
      anchorName: 'none',
      ours: async () => (await measureAlone(abortCode(path))).ms!,
      anchor: null,
      goal: (ours) => ours <= 50,
      runs: 3,
    };
  });
}

const abortCode = (path: string): string => `
  const stop = new AbortController();
  let atMs = 0;
  setTimeout(() => { atMs = performance.now(); stop.abort(new Error('enough')); }, 200);
  try {
    for await (const { events } of await openEvents(${JSON.stringify(path)}, { signal: stop.signal, reuseMemory: true }));
  } catch {}
  return { ms: performance.now() - atMs };`;

const BILLION = 1_000_000_000;

async function* billionCases(): AsyncGenerator<BenchCase> {
  yield* await inFolder(async function* (folder) {
    const path = join(folder, 'repeated.raw');
    await writeRepeated(path, 50);
    for (const workers of [2, 0]) {
      const go = (): Promise<Record<string, number>> =>
        measureAlone(`
          const startMs = performance.now();
          let [read, kept] = [0, 0];
          while (read < ${BILLION}) {
            const reading = await openEvents(${JSON.stringify(path)}, {
              workers: ${workers}, reuseMemory: true, region: { x: 0, y: 0, width: 640, height: 360 }, keep: 'on' });
            for await (const { events } of reading) kept += events.length;
            read += reading.info.counts.events;
          }
          const { user, system } = process.cpuUsage();
          return { seconds: (performance.now() - startMs) / 1000, cpu: (user + system) / 1e6, peak: peakMib(), kept };`);
      const results: Record<string, number>[] = [];
      const who = workers === 0 ? 'one thread' : `${workers} workers`;
      const shared = {
        bench: 'events.billion',
        better: 'lower',
        anchor: null,
        runs: 1,
        warmup: false,
      } as const;
      yield {
        ...shared,
        case: `1,000,000,000 events of EVT2 through region and polarity, ${who}`,
        unit: 's',
        anchorName: 'none; 4 passes over a file of 250,000,000',
        ours: async () => {
          results.push(await go());
          return results.at(-1)!['seconds']!;
        },
        goal: (ours) => ours <= 5,
      };
      yield {
        ...shared,
        case: `the same, CPU, ${who}`,
        unit: 's',
        anchorName: 'none',
        ours: async () => results.at(-1)!['cpu']!,
      };
      yield {
        ...shared,
        case: `the same, peak of memory, ${who}`,
        unit: 'MiB resident',
        anchorName: 'none',
        ours: async () => results.at(-1)!['peak']!,
        goal: (ours) => ours <= 256,
      };
    }
  });
}

export const topics: readonly BenchTopic[] = [
  { name: 'events.memory', cases: memoryCases },
  { name: 'events.start', cases: startCases },
  { name: 'events.billion', cases: billionCases },
];
