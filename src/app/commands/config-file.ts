// The configuration file of `serve`: YAML, each key a flag without its dashes, so that whatever `serve` takes can stand
// in it and is checked by the same parser. What the command line says wins over it. read-config-file.ts reads it.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isRuvectorError } from '../../core/index.ts';
import { configError } from '../errors.ts';

/** In the home, where it is found by itself. */
export const CONFIG_FILE_NAME = 'ruvector-memopt.yaml';

/** Other names somebody may give it: one is read all the same, one is refused rather than passed over in silence. */
const lookedFor = ['ruvector-memopt.yml', 'ruvector-memopt.toml'];

/** What a file gave. */
export interface ConfigFile {
  readonly path: string;
  /** Line of each value that is used, by the option's attribute. */
  readonly lines: ReadonlyMap<string, number>;
}

/** The file that was named, else the one in the home, else none. */
export function findConfigFile(named: string | undefined, home: string): string | null {
  if (named !== undefined) return resolve(named);
  const paths = [CONFIG_FILE_NAME, ...lookedFor].map((name) => join(home, name));
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * Does all, and tells the mistakes of all in one report: each by its flag, or by its line in the file.
 * @param attributeOf the option that a configuration's key comes from
 */
export function tellTogether<T extends readonly unknown[]>(
  file: ConfigFile | null,
  attributeOf: Readonly<Record<string, string>>,
  ...acts: { readonly [K in keyof T]: () => T[K] }
): T {
  const problems: string[] = [];
  const done = acts.map((act) => {
    try {
      return act();
    } catch (error) {
      if (!isRuvectorError(error, 'ERR_APP_CONFIG')) throw error;
      problems.push(...(error.details['problems'] as readonly string[]));
      return undefined;
    }
  });
  if (problems.length > 0) throw configError(problems.map((text) => tellPlace(file, attributeOf, text)));
  return done as unknown as T;
}

/** Mistakes begin with a flag, or with a key of the configuration. */
function tellPlace(
  file: ConfigFile | null,
  attributeOf: Readonly<Record<string, string>>,
  text: string,
): string {
  const [start = '', dashes = '', name = ''] = /^(--)?([\w-]+)/.exec(text) ?? [];
  const attribute = dashes === '' ? (attributeOf[name] ?? name) : toAttribute(name);
  const key = attribute.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const rest = text.slice(start.length);
  const line = file?.lines.get(attribute);
  return line === undefined ? `--${key}${rest}` : `${file!.path}:${line}: ${key}${rest}`;
}

const toAttribute = (flag: string): string =>
  flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
