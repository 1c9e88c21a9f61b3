// Values of the notebook in the text of a magic: `$name`, and `{name}` or `{name.property[0]}`. Other names, `${name}`,
// `\$name` and what single quotes hold are left to the shell.
import { Array, JSON, RegExp, String } from '../primordials.ts';

/** The names there are and their values. */
export interface Names {
  has(name: string): boolean;
  /** Value of a name or of a property below it. */
  read(path: string): Promise<unknown>;
}

const PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_$][\w$]*|\[\d+\])*/.source.slice(1);
const TOKEN = new RegExp(
  `\\\\[^]|\\$\\$|\\$\\{[^}]*\\}?|'|"|\\$(?<dollar>[A-Za-z_]\\w*)|\\{(?<brace>${PATH})\\}`,
  'g',
);

/** A command of the shell with values as its words; an array becomes several, inside double quotes one. */
export function interpolateCommand(command: string, names: Names): Promise<string> {
  let quote = '';
  return replaceTokens(command, async (token, path) => {
    if (quote === "'" || token === "'" || token === '"') {
      if (quote === '') quote = token;
      else if (token === quote) quote = '';
      return token;
    }
    if (path === undefined || !names.has(path.split(/[.[]/)[0]!)) return token;
    const value = await names.read(path);
    return quote === '"' ? writtenOut(value).replace(/[\\"$`]/g, '\\$&') : shellWordsOf(value);
  });
}

/** Text with values as they are. */
export function interpolateText(text: string, names: Names): Promise<string> {
  return replaceTokens(text, async (token, path) =>
    path !== undefined && names.has(path.split(/[.[]/)[0]!) ? writtenOut(await names.read(path)) : token,
  );
}

async function replaceTokens(
  text: string,
  replace: (token: string, path: string | undefined) => Promise<string>,
): Promise<string> {
  const parts: string[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const path = match.groups!['dollar'] ?? match.groups!['brace'];
    parts.push(text.slice(at, match.index), await replace(match[0], path));
    at = match.index + match[0].length;
  }
  return parts.join('') + text.slice(at);
}

function writtenOut(value: unknown): string {
  if (Array.isArray(value)) return value.map(writtenOut).join(' ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function shellWordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(shellWordsOf).join(' ');
  const text = writtenOut(value);
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
