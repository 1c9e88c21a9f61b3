// What a pipeline file says, and every mistake in it with its place.
import { describe, expect, it } from 'vitest';
import { createRegistry, registerBuiltIns } from '../../../src/pipeline/index.ts';
import { readPipelineFile } from '../../../src/pipeline/file/read-pipeline-file.ts';
import type { FileDescription } from '../../../src/pipeline/file/read-pipeline-file.ts';

const read = (text: string, given = {}, environment = {}): Promise<FileDescription> =>
  readPipelineFile(text, {
    registry: createRegistry(registerBuiltIns),
    folder: '/',
    variables: { given, environment },
  });

const problemsOf = async (text: string): Promise<string[]> =>
  (await read(text)).nodes.problems.map(({ line, column, text: mistake }) => `${line}:${column} ${mistake}`);

const ends = `
source: { use: csv, with: { paths: in.csv } }
sink: { use: csv, with: { path: out.csv } }
`;

describe('readPipelineFile()', () => {
  it('reads sources, stages, sinks and settings with their values', async () => {
    const { source, stages, sink, run, nodes } = await read(`
source:
  use: csv
  with: { paths: [a.csv, b.csv], header: false, inferRows: 10 }
stages:
  - use: sample
    name: thin
    with: { time: at, everyMs: 10s }
  - use: cast
    onError: skip
    workers: 2
    with: { types: { pid: Int64, flag: Bool } }
  - use: bin
    with: { column: x, edges: [1, 2.5] }
  - use: fill
    with: { columns: x, value: 0 }
  - use: join
    with: { on: [pid], table: { use: parquet, with: { paths: p.parquet } } }
sink: { use: sqlite-table, with: { path: a.db, table: 2024 } }
run: { budgetMiB: 64, ordered: false }
`);
    expect(nodes.problems).toEqual([]);
    expect(source!.options).toEqual({ paths: ['a.csv', 'b.csv'], header: false, inferRows: 10 });
    expect(stages.map(({ part }) => part.options)).toEqual([
      { time: 'at', everyMs: 10_000 },
      { types: { pid: 'Int64', flag: 'Bool' } },
      { column: 'x', edges: [1, 2.5] },
      { columns: ['x'], value: 0 },
      { on: ['pid'], table: undefined },
    ]);
    expect(stages.map(({ name, workers, onError }) => [name, workers, onError]).slice(0, 2)).toEqual([
      ['thin', undefined, 'fail'],
      [undefined, 2, 'skip'],
    ]);
    expect(stages[4]!.part.sources['table']!.options).toEqual({ paths: ['p.parquet'] });
    expect(sink!.options).toEqual({ path: 'a.db', table: '2024' });
    expect(run).toEqual({ budgetMiB: 64, ordered: false });
  });

  it('fills in variables: given before environment before defaults before otherwise', async () => {
    const text = `
variables: { a: default, b: default, rows: 5 }
source:
  use: csv
  with: { paths: "\${a}-\${b}-\${c:-otherwise}-$\${d}", inferRows: "\${rows}", header: "\${head}" }
stages: [{ use: drop, with: { columns: "\${list}" } }]
sink: { use: csv, with: { path: x } }
`;
    const described = await read(
      text,
      { a: 'given', list: 'x, y' },
      { a: 'no', b: 'environment', head: 'false' },
    );
    expect(described.nodes.problems).toEqual([]);
    expect(described.source!.options).toEqual({
      // eslint-disable-next-line no-template-curly-in-string
      paths: ['given-environment-otherwise-${d}'],
      inferRows: 5,
      header: false,
    });
    expect(described.stages[0]!.part.options).toEqual({ columns: ['x', 'y'] });
  });

  it.each([
    [
      'a source that is missing',
      'sink: { use: csv, with: { path: x } }',
      ['1:1 source: is missing, wanted the source with use: and with:'],
    ],
    ['a key that is unknown', `stagse: []${ends}`, ['1:1 the file has no "stagse", did you mean stages?']],
    [
      'a part of no name',
      `stages: [{ with: {} }]${ends}`,
      ['1:10 a stage has no use:, wanted the name of a transform'],
    ],
    [
      'a name that is unknown',
      `stages: [{ use: fliter }]${ends}`,
      ['1:17 Cannot find transform "fliter": there is none of that name; did you mean "filter"?'],
    ],
    [
      'a stage that is no mapping',
      `stages: [filter]${ends}`,
      ['1:10 a stage is "filter", wanted use: with: name: workers: onError:'],
    ],
    [
      'an option that is unknown',
      `stages: [{ use: drop, with: { colums: a } }]${ends}`,
      [
        '1:17 "drop" needs columns, a list of names: the columns',
        '1:31 "drop" has no option "colums", did you mean columns?',
      ],
    ],
    [
      'an option that is empty',
      `stages:\n  - use: drop\n    with:\n      columns:${ends}`,
      ['4:7 columns is empty, give it a value or leave it out'],
    ],
    [
      'values that do not fit',
      `stages: [{ use: sample, with: { every: 1.5 } }, { use: cast, with: { types: [a] } }]${ends}`,
      [
        '1:40 every is 1.5, wanted a whole number above 0',
        expect.stringMatching(/^1:77 types is \["a"\], wanted names with one of Int8/),
      ],
    ],
    [
      'options that do not go together',
      `stages: [{ use: fill, with: { columns: a } }]${ends}`,
      ['1:17 fill needs value or method, one of both'],
    ],
    [
      'a join without its table',
      `stages: [{ use: join, with: { on: a } }]${ends}`,
      ['1:17 "join" needs table, a source: the other table'],
    ],
    [
      'a policy that is none',
      `stages: [{ use: drop, with: { columns: a }, onError: ignore }]${ends}`,
      ['1:54 onError is neither fail nor skip, nor a sink with use: and with:'],
    ],
    [
      'a variable without a value',
      `stages: [{ use: drop, with: { columns: "\${nope}" } }]${ends}`,
      ['1:40 variable "nope" has no value; give it with --set nope=… or in the environment'],
    ],
    [
      'settings that do not fit',
      `run: { budgetMiB: no, rows: 3 }${ends}`,
      [
        '1:19 budgetMiB is "no", wanted a whole number from 1 to 1048576',
        '1:23 run has no "rows", wanted budgetMiB, batchRows, ordered',
      ],
    ],
    [
      'a text that is no YAML',
      'source: [\nsink: {',
      [expect.stringMatching(/^2:1 /), expect.stringMatching(/^2:8 /)],
    ],
    [
      'braces of a variable in brackets',
      `stages: [{ use: drop, with: { columns: [\${a}] } }]`,
      [expect.stringContaining('put quotes around')],
    ],
    ['a key that comes twice', `run: {}\nrun: {}${ends}`, ['2:1 Map keys must be unique']],
    ['an empty text', '', ['1:1 the file is empty, wanted plugins: variables: source: stages: sink: run:']],
  ])('names the place of %s', async (_, text, wanted) => {
    const problems = await problemsOf(text);
    expect(problems.slice(0, wanted.length)).toEqual(wanted);
  });

  it('tells all mistakes at once, in the order of the text', async () => {
    const problems = await problemsOf(`sink: { use: csw }
source: { use: csv, with: { paths: [], header: 3 } }
stages:
  - use: nothing-like-it
  - use: window
    with: { aggregates: [avg(x)], rows: 3 }
`);
    expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual([
      '1:14',
      '2:36',
      '2:48',
      '4:10',
      '5:10',
    ]);
    expect(problems.at(-1)).toContain('"avg(x)" is no function(column)');
  });
});
