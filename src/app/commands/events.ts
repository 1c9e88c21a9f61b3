// `events`: looks at, converts, filters, plays and makes event-camera recordings.
import { Option } from 'commander';
import type { Command } from 'commander';
import { OUTPUT_FORMATS, TIME_UNITS } from '../../events/index.ts';
import { convertRecording } from '../recordings/convert-recording.ts';
import type { ConvertCommandOptions } from '../recordings/convert-recording.ts';
import { followReading } from '../recordings/follow-reading.ts';
import { measureRecording } from '../recordings/measure-recording.ts';
import { addReadingOptions, addSelectionOptions, toReading } from '../recordings/recording-options.ts';
import type { RecordingOptions } from '../recordings/recording-options.ts';
import { renderRecording } from '../recordings/render-recording.ts';
import { print, printJson } from '../terminal.ts';

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
    .argument('<out>', 'a file .raw .dat .h5 .csv .txt .parquet .arrow, or - with --to');
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
      new Option('--to <format>', 'what is written (default: by the suffix)').choices(OUTPUT_FORMATS),
    )
    .addOption(new Option('--out-time-unit <unit>', 'of the times of text (default: us)').choices(TIME_UNITS))
    .option('--triggers <file>', 'write the external triggers t, id, value: .csv, .parquet or .arrow')
    .option('--quiet', 'say nothing when it is done')
    .option('--json', 'print JSON');
}
