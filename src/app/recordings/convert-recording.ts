// `events convert` and `events filter`: one recording into another file.
import { extname } from 'node:path';
import { convertEvents } from '../../events/index.ts';
import type {
  ConvertOptions,
  ConvertReport,
  EventFormat,
  OutputFormat,
  TimeUnit,
} from '../../events/index.ts';
import { isStandardOutput } from '../exports/standard-output.ts';
import { formatSeconds, print, printJson, tell, toJson } from '../terminal.ts';
import { followReading } from './follow-reading.ts';
import { describeCounts } from './render-recording.ts';
import { toReading, toSelection } from './recording-options.ts';
import type { RecordingOptions, SelectionOptions } from './recording-options.ts';

/** What commander makes of the options. */
export interface ConvertCommandOptions extends RecordingOptions, SelectionOptions {
  readonly outFormat?: OutputFormat;
  readonly outTimeUnit?: TimeUnit;
  readonly outColumns?: ConvertOptions['columns'];
  readonly outLayout?: ConvertOptions['layout'];
  readonly triggers?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Suffixes of files that are not RAW: a RAW format that is said of one is meant for the file that is written. */
const otherSuffixes: ReadonlySet<string> = new Set(['.h5', '.hdf5', '.aedat4', '.csv', '.txt']);
const rawFormats: ReadonlySet<string> = new Set(['evt2', 'evt21', 'evt21-legacy', 'evt3']);

/** `convert notes.txt made.raw --format evt3`: text is no EVT3, so it is what is to be made. */
function splitFormats(
  input: string,
  output: string,
  { format, outFormat }: ConvertCommandOptions,
): { readonly format?: EventFormat; readonly outputFormat?: OutputFormat } {
  const isMeantForOutput =
    outFormat === undefined &&
    format !== undefined &&
    rawFormats.has(format) &&
    otherSuffixes.has(extname(input).toLowerCase()) &&
    extname(output).toLowerCase() === '.raw';
  if (isMeantForOutput) return { outputFormat: format as OutputFormat };
  return { ...(format && { format }), ...(outFormat && { outputFormat: outFormat }) };
}

/** Converts, and says what was done. @param extra options of filters */
export async function convertRecording(
  input: string,
  output: string,
  options: ConvertCommandOptions,
  extra: Partial<ConvertOptions> = {},
): Promise<void> {
  const report = await followReading('converting', ({ signal, progress }) =>
    convertEvents(input, output, {
      ...toReading(options),
      ...toSelection(options),
      ...extra,
      format: undefined,
      ...splitFormats(input, output, options),
      outputTimeUnit: options.outTimeUnit,
      outputColumns: options.outColumns,
      outputLayout: options.outLayout,
      triggers: options.triggers,
      signal,
      progress,
      onWait: (path) => tell(`waiting until somebody reads ${path} (Ctrl-C ends it)`),
    }),
  );
  const document = describeReport(report);
  // The events then have standard output for themselves.
  const isShared = await isStandardOutput(output);
  if (options.json) (isShared ? (value: unknown) => tell(toJson(value)) : printJson)(document);
  else if (options.quiet !== true) (isShared ? tell : print)(renderReport(report));
}

function describeReport({ input, ...report }: ConvertReport): object {
  const { path, format, geometry, timeUnit } = input;
  return { input: { path, format, geometry, timeUnit }, ...report };
}

function renderReport({
  input,
  output,
  events,
  triggers,
  seconds,
  eventsPerSecond,
  ...report
}: ConvertReport): string {
  const rate = `${(eventsPerSecond / 1e6).toFixed(1)} M events/s`;
  return [
    `${output.path}: ${events.toLocaleString('en')} events (${output.format}) of ${input.path} (${input.format}) in ${formatSeconds(seconds)}, ${rate}`,
    ...(triggers > 0 ? [`  ${triggers.toLocaleString('en')} triggers`] : []),
    ...describeCounts(report.counts).map((line) => `  ${line}`),
    ...report.notes.map((note) => `  ${note}`),
  ].join('\n');
}
