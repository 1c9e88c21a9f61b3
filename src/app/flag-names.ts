// Mistakes in options as the command line spells them. Options are checked by the room that uses them, under the names
// of its table (`start`, `trainTestSplit`) or of the wire (`train_test_split`); who typed `--from` knows neither.
import type { Command } from 'commander';
import { toWireName } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import { tableNameOf } from './commands/table-options.ts';

/**
 * The text of an error with the flags of the command that failed.
 * @param command null where none ran
 */
export function nameFlags({ message, details }: RuvectorError, command: Command | null): string {
  const { problems } = details;
  if (command === null || !Array.isArray(problems)) return message;
  const flags = flagsOf(command);
  const texts = problems.filter((problem): problem is string => typeof problem === 'string');
  return texts.reduce((text, problem) => text.replace(problem, () => nameFlag(problem, flags)), message);
}

/** A name at the beginning is what the mistake is about; one at the end is what it was held against. */
function nameFlag(problem: string, flags: ReadonlyMap<string, string>): string {
  const spell = (name: string): string => flags.get(name) ?? name;
  return problem
    .replace(
      /^"?(?:[a-z]+\.)?(\w+)"?(?= (?:is|holds|needs|has|must)\b)/,
      (whole, name: string) => flags.get(name) ?? whole,
    )
    .replace(/(?<= (?:before|after|with|without) )\w+$/, spell);
}

function flagsOf(command: Command): ReadonlyMap<string, string> {
  return new Map(
    command.options.flatMap((option) => {
      const name = tableNameOf(option) ?? option.attributeName();
      // What a flag takes in seconds is kept in milliseconds.
      return [name, toWireName(name), `${name}Ms`].map(
        (spelt) => [spelt, option.long ?? option.flags] as const,
      );
    }),
  );
}
