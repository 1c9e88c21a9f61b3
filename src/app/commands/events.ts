// `events`: looks at, converts, filters, plays and makes event-camera recordings.
import { Option } from 'commander';
import type { Command } from 'commander';
import { HDF5_LAYOUTS, OUTPUT_FORMATS, TIME_UNITS } from '../../events/index.ts';
import type { Geometry, OutputFormat, Polarity, SynthOptions } from '../../events/index.ts';
import { isStandardOutput } from '../exports/standard-output.ts';
import { convertRecording } from '../recordings/convert-recording.ts';
import type { ConvertCommandOptions } from '../recordings/convert-recording.ts';
import { followReading } from '../recordings/follow-reading.ts';
import { measureRecording } from '../recordings/measure-recording.ts';
import { findHotPixelsOf } from '../recordings/hot-pixels.ts';
import { playRecording } from '../recordings/play-recording.ts';
import {
  addReadingOptions,
  addSelectionOptions,
  parseColumnNames,
  parseCount,
  parseGeometry,
  toReading,
  toSelection,
} from '../recordings/recording-options.ts';
import type { RecordingOptions, SelectionOptions } from '../recordings/recording-options.ts';
import { renderRecording } from '../recordings/render-recording.ts';
import { renderSynth, synthRecording } from '../recordings/synth-recording.ts';
import { abortOnSignals, print, printJson, tell, toJson } from '../terminal.ts';
import { parseNumber, parsePositive } from './options.ts';

const examples = `
Examples:
  $ ruvector-memopt events info recording.raw
  $ ruvector-memopt events convert recording.raw recording.parquet
  $ ruvector-memopt events convert notes.txt out.h5 --format text --time-unit s --columns t,x,y,p
  $ ruvector-memopt events filter recording.raw cut.raw --region 100,100,200,200 --keep on
  $ ruvector-memopt events play recording.raw
  $ ruvector-memopt events synth made.raw --events 1000000`;

/** Adds the command and its sub-commands. */
export function addEvents(program: Command): void {
  const command = program
    .command('events')
    .description('look at, convert, filter, play and make recordings of event cameras')
    .addHelpText('after', examples);
  addInfo(command);
  addConvert(command);
  addFilter(command);
  addPlay(command);
  addSynth(command);
}

const recording = 'a recording: RAW, DAT, HDF5, AEDAT4 or text; - is standard input';

function addInfo(parent: Command): void {
  const command = parent.command('info').description('say what a recording is').argument('<in>', recording);
  addReadingOptions(command)
    .option('--header', 'only what its header says; reads no event')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt events info recording.raw --json')
    .action(async (path: string, options: RecordingOptions & { header?: true; json?: true }) => {
      const facts = await followReading('reading', (following) =>
        measureRecording(path, { ...toReading(options), ...following }, options.header === true),
      );
      if (options.json) printJson({ ...facts.info, ...facts, info: undefined, notes: facts.info.notes });
      else print(renderRecording(facts));
    });
}

function addConvert(parent: Command): void {
  const command = parent
    .command('convert')
    .description('write a recording in another format, by the suffix of the file')
    .argument('<in>', recording)
    .argument('<out>', 'a file .raw .dat .h5 .csv .txt .parquet .arrow, or - with --out-format');
  addReadingOptions(command);
  addOutputOptions(command)
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt events convert recording.raw recording.parquet')
    .action((input: string, output: string, options: ConvertCommandOptions) =>
      convertRecording(input, output, options),
    );
}

function addOutputOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--out-format <format>', 'what is written (default: by the suffix)').choices(OUTPUT_FORMATS),
    )
    .addOption(new Option('--out-time-unit <unit>', 'of the times of text (default: us)').choices(TIME_UNITS))
    .option('--out-columns <names>', 'of text that is written (default: t,x,y,p)', parseColumnNames)
    .addOption(
      new Option('--out-layout <layout>', 'of HDF5 that is written (default: columns)').choices(HDF5_LAYOUTS),
    )
    .option('--triggers <file>', 'write the external triggers t, id, value: .csv, .parquet or .arrow')
    .option('--quiet', 'say nothing when it is done')
    .option('--json', 'print JSON');
}

interface FilterCommandOptions extends ConvertCommandOptions {
  readonly hotPixels?: number;
  readonly refractory?: number;
  readonly background?: number;
}

function addFilter(parent: Command): void {
  const command = parent
    .command('filter')
    .description('write some events of a recording to another file')
    .argument('<in>', recording)
    .argument('<out>', 'a file .raw .dat .h5 .csv .txt .parquet .arrow, or - with --out-format');
  addReadingOptions(command);
  addSelectionOptions(command)
    .option(
      '--hot-pixels <hz>',
      'leave out pixels with more events a second; reads the file twice',
      parsePositive,
    )
    .option('--refractory <us>', 'leave out what comes so soon after an event of its pixel', parseCount)
    .option('--background <us>', 'leave out events without one beside them that lately', parseCount);
  addOutputOptions(command)
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt events filter recording.raw cut.raw --region 100,100,200,200 --keep on',
    )
    .action(async (input: string, output: string, options: FilterCommandOptions) => {
      const { hotPixels, refractory, background } = options;
      const found =
        hotPixels === undefined
          ? undefined
          : await followReading('looking for hot pixels', (following) =>
              findHotPixelsOf(input, { ...toReading(options), ...following }, hotPixels),
            );
      await convertRecording(input, output, options, {
        hotPixels: found,
        refractoryPeriod: refractory,
        backgroundPeriod: background,
      });
    });
}

interface PlayCommandOptions extends RecordingOptions, SelectionOptions {
  readonly fps: number;
  readonly speed: number;
  readonly frames?: number;
}

function addPlay(parent: Command): void {
  const command = parent
    .command('play')
    .description('draw a recording on the terminal, in its own time; Ctrl-C ends it')
    .argument('<in>', recording);
  addReadingOptions(command);
  addSelectionOptions(command)
    .option('--fps <n>', 'frames a second', parsePositive, 25)
    .option('--speed <factor>', 'seconds of the recording a second', parsePositive, 1)
    .option('--frames <n>', 'end after so many; needed where there is no terminal', parseCount)
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt events play recording.raw --speed 0.1')
    .action(async (path: string, options: PlayCommandOptions) => {
      using stop = abortOnSignals();
      const reading = { ...toReading(options), ...toSelection(options), signal: stop.signal };
      await playRecording(path, reading, options, process.stdout);
    });
}

interface SynthCommandOptions extends SynthOptions {
  readonly outFormat?: OutputFormat;
  readonly polarity: Polarity;
  readonly geometry: Geometry;
  readonly triggers: number;
  readonly hot: number;
  readonly json?: boolean;
}

function addSynth(parent: Command): void {
  parent
    .command('synth')
    .description(
      'make a recording up: moving edges, noise, hot pixels and triggers, the same for the same seed',
    )
    .argument('<out>', 'a file .raw .dat .h5 .csv .txt .parquet .arrow, or - with --out-format')
    .addOption(
      new Option('--out-format <format>', 'what is written (default: by the suffix)').choices(OUTPUT_FORMATS),
    )
    .option('--events <n>', 'how many', parseCount, 1_000_000)
    .option('--rate <n>', 'events a second', parsePositive, 10_000_000)
    .addOption(
      new Option('--geometry <size>', 'of the sensor')
        .argParser(parseGeometry)
        .default({ width: 1280, height: 720 }, '1280x720'),
    )
    .option('--seed <n>', 'another seed, another recording', parseNumber, 1)
    .option('--objects <n>', 'things that move', parseNumber, 6)
    .option('--noise <share>', 'share of events that are noise', parseNumber, 0.05)
    .option('--hot <n>', 'hot pixels', parseNumber, 8)
    .option('--triggers <hz>', 'edges of trigger input 0 a second', parseNumber, 100)
    .addOption(
      new Option('--polarity <polarity>', 'of formats that hold either')
        .choices(['signed', 'unsigned'])
        .default('signed'),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt events synth made.raw --out-format evt3 --events 10000000',
    )
    .action(async (path: string, options: SynthCommandOptions) => {
      const report = await followReading('making', (following) =>
        synthRecording({
          path,
          format: options.outFormat,
          polarity: options.polarity,
          synth: toSynth(options),
          ...following,
        }),
      );
      const isShared = await isStandardOutput(path);
      if (options.json)
        (isShared ? (value: unknown) => void process.stderr.write(`${toJson(value)}\n`) : printJson)(report);
      else (isShared ? tell : print)(renderSynth(report));
    });
}

const toSynth = ({
  events,
  rate,
  geometry,
  seed,
  objects,
  noise,
  hot,
  triggers,
}: SynthCommandOptions): SynthOptions => ({
  ...geometry,
  ...(events !== undefined && { events }),
  ...(rate !== undefined && { rate }),
  ...(seed !== undefined && { seed }),
  ...(objects !== undefined && { objects }),
  ...(noise !== undefined && { noise }),
  hotPixels: hot,
  triggerHz: triggers,
});
