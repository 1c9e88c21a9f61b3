// The magics there are, for help and completion: how each is written and what it does. Data only.
import { Array, Math, Object } from '../primordials.ts';

/** Line magics: `%name …`. */
export const lineMagics = {
  cd: ['%cd [folder | -]', 'go to a folder; `-`: the one before; none: home'],
  check: [
    '%check [off | warn | error]',
    'what errors of types do: nothing, a warning below the cell (default), or keep the cell from running',
  ],
  env: ['%env [NAME[=value]]', 'show or set environment variables'],
  help: ['%help [magic]', 'list the magics'],
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

/** The text of %help, for all magics or those of one name. */
export function renderMagics(name = ''): string {
  const all = [
    ...Object.entries(lineMagics),
    ...Object.entries(cellMagics),
    ['!', ['!command', "run a shell command; $name or {name} is the value of a notebook's name"]] as const,
  ];
  const wanted = name.replace(/^%+/, '');
  const named = all.filter(([one]) => one === wanted);
  const entries = (named.length > 0 ? named : all).map(([, entry]) => entry);
  const width = Math.max(...entries.map(([usage]) => usage.length));
  return entries.map(([usage, help]) => `${usage.padEnd(width)}  ${help}\n`).join('');
}

/** The magics as they are written, and those whose names are near to a written one, the nearest first. */
export function listNearMagics(written: string): { near: readonly string[]; all: readonly string[] } {
  const bare = (name: string): string => name.replace(/^%+/, '');
  const all = [
    ...Object.keys(cellMagics).map((one) => `%%${one}`),
    ...Object.keys(lineMagics).map((one) => `%${one}`),
  ];
  const near = all
    .map((name) => ({ name, edits: countEdits(bare(written), bare(name)) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(bare(name).length / 3)))
    .toSorted((a, b) => a.edits - b.edits);
  return { near: near.map(({ name }) => name), all };
}

/** Letters to insert, remove or change between two words (Levenshtein). */
function countEdits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
