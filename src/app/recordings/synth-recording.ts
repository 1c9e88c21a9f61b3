// `events synth`: a made-up recording as a file.
import { createEventSlot, createSynth, createTriggerSlot, openEventWriter } from '../../events/index.ts';
import type { EventProgress, OutputFormat, Polarity, SynthOptions } from '../../events/index.ts';
import { formatSeconds, tell } from '../terminal.ts';

/** What is made. */
export interface SynthJob {
  readonly path: string;
  readonly format?: OutputFormat | undefined;
  readonly polarity: Polarity;
  readonly synth: SynthOptions;
  readonly signal: AbortSignal;
  readonly progress: (progress: EventProgress) => void;
}

/** What was made. */
export interface SynthReport {
  readonly path: string;
  readonly format: OutputFormat;
  readonly events: number;
  readonly triggers: number;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly seconds: number;
  readonly notes: readonly string[];
}

/** Events of a batch. */
const BATCH_EVENTS = 262_144;
const BATCH_TRIGGERS = 65_536;

/** Makes a recording and writes it. @throws RuvectorError `ERR_EVENTS_*`, `ERR_FILES_*` */
export async function synthRecording(job: SynthJob): Promise<SynthReport> {
  const startMs = performance.now();
  const synth = createSynth(job.synth, { polarity: job.polarity });
  const { geometry, totalEvents } = synth;
  const writer = await openEventWriter(job.path, {
    format: job.format,
    geometry,
    polarity: job.polarity,
    signal: job.signal,
    onWait: () => tell(`waiting until somebody reads ${job.path} (Ctrl-C ends it)`),
  });
  const [events, triggers] = [createEventSlot(BATCH_EVENTS), createTriggerSlot(BATCH_TRIGGERS)];
  let triggerCount = 0;
  try {
    for (let isMore = true; isMore;) {
      job.signal.throwIfAborted();
      [events.length, triggers.length] = [0, 0];
      isMore = synth.fill(events, triggers);
      triggerCount += triggers.length;
      await writer.write({ events, triggers });
      job.progress(progressOf(synth.events, totalEvents, (performance.now() - startMs) / 1000));
    }
    const notes = await writer.finish();
    const seconds = (performance.now() - startMs) / 1000;
    const seed = job.synth.seed ?? 1;
    const { format } = writer;
    return {
      path: job.path,
      format,
      events: synth.events,
      triggers: triggerCount,
      ...geometry,
      seed,
      seconds,
      notes,
    };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function progressOf(events: number, total: number, elapsedSeconds: number): EventProgress {
  const share = total === 0 ? 1 : events / total;
  return {
    events,
    bytesRead: 0,
    totalBytes: null,
    share,
    eventsPerSecond: elapsedSeconds === 0 ? 0 : events / elapsedSeconds,
    etaSeconds: share === 0 ? null : (elapsedSeconds * (1 - share)) / share,
    elapsedSeconds,
  };
}

/** The report as text. */
export function renderSynth({
  path,
  format,
  events,
  triggers,
  width,
  height,
  seed,
  seconds,
  notes,
}: SynthReport): string {
  return [
    `${path}: ${events.toLocaleString('en')} events and ${triggers.toLocaleString('en')} triggers (${format}, ${width} × ${height}, seed ${seed}) in ${formatSeconds(seconds)}`,
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}
