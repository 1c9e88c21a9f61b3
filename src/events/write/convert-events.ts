// One recording into another file, batch by batch: memory does not depend on how long it is, and nothing half-written
// is left when it ends early.
import { DEFAULT_POLARITY, WORD_BYTES } from '../model/index.ts';
import type { Geometry, Polarity, ReadCounts, TimeUnit } from '../model/index.ts';
import { openEvents } from '../read/open-events.ts';
import type { OpenEventsOptions, RecordingInfo } from '../read/open-events.ts';
import { openEventWriter } from './open-event-writer.ts';
import type { EventWriter, EventWriterOptions } from './writer-contract.ts';
import { outputFormatOf, rawFormats } from './output-format.ts';
import type { OutputFormat } from './output-format.ts';
import { openTriggerWriter } from './trigger-writer.ts';
import type { TriggerWriter } from './trigger-writer.ts';

/** Options of {@link convertEvents}: those of the reading, and of what is written. */
export interface ConvertOptions extends Omit<OpenEventsOptions, 'reuseMemory'> {
  /** @default by the suffix; for .raw that of the recording, or EVT2 */
  readonly outputFormat?: OutputFormat | undefined;
  /** Unit of the times of text that is written. @default `timeUnit` where the recording needs none, else us */
  readonly outputTimeUnit?: TimeUnit | undefined;
  /** Columns of text that is written. @default `columns` where the recording needs none, else t,x,y,p */
  readonly outputColumns?: OpenEventsOptions['columns'];
  /** Of HDF5 that is written. @default `layout` where the recording needs none, else columns */
  readonly outputLayout?: OpenEventsOptions['layout'];
  /** A file for the external triggers t, id, value: .csv, .txt, .parquet or .arrow. */
  readonly triggers?: string | undefined;
  /** Called once for each named pipe that nobody reads yet. */
  readonly onWait?: ((path: string) => void) | undefined;
}

/** What a conversion did. */
export interface ConvertReport {
  readonly input: RecordingInfo;
  readonly output: { readonly path: string; readonly format: OutputFormat };
  /** Events and triggers written. */
  readonly events: number;
  readonly triggers: number;
  readonly counts: Readonly<ReadCounts>;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** What a user should know, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes the events of a recording to a file.
 * @throws RuvectorError `ERR_EVENTS_*`, `ERR_FILES_*`; the signal's reason
 */
export async function convertEvents(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  const startMs = performance.now();
  await using reading = await openEvents(input, { ...options, reuseMemory: true });
  const geometry = await findGeometry(input, output, options, reading.info);
  const writers = await openWriters(reading.info, geometry.size, output, options);
  const written = { events: 0, triggers: 0 };
  try {
    for await (const batch of reading) {
      written.events += batch.events.length;
      written.triggers += batch.triggers.length;
      await writers.events.write(batch);
      await writers.triggers?.write(batch.triggers);
    }
    const notes = [...(await writers.events.finish()), ...((await writers.triggers?.finish()) ?? [])];
    const seconds = (performance.now() - startMs) / 1000;
    return {
      input: reading.info,
      output: { path: output, format: writers.events.format },
      ...written,
      counts: reading.info.counts,
      seconds,
      eventsPerSecond: written.events / seconds,
      notes: [
        ...reading.info.notes,
        ...geometry.notes,
        ...describeLostTriggers(written.triggers, writers, describeOutput(options, reading.info)),
        ...notes,
      ],
    };
  } catch (error) {
    await writers.events.abort();
    await writers.triggers?.abort();
    throw error;
  }
}

interface Writers {
  readonly events: EventWriter;
  readonly triggers: TriggerWriter | null;
}

function describeLostTriggers(
  count: number,
  { events, triggers }: Writers,
  { layout }: Pick<EventWriterOptions, 'layout'>,
): string[] {
  const hasPlace = rawFormats.has(events.format) || (events.format === 'hdf5' && layout === 'prophesee');
  if (count === 0 || triggers !== null || hasPlace) return [];
  return [
    `${count} triggers are in no file: ${events.format} has no place for them, --triggers FILE writes them`,
  ];
}

interface FoundGeometry {
  readonly size: Geometry | null;
  readonly notes: readonly string[];
}

/** What a header has to say and nobody knows is measured: the recording is read through once more. */
async function findGeometry(
  input: string,
  output: string,
  options: ConvertOptions,
  info: RecordingInfo,
): Promise<FoundGeometry> {
  const format = outputFormatOf(output, options.outputFormat, info.format);
  if (info.geometry !== null || !Object.hasOwn(WORD_BYTES, format)) return { size: info.geometry, notes: [] };
  if (info.sizeBytes === null) return { size: null, notes: [] };
  await using reading = await openEvents(input, { ...options, progress: undefined, reuseMemory: true });
  let [width, height] = [1, 1];
  for await (const { events } of reading) {
    const { x, y, length } = events;
    for (let i = 0; i < length; i++) {
      width = Math.max(width, x[i]! + 1);
      height = Math.max(height, y[i]! + 1);
    }
  }
  const note = `the recording says no geometry: ${width} × ${height} by its largest x and y`;
  return { size: { width, height }, notes: [note] };
}

async function openWriters(
  info: RecordingInfo,
  geometry: Geometry | null,
  output: string,
  options: ConvertOptions,
): Promise<Writers> {
  const { signal, triggers: triggerPath, onWait } = options;
  const events = await openEventWriter(output, {
    format: outputFormatOf(output, options.outputFormat, info.format),
    geometry,
    // What text or HDF5 say is no line of a RAW header.
    header: Object.hasOwn(WORD_BYTES, info.format) ? info.header : {},
    resolution: info.timeUnit,
    ...describeOutput(options, info),
    polarity: polarityOf(options.polarity, info),
    signal,
    onWait: () => onWait?.(output),
  });
  if (triggerPath === undefined) return { events, triggers: null };
  try {
    const wait = (): void => onWait?.(triggerPath);
    return {
      events,
      triggers: await openTriggerWriter(triggerPath, info.timeUnit, { signal, onWait: wait }),
    };
  } catch (error) {
    await events.abort();
    throw error;
  }
}

/** What RAW, DAT and AEDAT4 say themselves is meant for the file that is written. */
function describeOutput(
  { outputTimeUnit, outputColumns, outputLayout, timeUnit, columns, layout }: ConvertOptions,
  { format }: RecordingInfo,
): Pick<EventWriterOptions, 'timeUnit' | 'columns' | 'layout'> {
  const isSaid = format !== 'text' && format !== 'hdf5';
  return {
    timeUnit: outputTimeUnit ?? (isSaid ? timeUnit : undefined),
    columns: outputColumns ?? (format === 'text' ? undefined : columns),
    layout: outputLayout ?? (format === 'hdf5' ? undefined : layout),
  };
}

const polarityOf = (asked: Polarity | undefined, { format }: RecordingInfo): Polarity =>
  asked ?? DEFAULT_POLARITY[format];
