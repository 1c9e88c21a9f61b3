// `pipeline`: runs, explains and plans pipelines that YAML files describe, and lists what they may name.
import type { Home } from '../../core/index.ts';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { openPipelineFile } from '../../pipeline/index.ts';
import type { PipelineFile, PipelineFileSettings, RegisteredPart } from '../../pipeline/index.ts';
import { createHomeRegistry } from '../pipelines/pipeline-registry.ts';
import { renderParts } from '../pipelines/render-parts.ts';
import { describePipelinePlan, explainPipeline, runPipeline } from '../pipelines/run-pipeline.ts';
import type { PipelineReport } from '../pipelines/run-pipeline.ts';
import type { TunedPipeline } from '../pipelines/tune-pipeline.ts';
import { abortOnSignals, formatSeconds, print, printJson, tell } from '../terminal.ts';
import { homeOf, parsePositive } from './options.ts';

interface PipelineCommandOptions {
  readonly set: Readonly<Record<string, string>>;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly optimized?: boolean;
  readonly dryRun?: boolean;
  readonly autotune?: boolean;
  readonly maxBytes?: number;
}

const examples = `
Examples:
  $ ruvector-memopt pipeline run nightly.yaml --watch
  $ ruvector-memopt pipeline run nightly.yaml --set hours=24 --json
  $ ruvector-memopt pipeline explain nightly.yaml
  $ ruvector-memopt pipeline plan --dry-run nightly.yaml
  $ ruvector-memopt pipeline list`;

/** Adds the command and its sub-commands. */
export function addPipeline(program: Command): void {
  const command = program
    .command('pipeline')
    .description('run a pipeline that a YAML file describes: a source, stages and a sink')
    .addHelpText('after', examples);
  addFileCommand(command, 'run', 'run a pipeline to its end; Ctrl-C ends it, nothing half-written is left')
    .option('--watch', 'show its stages while it runs, on a terminal')
    .option(
      '--autotune',
      'find the best batch size and workers first, in some runs over its first rows: docs/steer.md',
    )
    .option(
      '--max-bytes <number>',
      'with --autotune: choose the compression too, for a file of at most this size',
      parsePositive,
    )
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt pipeline run nightly.yaml --set hours=24 --watch')
    .action(async (path: string, options: PipelineCommandOptions, self: Command) => {
      const tuned = options.autotune ? await tuneFirst(path, options, homeOf(self)) : null;
      const report = await withFile(
        homeOf(self),
        path,
        { ...options, settings: tuned?.settings ?? {} },
        (file) => runPipeline(file, options.watch === true),
      );
      if (options.json) printJson(tuned ? { ...report, tuning: tuned } : report);
      else print([...(tuned ? [`tuned: ${tuned.reason}`] : []), renderReport(report)].join('\n'));
    });
  addFileCommand(command, 'explain', 'say which stage runs where and why; runs nothing')
    .option('--optimized', 'add the plans as Polars has optimized them')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt pipeline explain nightly.yaml')
    .action(async (path: string, options: PipelineCommandOptions, self: Command) => {
      const explained = await withFile(homeOf(self), path, options, (file) =>
        explainPipeline(file, options.optimized === true),
      );
      if (options.json) printJson({ stages: explained.stages, optimized: explained.optimized });
      else print(explained.text);
    });
  addFileCommand(command, 'plan', 'check a file and plan its pipeline; runs nothing')
    .option('--dry-run', 'also read up to 10,000 rows and estimate what a run would read and write')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt pipeline plan --dry-run nightly.yaml')
    .action(async (path: string, options: PipelineCommandOptions, self: Command) => {
      const plan = await withFile(homeOf(self), path, options, (file) =>
        describePipelinePlan(file, options.dryRun === true),
      );
      if (options.json) printJson(plan);
      else print(plan.text);
    });
  addList(command);
}

function addFileCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument('<file>', 'the pipeline, in YAML: docs/pipeline.md')
    .option('--set <name=value>', 'value of a variable of the file (repeatable)', parseVariable, {})
    .option('--json', 'print JSON');
}

function addList(parent: Command): void {
  parent
    .command('list')
    .description('list the sources, transforms and sinks there are, or one of them with its options')
    .argument('[name]', 'only parts of this name, with their options')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt pipeline list csv')
    .action(async (name: string | undefined, options: PipelineCommandOptions, self: Command) => {
      await using parts = createHomeRegistry(homeOf(self));
      const found = parts.registry.parts.filter(({ entry }) => name === undefined || entry.name === name);
      if (name !== undefined && found.length === 0) parts.registry.find('source', name);
      if (options.json) printJson(found.map(describePart));
      else print(renderParts(found, name !== undefined));
    });
}

/** Without its functions. */
function describePart({ kind, from, entry }: RegisteredPart): object {
  const { name, about, options, required = [], sources = {} } = entry;
  return { kind, from, name, about, options, required, sources };
}

/** `name=value`; the value stays a text until its option says what it is. */
function parseVariable(
  text: string,
  previous: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It must be name=value.');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

/** What is found goes into the run that follows. */
async function tuneFirst(
  path: string,
  { set, maxBytes }: PipelineCommandOptions,
  home: Home,
): Promise<TunedPipeline> {
  // Late: no other command tunes anything.
  const [{ tunePipeline }, { describeConfiguration }] = await Promise.all([
    import('../pipelines/tune-pipeline.ts'),
    import('../../steer/index.ts'),
  ]);
  using stop = abortOnSignals();
  return tunePipeline(path, {
    home,
    variables: set,
    signal: stop.signal,
    ...(maxBytes !== undefined && { maxBytes }),
    onTrial: ({ configuration, rowsPerSecond }) =>
      tell(
        `  ${Math.round(rowsPerSecond).toLocaleString('en')} rows/s with ${describeConfiguration(configuration)}`,
      ),
  });
}

async function withFile<T>(
  home: Home,
  path: string,
  { set, settings = {} }: PipelineCommandOptions & { readonly settings?: PipelineFileSettings },
  act: (file: PipelineFile) => Promise<T>,
): Promise<T> {
  await using parts = createHomeRegistry(home);
  const file = await openPipelineFile(path, { registry: parts.registry, variables: set, settings });
  try {
    return await act(file);
  } catch (error) {
    throw file.locate(error);
  }
}

function renderReport({ file, seconds, rowsIn, rowsOut, stages, notes }: PipelineReport): string {
  const lost = stages.filter(({ skippedRows, deadRows }) => skippedRows + deadRows > 0);
  return [
    `${file}: done in ${formatSeconds(seconds)}${describeRows(rowsIn, rowsOut)}`,
    ...lost.map(
      ({ name, skippedRows, deadRows }) => `  ${name}: ${skippedRows} rows skipped, ${deadRows} dead`,
    ),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

/** Plans do not count what they read: only what the parts of a history say is known. */
function describeRows(rowsIn: number, rowsOut: number): string {
  if (rowsIn === 0 && rowsOut === 0) return '';
  return `, ${rowsIn.toLocaleString('en')} rows in, ${rowsOut.toLocaleString('en')} out`;
}
