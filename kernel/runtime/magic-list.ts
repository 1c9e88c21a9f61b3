// The magics there are, for help and completion: how each is written and what it does. Data only.

/** Line magics: `%name …`. */
export const lineMagics = {
  cd: ['%cd [folder | -]', 'go to a folder; `-`: the one before; none: home'],
  check: [
    '%check [off | warn | error]',
    'what errors of types do: nothing, a warning below the cell (default), or keep the cell from running',
  ],
  env: ['%env [NAME[=value]]', 'show or set environment variables'],
  help: ['%help', 'list the magics'],
  install: ['%install package…', 'npm packages into the project of the working directory'],
  lsmagic: ['%lsmagic', 'list the magics'],
  pip: ['%pip install package…', 'run pip of the Python of %%python cells'],
  reset: ['%reset [python]', 'forget the variables of the notebook, or end its Python'],
  sh: ['%sh command', 'run a shell command, as !command does'],
  sx: ['const lines = %sx command', 'run a shell command and give its lines'],
  time: ['%time code', 'run a line of TypeScript and tell its time'],
  timeit: ['%timeit code', 'run a line many times: mean ± standard deviation of 7 runs'],
  who: ['%who', 'names of the notebook with type and size'],
} as const;

/** Magics of a whole cell: `%%name …` on its first line. */
export const cellMagics = {
  python: ['%%python [-i names] [-o names]', 'run the cell in Python; -i takes values there, -o brings them'],
  time: ['%%time', 'run the cell and tell its time'],
  timeit: ['%%timeit', 'run the cell many times: mean ± standard deviation of 7 runs'],
} as const;

/** The text of %help. */
export function renderMagics(): string {
  const entries = [...Object.values(lineMagics), ...Object.values(cellMagics)];
  const width = Math.max(...entries.map(([usage]) => usage.length));
  const lines = entries.map(([usage, help]) => `${usage.padEnd(width)}  ${help}`);
  const shell = `${'!command'.padEnd(width)}  run a shell command; $name is the value of a notebook's name`;
  return `${[...lines, shell].join('\n')}\n`;
}
