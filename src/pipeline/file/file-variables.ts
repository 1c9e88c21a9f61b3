// `${name}` and `${name:-otherwise}` in a pipeline file. `$${name}` stays as `${name}`.

/** Where values come from, the first that has one. */
export interface Variables {
  /** Of the command line. */
  readonly given: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the file's own `variables`. */
  readonly defaults: Readonly<Record<string, string>>;
}

/** A text with its variables filled in. */
export interface FilledText {
  readonly text: string;
  readonly isFilled: boolean;
  /** Names that have no value. */
  readonly missing: readonly string[];
}

const pattern = /\$?\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/** Fills in variables. */
export function fillVariables(text: string, { given, environment, defaults }: Variables): FilledText {
  const missing: string[] = [];
  let isFilled = false;
  const filled = text.replaceAll(pattern, (whole, name: string, otherwise: string | undefined) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    isFilled = true;
    const value = given[name] ?? environment[name] ?? defaults[name] ?? otherwise;
    if (value === undefined) missing.push(name);
    return value ?? '';
  });
  return { text: filled, isFilled, missing };
}
