// How command lines are found in a document.
import { expect, it } from 'vitest';
import { argumentsOf, parseCommandLines } from '../../support/docs/command-lines.ts';

it('parseCommandLines() takes lines of shell blocks and of prompts, without their comments', () => {
  const markdown = [
    'Text with `npm test`.',
    '```bash',
    'npx ruvector-memopt decide     # one decision',
    "curl 'http://a/#b'   # not a comment inside quotes",
    '',
    '```',
    '```',
    'host a$ ruvector-memopt dag sync run',
    'what it prints',
    '```',
    '```ts',
    'const price = "$ 5"; // no shell',
    '```',
  ].join('\n');
  expect(parseCommandLines(markdown)).toEqual([
    { lineNumber: 3, text: 'npx ruvector-memopt decide', prompt: '' },
    { lineNumber: 4, text: "curl 'http://a/#b'", prompt: '' },
    { lineNumber: 8, text: 'ruvector-memopt dag sync run', prompt: 'host a' },
  ]);
});

it('argumentsOf() gives the words behind the product, with npx or without', () => {
  expect(argumentsOf("npx ruvector-memopt serve --stream 'ws://a?b=c'")).toEqual([
    'serve',
    '--stream',
    'ws://a?b=c',
  ]);
  expect(argumentsOf('ruvector-memopt doctor')).toEqual(['doctor']);
  expect(argumentsOf('npm test')).toBeNull();
});
