import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  addTableOptions,
  givenFlags,
  onlyIn,
  pickOptions,
} from '../../../../src/app/commands/table-options.ts';
import { exportOptions, trainingOptions } from '../../../../src/export/options/index.ts';
import { streamOptions } from '../../../../src/stream/index.ts';

function parse(args: readonly string[]): Record<string, unknown> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addTableOptions(command, exportOptions);
  addTableOptions(command, onlyIn(trainingOptions, exportOptions));
  addTableOptions(command, { filters: streamOptions.filters }, { repeatable: ['filters'] });
  return command.parse(args, { from: 'user' }).opts();
}

describe('addTableOptions()', () => {
  it('parses each option by its type, and pickOptions() gives it back under its own name', () => {
    const given = parse([
      '--k',
      '7',
      '--sample-interval',
      '10s',
      '--tables',
      'memory,process',
      '--split',
      '0.5',
    ]);
    expect(pickOptions(exportOptions, given)).toEqual({
      anonymize: true,
      k: 7,
      sampleIntervalMs: 10_000,
      tables: ['memory', 'process'],
    });
    expect(pickOptions(trainingOptions, given)).toEqual({ anonymize: true, trainTestSplit: 0.5 });
  });

  it('keeps a repeatable option whole, commas and all', () => {
    const given = parse(['--filter', 'name=="a,b"', '--filter', 'used_percent>90']);
    expect(pickOptions({ filters: streamOptions.filters }, given)).toEqual({
      filters: ['name=="a,b"', 'used_percent>90'],
    });
  });

  it('refuses text that is no value of the type', () => {
    expect(() => parse(['--k', 'many'])).toThrow(/It must be a number/);
    expect(() => parse(['--sample-interval', 'often'])).toThrow(/It must be a duration/);
    expect(() => parse(['--tables', 'memory,'])).toThrow(/It must be names/);
  });

  it('says in --help what an option means, its default, and how a time is written', () => {
    const command = new Command();
    addTableOptions(command, exportOptions, { prefix: 'history: ' });
    const help = command.helpInformation().replaceAll(/\s+/g, ' ');
    expect(help).toContain('--k <n> history: rows that must look alike');
    expect(help).toContain('when anonymised (default: 5)');
    expect(help).toContain('(default: every sample; example: 10s)');
    for (const { about } of Object.values(exportOptions)) expect(help).toContain(about.replaceAll('`', ''));
  });
});

describe('givenFlags()', () => {
  it('names the flags that were given, in the order of the table', () => {
    const given = parse(['--split', '0.5', '--time-precision', '1d']);
    expect(givenFlags(exportOptions, given)).toEqual(['--anonymize', '--time-precision']);
    expect(givenFlags(onlyIn(trainingOptions, exportOptions), given)).toEqual(['--split']);
  });
});
