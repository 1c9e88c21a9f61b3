// Options of `events` that several of its commands have, and what they become for the core.
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { EVENT_FORMATS, HDF5_LAYOUTS, POLARITIES, TIME_UNITS } from '../../events/index.ts';
import type {
  EventFormat,
  Geometry,
  OpenEventsOptions,
  PixelRegion,
  Polarity,
  TimeUnit,
} from '../../events/index.ts';
import { parseNumber } from '../commands/options.ts';

/** What commander makes of the options of reading. */
export interface RecordingOptions {
  readonly format?: EventFormat;
  readonly timeUnit?: TimeUnit;
  readonly columns?: OpenEventsOptions['columns'];
  readonly layout?: OpenEventsOptions['layout'];
  readonly polarity?: Polarity;
  readonly geometry?: Geometry;
  readonly dropOutside?: boolean;
  readonly datVersion?: '1' | '2';
  readonly chunkSize?: number;
  readonly memoryLimit?: number;
}

/** Adds what a file does not say, and how it is read. */
export function addReadingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'what the file is (default: by its content)').choices(EVENT_FORMATS),
    )
    .addOption(
      new Option('--time-unit <unit>', 'of the times in text and HDF5 (default: what the file says)').choices(
        TIME_UNITS,
      ),
    )
    .option(
      '--columns <names>',
      'of text, in their order: t,x,y,p, with - for one to pass over',
      parseColumnNames,
    )
    .addOption(
      new Option('--layout <layout>', 'of HDF5 (default: by the names in the file)').choices(HDF5_LAYOUTS),
    )
    .addOption(
      new Option(
        '--polarity <polarity>',
        '-1/1, 0/1 or as stored (default: unsigned for HDF5 and text)',
      ).choices(POLARITIES),
    )
    .option(
      '--geometry <size>',
      'of the sensor, such as 1280x720 (default: what the file says)',
      parseGeometry,
    )
    .option('--drop-outside', 'leave out events outside the geometry; they are counted either way')
    .addOption(
      new Option('--dat-version <n>', 'of a DAT file that says none (default: 2)').choices(['1', '2']),
    )
    .option('--chunk-size <n>', 'events of a batch (default: by the memory there is)', parseCount)
    .option('--memory-limit <mb>', 'MiB for batches (default: a quarter of what is available)', parseNumber);
}

/** The same for the core. */
export function toReading(options: RecordingOptions): OpenEventsOptions {
  const { datVersion, memoryLimit, format, timeUnit, columns, layout, polarity } = options;
  return {
    format,
    timeUnit,
    columns,
    layout,
    polarity,
    geometry: options.geometry,
    dropOutside: options.dropOutside,
    datVersion: datVersion === undefined ? undefined : datVersion === '1' ? 1 : 2,
    chunkSize: options.chunkSize,
    memoryLimitMb: memoryLimit,
  };
}

/** Which events are wanted. */
export interface SelectionOptions {
  readonly start?: number;
  readonly end?: number;
  readonly region?: PixelRegion;
  readonly keep?: 'on' | 'off';
}

/** Adds them. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option('--start <us>', 'events from this time on', parseTime)
    .option('--end <us>', 'events before this time', parseTime)
    .option('--region <x,y,w,h>', 'events in this rectangle of pixels', parseRegion)
    .addOption(new Option('--keep <polarity>', 'events of one polarity').choices(['on', 'off']));
}

/** The same for the core. */
export function toSelection({ start, end, region, keep }: SelectionOptions): Partial<OpenEventsOptions> {
  const hasWindow = start !== undefined || end !== undefined;
  return {
    ...(hasWindow && {
      timeWindow: { ...(start !== undefined && { from: start }), ...(end !== undefined && { to: end }) },
    }),
    region,
    keep,
  };
}

/** A whole number of events from 1 on; `1e6` is one too. */
export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}

function parseTime(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number of µs.');
  return value;
}

/** `t,x,y,p` */
export function parseColumnNames(text: string): NonNullable<OpenEventsOptions['columns']> {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const isKnown = (name: string): name is 't' | 'x' | 'y' | 'p' | '-' =>
    ['t', 'x', 'y', 'p', '-'].includes(name);
  if (!names.every(isKnown))
    throw new InvalidArgumentError('It must be t, x, y, p and - with commas between them.');
  return names;
}

/** `1280x720`. */
export function parseGeometry(text: string): Geometry {
  const match = /^([1-9]\d{0,4})[x,]([1-9]\d{0,4})$/i.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It must be a size like 1280x720.');
  return { width: Number(match[1]), height: Number(match[2]) };
}

function parseRegion(text: string): PixelRegion {
  const parts = text.split(',').map((part) => Number(part.trim()));
  const [x, y, width, height] = parts;
  const isPixelRegion = parts.length === 4 && parts.every((part) => Number.isSafeInteger(part) && part >= 0);
  if (!isPixelRegion || width === 0 || height === 0) {
    throw new InvalidArgumentError('It must be x,y,width,height in pixels, such as 100,100,200,200.');
  }
  return { x: x!, y: y!, width: width!, height: height! };
}
