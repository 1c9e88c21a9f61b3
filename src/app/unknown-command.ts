// A word that stands where a command belongs and is none. Commander says so of a command without an action of its own;
// beside `help` and `--help` it shows the whole help, and `samples` and `publish`, which do something by themselves, take
// the word for one too many or for a path.
import { existsSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { findNearest } from '../core/index.ts';

/**
 * Refuses the first such word, as commander refuses one.
 * @param words of the command line, without node and script
 * @throws CommanderError by the command that the word was said to
 */
export function refuseUnknownCommand(program: Command, words: readonly string[]): void {
  const found = findUnknown(program, words);
  if (found === null) return;
  const nearest = findNearest(found.word, namesOf(found.at));
  const hint = nearest === null ? '' : `\n(Did you mean ${nearest}?)`;
  found.at.error(`error: unknown command '${found.word}'${hint}`, { code: 'commander.unknownCommand' });
}

function findUnknown(program: Command, words: readonly string[]): { at: Command; word: string } | null {
  let at = program;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word.startsWith('-')) {
      if (findOption(at, word)?.required) i++;
      continue;
    }
    const next = at.commands.find((command) => command.name() === word);
    // Every command with commands of its own has that one.
    if (next === undefined && word === 'help' && at.commands.length > 0) continue;
    if (next === undefined) return at.commands.length > 0 && isMeant(at, word) ? { at, word } : null;
    at = next;
  }
  return null;
}

/** What a command takes besides its own commands, such as a path, is one that is there or that no command is like. */
const isMeant = (at: Command, word: string): boolean =>
  at.registeredArguments.length === 0 || (findNearest(word, namesOf(at)) !== null && !existsSync(word));

const namesOf = (at: Command): string[] => at.commands.map((command) => command.name());

/** Options are known to a command and to those above it. */
function findOption(at: Command | null, word: string): Option | undefined {
  if (at === null) return undefined;
  return at.options.find(({ long, short }) => word === long || word === short) ?? findOption(at.parent, word);
}
