// `events`: looks at, converts, filters, plays and makes event-camera recordings.
import type { Command } from 'commander';

const examples = `
Examples:
  $ ruvector-memopt events info recording.raw
  $ ruvector-memopt events convert recording.raw recording.parquet
  $ ruvector-memopt events convert notes.txt out.h5 --format text --time-unit s --columns t,x,y,p
  $ ruvector-memopt events filter recording.raw cut.raw --region 100,100,200,200 --polarity unsigned
  $ ruvector-memopt events play recording.raw
  $ ruvector-memopt events synth made.raw --events 1000000`;

/** Adds the command and its sub-commands. */
export function addEvents(program: Command): void {
  program
    .command('events')
    .description('look at, convert, filter, play and make recordings of event cameras')
    .addHelpText('after', examples);
}
