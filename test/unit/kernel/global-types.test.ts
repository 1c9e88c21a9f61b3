import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { globalTypes } from '../../../kernel/language/global-types.ts';

const tslab = join(import.meta.dirname, '../../../kernel/runtime/display/tslab.ts');

/** What stands between the braces behind `head`, without indentation. */
function bodyOf(text: string, head: string): string[] {
  const start = text.indexOf(`${head} {`) + head.length + 2;
  expect(start).toBeGreaterThan(head.length + 2);
  return text
    .slice(start, text.indexOf('}', start))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

it("globalTypes() declares tslab's display as the kernel has it", () => {
  const declared = bodyOf(globalTypes(), 'interface Display');
  expect(declared).toEqual(bodyOf(readFileSync(tslab, 'utf8'), 'export interface TslabDisplay'));
  expect(declared).toHaveLength(11);
});
