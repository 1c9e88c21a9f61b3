// `completion`: real shells complete commands, flags and values by the scripts it prints.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');
let folder = '';
let env: NodeJS.ProcessEnv = {};

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { env, encoding: 'utf8', timeout: 60_000 });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-completion-'));
  const program = join(folder, 'ruvector-memopt');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  chmodSync(program, 0o755);
  env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
};

const cases: [words: string[], expected: string[]][] = [
  [['mode'], ['models']],
  [
    ['models', 'r'],
    ['remove', 'repair', 'rollback'],
  ],
  [['serve', '--sta'], ['--stall-budget']],
  [
    ['serve', '--goal', ''],
    ['relieve', 'save'],
  ],
  [['export', '--format', 'p'], ['parquet']],
];

describe('addCompletion()', () => {
  it('bash completes by it, without the package bash-completion, sourced twice', () => {
    const script = join(folder, 'c.bash');
    writeFileSync(script, run('ruvector-memopt', 'completion', 'bash'));
    const tries = cases.map(([words]) => {
      const quoted = ['ruvector-memopt', ...words].map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; COMPREPLY=(); __ruvector_memopt_complete 2>/dev/null; (IFS=,; echo "\${COMPREPLY[*]}")`;
    });
    const lines = run('bash', '--norc', '-c', `source ${script}; source ${script}\n${tries.join('\n')}`);
    const found = lines
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',').sort());
    expect(found).toEqual(cases.map(([, expected]) => expected));
  });

  it.skipIf(!has('fish'))('fish completes by it', () => {
    const script = join(folder, 'c.fish');
    writeFileSync(script, run('ruvector-memopt', 'completion', 'fish'));
    for (const [words, expected] of cases) {
      const shown = run('fish', '-c', `source ${script}; complete -C'ruvector-memopt ${words.join(' ')}'`);
      expect(
        shown
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')[0]),
      ).toEqual(expect.arrayContaining(expected));
    }
  });

  it.skipIf(!has('zsh'))('zsh completes by it', () => {
    writeFileSync(join(folder, '_ruvector-memopt'), run('ruvector-memopt', 'completion', 'zsh'));
    const typed = [
      'zmodload zsh/zpty; zpty z zsh -f -i',
      `zpty -w z 'PS1=; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${folder}/_ruvector-memopt; echo REA""DY'`,
      "zpty -r -m z out '*READY*'",
      String.raw`zpty -w -n z $'ruvector-memopt models roll\t'`,
      "zpty -r -m z out '*rollback*' && print -r -- done",
    ];
    expect(run('zsh', '-f', '-c', typed.join('\n'))).toContain('done');
  });

  it('leaves paths to the shell', () => {
    expect(run('ruvector-memopt', 'complete', '--', 'export', '--output', '')).toBe(':0\n');
  });

  it('refuses a shell that it does not know, and names those it does', () => {
    expect(() => run('ruvector-memopt', 'completion', 'tcsh')).toThrow(/zsh, bash, fish/);
  });
});
