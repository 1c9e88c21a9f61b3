// The command lines of the documents: what a reader would copy into a shell, from fenced blocks.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** One line as a reader copies it. */
export interface CommandLine {
  /** Below the repository's root. */
  readonly file: string;
  readonly lineNumber: number;
  /** Without prompt and comment. */
  readonly text: string;
  /** What stood before the `$`: a host's name. */
  readonly prompt: string;
}

/** Every document with command lines. */
export const documents = [
  'README.md',
  'CONTRIBUTING.md',
  join('python', 'README.md'),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join('docs', name)),
];

/** Command lines of a document: of blocks in a shell's language, and of lines with a prompt in blocks without one. */
export function readCommandLines(file: string): CommandLine[] {
  return parseCommandLines(readFileSync(join(root, file), 'utf8')).map((line) => ({ file, ...line }));
}

/** @param markdown text of a document */
export function parseCommandLines(markdown: string): Omit<CommandLine, 'file'>[] {
  let language: string | null = null;
  return markdown.split('\n').flatMap((raw, i) => {
    if (raw.startsWith('```')) {
      language = language === null ? raw.slice(3).trim() : null;
      return [];
    }
    const [, prompt, prompted] = /^([\w ]*)\$ (.*)$/.exec(raw) ?? [];
    const isShell = language === 'bash' || language === 'sh';
    const command = isShell ? (prompted ?? raw) : language === '' ? prompted : undefined;
    const text = stripComment(command ?? '');
    return text === '' ? [] : [{ lineNumber: i + 1, text, prompt: prompt ?? '' }];
  });
}

/** A `#` after white space, outside of quotes. */
function stripComment(line: string): string {
  const end = /^(?:'[^']*'|"[^"]*"|[^'"\s#]|\s+(?!#|\s)|(?<=\S)#)*/.exec(line)![0];
  return end.trim();
}

/** The words of a line without pipes, expansions and redirections but a leading `NAME=value`. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

/** Arguments of `ruvector-memopt`, with or without `npx`; null for another program's line. */
export function argumentsOf(text: string): string[] | null {
  const words = splitWords(text);
  const at = words[0] === 'npx' ? 1 : 0;
  return words[at] === 'ruvector-memopt' ? words.slice(at + 1) : null;
}
