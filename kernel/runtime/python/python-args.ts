// The words behind `%%python`: `-i a,b` takes names of the notebook, `-o c` gives names to it.
import { parseArgs } from 'node:util';
import { UsageError } from '../foreign-error.ts';
import type { PythonCellOptions } from './python-cell.ts';
import { Error } from '../primordials.ts';

const USAGE = '%%python [-i name,name…] [-o name,name…]';

/** @throws UsageError */
export function parsePythonArgs(args: string): PythonCellOptions {
  try {
    const { values } = parseArgs({
      args: args.split(/\s+/).filter((word) => word !== ''),
      options: {
        input: { type: 'string', short: 'i', multiple: true },
        output: { type: 'string', short: 'o', multiple: true },
      },
    });
    return { inputs: parseNames(values.input), outputs: parseNames(values.output) };
  } catch (error) {
    // The cause is in the text: its frames would say nothing to a user.
    // oxlint-disable-next-line preserve-caught-error
    throw new UsageError(`Cannot read "%%python ${args}": ${(error as Error).message}; write ${USAGE}`);
  }
}

function parseNames(words: readonly string[] | undefined): string[] {
  const names = (words ?? []).flatMap((word) => word.split(',')).filter((name) => name !== '');
  for (const name of names) {
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) throw new Error(`"${name}" is not a name`);
  }
  return names;
}
