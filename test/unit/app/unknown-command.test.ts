import { Command } from 'commander';
import type { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { addKeys } from '../../../src/app/commands/keys.ts';
import { addModels } from '../../../src/app/commands/models.ts';
import { addPublish } from '../../../src/app/commands/publish.ts';
import { addSamples } from '../../../src/app/commands/samples.ts';
import { refuseUnknownCommand } from '../../../src/app/unknown-command.ts';

/** Of commands as they are: with commands of their own, with an action beside those, and with an argument beside those. */
function refusalOf(line: string): string | null {
  const program = new Command('ruvector-memopt').option('--home <directory>').option('--verbose');
  for (const add of [addKeys, addModels, addPublish, addSamples]) add(program);
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    for (const one of command.commands) silence(one);
  };
  silence(program);
  try {
    refuseUnknownCommand(program, line.split(' '));
    return null;
  } catch (error) {
    expect((error as CommanderError).exitCode).toBe(1);
    return (error as CommanderError).message;
  }
}

it.each([
  ['modles', 'modles', 'models'],
  ['help modles', 'modles', 'models'],
  ['modles --help', 'modles', 'models'],
  ['--home /x modles', 'modles', 'models'],
  ['models --verbose lst', 'lst', 'list'],
  ['models lst --help', 'lst', 'list'],
  ['help models lst', 'lst', 'list'],
  ['models help shw', 'shw', 'show'],
  ['samples improt file.json', 'improt', 'import'],
  ['publish verfy', 'verfy', 'verify'],
  ['keys nothing-like-it', 'nothing-like-it', null],
])('refuseUnknownCommand() refuses %s', (line, word, nearest) => {
  const hint = nearest === null ? '' : `\n(Did you mean ${nearest}?)`;
  expect(refusalOf(line)).toBe(`error: unknown command '${word}'${hint}`);
});

it.each([
  'models list',
  '--home help models list',
  'help',
  'models help show',
  'publish training/ --target verfy',
  'publish package.json',
  'samples',
  'samples import improt',
  'keys allow laptop alow',
])('refuseUnknownCommand() lets %s through', (line) => {
  expect(refusalOf(line)).toBeNull();
});
