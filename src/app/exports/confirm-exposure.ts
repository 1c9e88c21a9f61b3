// Asks before anything leaves without anonymisation: says which columns would be exposed, then wants a
// yes on the terminal or `--yes` elsewhere.
import { createInterface } from 'node:readline/promises';
import type { Exposure } from '../../export/index.ts';
import { notConfirmedError } from '../errors.ts';

const roleTexts = {
  identifier: 'names one thing for good',
  'quasi-identifier': 'exact, singles out together with others',
  'free-text': 'may hold anything, also paths and names',
} as const;

/** What would be exposed, a line a column. */
export function renderExposure(exposures: readonly Exposure[]): string {
  const lines = exposures.flatMap(({ table, columns }) =>
    columns.map(({ name, role, what }) => `  ${table}.${name} (${what}): ${roleTexts[role]}`),
  );
  return `Without anonymisation these columns leave as they are:\n${lines.join('\n')}`;
}

/**
 * Resolves when the user agreed.
 * @param isAgreed the user said so already (`--yes`)
 * @throws RuvectorError `ERR_APP_NOT_CONFIRMED`
 */
export async function confirmExposure(exposures: readonly Exposure[], isAgreed: boolean): Promise<void> {
  const text = renderExposure(exposures);
  process.stderr.write(`${text}\n`);
  if (isAgreed) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw notConfirmedError('there is no terminal to ask on');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Go on? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw notConfirmedError('the answer was no');
  } finally {
    terminal.close();
  }
}
