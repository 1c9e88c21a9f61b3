import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { parsePythonArgs } from '../../../kernel/runtime/python/python-args.ts';
import { parseCellMagic, replaceLineMagics } from '../../../kernel/runtime/magics/magic-syntax.ts';
import { formatMs, roundUp } from '../../../kernel/runtime/magics/magic-timing.ts';
import { interpolateCommand, interpolateText } from '../../../kernel/runtime/magics/interpolate.ts';
import type { Names } from '../../../kernel/runtime/magics/interpolate.ts';
import { listNearMagics, renderMagics } from '../../../kernel/runtime/magics/magic-list.ts';

const replace = (code: string, ...names: string[]): string =>
  replaceLineMagics(code, (word) => names.includes(word));

describe('parseCellMagic()', () => {
  it('keeps the line numbers of the rest when the first line is a magic', () => {
    expect(parseCellMagic('%%python -i a\nprint(1)')).toEqual({
      name: 'python',
      args: '-i a',
      body: '\nprint(1)',
    });
    expect(parseCellMagic('\n%%time\n1')).toEqual({ name: 'time', args: '', body: '\n\n1' });
  });

  it('finds none when the cell is TypeScript or the magic of a line', () => {
    expect(parseCellMagic('const a = 5 %% 2')).toBeNull();
    expect(parseCellMagic('%time 1')).toBeNull();
  });
});

describe('replaceLineMagics()', () => {
  it('calls magics on their lines when they begin a statement', () => {
    expect(replace('const a = 1\n%cd ..\n!ls -l | head\na')).toBe(
      'const a = 1\nawait $magic("cd", "..");\nawait $magic("sh", "ls -l | head");\na',
    );
    expect(replace('const out = %sx ls "*.ts"')).toBe('const out = await $magic("sx", "ls \\"*.ts\\"");');
  });

  it.each([
    '`\n%cd\n!ls\n`',
    '/*\n!ls\n*/',
    'f(\n!ok\n)',
    'const r = /[`"]/\nconst t = `${[\n!a\n]}`',
    'const bad = !ls',
    '!(1 > 2)',
    '!!x',
    '!this.a',
    '5\n  % two',
    'let ready = 1\n!ready',
  ])('leaves TypeScript as it is when the cell is %j', (code) => {
    expect(replace(code)).toBe(code);
  });

  it('negates a name when the notebook has it and runs a command when not', () => {
    expect(replace('!done', 'done')).toBe('!done');
    expect(replace('!done')).toBe('await $magic("sh", "done");');
    expect(replace('!ls a.txt; echo $?', 'ls')).toBe('await $magic("sh", "ls a.txt; echo $?");');
    expect(replace('const cat = 1\n!cat "notes.txt"')).toContain('await $magic("sh"');
    for (const own of ['!ok in x', '!ok instanceof X', '!ok as boolean', '!ok - 1', '!ok\t/ 2', '!ok `t`'])
      expect(replace(own, 'ok')).toBe(own);
    for (const own of ['!await ready', '!new Date()', '!typeof a', '!~[].indexOf(1)', '!~"ab".indexOf("b")'])
      expect(replace(own)).toBe(own);
    expect(replace('!~/bin/tool -v')).toBe('await $magic("sh", "~/bin/tool -v");');
    expect(replace("!echo don't\n!ls")).toBe('await $magic("sh", "echo don\'t");\nawait $magic("sh", "ls");');
  });

  it('sees a magic behind brackets that closed and a regular expression with quotes', () => {
    expect(replace('f({\n a: [1]\n})\n!ls')).toContain('$magic("sh", "ls")');
    expect(replace('const r = /[`(]/g\n!ls')).toContain('$magic("sh", "ls")');
    expect(replace('const s = `a${b}c`\n!ls')).toContain('$magic("sh", "ls")');
  });

  it.each([
    'const { ok, a: [deep = 1], ...rest } = x\n!ok',
    'const { a: ok } = x\n!ok && f()',
    'const [first, ok] = x;\n!ok',
    'import ok from "x"\n!ok',
    'import { a as ok } from "x"\n!ok.b',
    'import * as ok from "x"\n!ok',
    'for (var ok of xs) {}\n!ok',
    'enum ok { A }\n!ok.A',
    'export async function ok() {}\n!ok()',
    '!/^a"/.test(s)',
    'const later =\n!ls',
    'f(1) &&\n!ls',
    "const t = `\n// it's\n!ls\n`",
    'const r = `${`//\n!a`}`',
    'const s = "a\\\n!ls"',
    'x = /[`]/.test(`\n!ls\n`)',
  ])('leaves TypeScript as it is when names are taken apart or a literal is open: %j', (code) => {
    expect(replace(code)).toBe(code);
    expect(replace(code.replaceAll('\n', '\r\n'))).toBe(code.replaceAll('\n', '\r\n'));
  });

  it.each([
    'const url = `http://x/${a}`',
    "const text = `it's`",
    'const t = `a // b\n`',
    "const r = /it's/g",
    'if (a) /["(`]/.test(b)',
    'const n = a / b / c',
    'const r = x.replace(/\\//g, `//`)',
    'const { a, b } = c // "quoted',
    "/* it's `one */",
    'type M = Map<string, Array<number>>',
    'let i = 1; i++',
    'a = b ? "x" : \'y\'',
    'const s = "it\'s"',
    'const c = [/a/, "/*"]',
    'return_ = `${f({ a: `}` })}`',
    'const { execSync } = await import("x") // ls',
  ])('sees a magic on the line after %j', (line) => {
    for (const end of ['\n', '\r\n']) {
      expect(replace(`${line}${end}!ls -l${end}1`)).toBe(`${line}${end}await $magic("sh", "ls -l");${end}1`);
      expect(replace(`${line}${end}%cd x${end}`)).toBe(`${line}${end}await $magic("cd", "x");${end}`);
    }
  });

  it('gives the value of a magic to names that are typed or taken apart', () => {
    expect(replace('const [first, ...rest] = %sx ls')).toBe(
      'const [first, ...rest] = await $magic("sx", "ls");',
    );
    expect(replace('let lines: string[] = %sx ls')).toBe('let lines: string[] = await $magic("sx", "ls");');
    expect(replace('const { length } = %sx a=b')).toBe('const { length } = await $magic("sx", "a=b");');
  });

  it('keeps the number of lines whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (lines) => {
        const code = lines.map((line) => `%sh ${line.replaceAll('\n', ' ')}`).join('\n');
        expect(replace(code).split('\n')).toHaveLength(code.split('\n').length);
      }),
    );
  });
});

describe('parsePythonArgs()', () => {
  it('reads names by comma and by repeated options', () => {
    expect(parsePythonArgs('-i a,b -o c --input d')).toEqual({ inputs: ['a', 'b', 'd'], outputs: ['c'] });
    expect(parsePythonArgs('')).toEqual({ inputs: [], outputs: [] });
  });

  it.each(['-x', '-i', '-i 1a', 'word'])('says how it is written when the words are %j', (words) => {
    expect(() => parsePythonArgs(words)).toThrow('[-i name,name…]');
  });
});

describe('interpolateCommand()', () => {
  const values: Record<string, unknown> = { dir: "a 'b'", files: ['x.ts', 'y z'], n: 3, 'o.list[1]': 5 };
  const names: Names = { has: (name) => name in values || name === 'o', read: async (path) => values[path] };
  const run = (command: string): Promise<string> => interpolateCommand(command, names);

  it('puts quoted values in the place of names of the notebook and of their properties', async () => {
    const quoted = "ls 'a '\\''b'\\''' x.ts 'y z' -n 3";
    expect(await run('ls $dir $files -n $n')).toBe(quoted);
    expect(await run('ls {dir} {files} -n {n}')).toBe(quoted);
    expect(await run('echo {o.list[1]}')).toBe('echo 5');
  });

  it('escapes values for the quotes they stand in', async () => {
    values['odd'] = 'a"$b`\\';
    expect(await run('echo "$dir {odd}"')).toBe('echo "a \'b\' a\\"\\$b\\`\\\\"');
    expect(await run(`echo '$n {n}' "it's {n}"`)).toBe(`echo '$n {n}' "it's 3"`);
  });

  it('leaves other names, braces of the shell and escapes to the shell', async () => {
    const command = "echo $HOME ${n} \\$n $$n a{b,n} {print} \\' $n0 | awk '{n}'";
    expect(await run(command)).toBe(command);
  });

  it('gives text as it is in interpolateText()', async () => {
    expect(await interpolateText('$dir/{files}:$HOME', names)).toBe("a 'b'/x.ts y z:$HOME");
  });
});

describe('magic lists', () => {
  it('listNearMagics() finds what was meant', () => {
    expect(listNearMagics('%timit').near).toContain('%timeit');
    expect(listNearMagics('%%pyton').near).toEqual(['%%python']);
    expect(listNearMagics('%whos').near).toContain('%who');
    expect(listNearMagics('%something').near).toEqual([]);
  });

  it('renderMagics() tells of one magic when it is named, of all when not', () => {
    expect(renderMagics('%install')).toMatch(/^%install package… .*\n$/);
    expect(renderMagics().split('\n').length).toBeGreaterThan(10);
  });
});

describe('timing', () => {
  it('formatMs() picks the unit and roundUp() the next 1, 2 or 5', () => {
    expect([1500, 2, 0.5, 2e-6].map(formatMs)).toEqual(['1.50 s', '2.00 ms', '500 µs', '2.00 ns']);
    expect([1, 3, 7, 120, 500].map(roundUp)).toEqual([1, 5, 10, 200, 500]);
  });
});
