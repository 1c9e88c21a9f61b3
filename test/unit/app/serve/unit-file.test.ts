import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  buildUnitFile,
  findServiceProblems,
  quoteWord,
  serviceFlags,
} from '../../../../src/app/serve/unit-file.ts';

describe('buildUnitFile()', () => {
  it('starts this executable with the given flags, quoting what systemd would read otherwise', () => {
    const unit = buildUnitFile({
      command: [
        '/opt/my $node/bin/node',
        '/opt/memopt.mjs',
        '--home',
        '/data/50%',
        'serve',
        '--name',
        'a $b "c"',
      ],
      home: '/data/50%',
      environment: { RUVECTOR_PYTHON: '/opt/$py thon' },
    });
    expect(unit).toContain(
      String.raw`ExecStart="/opt/my $node/bin/node" /opt/memopt.mjs --home /data/50%% serve --name "a $$b \"c\""` +
        '\n',
    );
    expect(unit).toContain('Environment="RUVECTOR_PYTHON=/opt/$py thon"\n');
    expect(unit).toContain('RequiresMountsFor=/data\n');
    expect(unit).toMatch(/^RestartPreventExitStatus=2 3$/m);
    expect(unit).not.toContain('ExecReload');
  });

  it('lets a service write a home in a protected folder, and opens a log again', () => {
    const command = ['/usr/bin/node'];
    const unit = buildUnitFile({ command, home: '/usr/local/my home', hasLogFile: true });
    expect(unit).toContain('ReadWritePaths=-"/usr/local/my home"\n');
    expect(unit).toContain('ExecReload=/bin/kill -HUP $MAINPID\n');
  });
});

describe('quoteWord()', () => {
  it.each([
    ['plain-word_1.5', 'plain-word_1.5'],
    ['', '""'],
    ['a b', '"a b"'],
    ['%h', '%%h'],
    ['a\nb\t', String.raw`"a\x0ab\x09"`],
    [String.raw`back\slash`, String.raw`"back\\slash"`],
    [`it's`, `"it's"`],
    ['größe', '"größe"'],
    [';', '";"'],
  ])('writes %j as systemd reads it', (word, wanted) => {
    expect(quoteWord(word)).toBe(wanted);
  });
});

describe('serviceFlags()', () => {
  const flagsOf = (...words: string[]): string[] => serviceFlags(['node', 'memopt', ...words]);

  it('leaves out the home and what only this call means', () => {
    expect(flagsOf('--home', 'serve', 'serve', '--print-unit', '--hz', '2')).toEqual(['--hz', '2']);
    expect(flagsOf('serve', '--home', 'x', '--hz', '2', '--home=y')).toEqual(['--hz', '2']);
  });

  it('makes the path of the log absolute', () => {
    expect(flagsOf('serve', '--log-file', 'a', '--act')).toEqual(['--log-file', resolve('a'), '--act']);
    expect(flagsOf('serve', '--log-file=a=b')).toEqual([`--log-file=${resolve('a=b')}`]);
  });
});

describe('findServiceProblems()', () => {
  it('refuses a pid, which a restart gives to another process, and names the process instead', () => {
    const [problem] = findServiceProblems([process.pid], false);
    expect(problem).toMatch(
      /--pid \d+, which is ".+" now, may name another process after a restart: use --name /,
    );
    expect(findServiceProblems([2 ** 22 + 1], false)[0]).toContain('which no process has now');
  });

  it('refuses to end with a standard input that a service has not', () => {
    expect(findServiceProblems([], true)).toHaveLength(1);
    expect(findServiceProblems([], false)).toEqual([]);
  });
});
