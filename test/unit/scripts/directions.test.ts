// The judge of import directions finds what the rules of dependency-cruiser cannot say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

interface Module {
  readonly source: string;
  readonly dependencies: readonly { readonly resolved: string }[];
}
interface Report {
  readonly summary: { readonly violations: readonly object[] };
  readonly modules: readonly Module[];
}
const { judgeDirections, listModules, rooms } = (await import(
  join(root, 'scripts/directions/judge.mjs')
)) as {
  readonly judgeDirections: (report: Report, files: readonly string[]) => string[];
  readonly listModules: (root: string) => string[];
  readonly rooms: Readonly<
    Record<'src' | 'dag' | 'steer' | 'kernel', Readonly<Record<string, readonly string[]>>>
  >;
};

/** Tables of rooms, by the folder they are in. */
const tables = { src: rooms.src, 'src/dag': rooms.dag, 'src/steer': rooms.steer, kernel: rooms.kernel };

/** A tree in which every room has a door and uses each of its permissions. */
function perfect(): { report: Report; files: string[] } {
  const modules = Object.entries(tables).flatMap(([part, table]) =>
    Object.entries(table).map(([room, allowed]): Module => ({
      source: `${part}/${room}/index.ts`,
      dependencies: allowed.map((other) => ({ resolved: `${part}/${other}/index.ts` })),
    })),
  );
  const more = [
    'src/app/main.ts',
    'src/core/plain/index.ts',
    'src/core/portable/index.ts',
    'src/export/options/index.ts',
    'src/export/publish/index.ts',
    'src/models/runtime/index.ts',
    'src/pipeline/files/index.ts',
    'src/prepare/stages/index.ts',
    'src/train/tfjs/index.ts',
    'kernel/main.ts',
  ];
  const all = [...modules, ...more.map((source) => ({ source, dependencies: [] }))];
  return { report: { summary: { violations: [] }, modules: all }, files: all.map(({ source }) => source) };
}

describe('judgeDirections()', () => {
  it('finds nothing in a tree that keeps the table', () => {
    const { report, files } = perfect();
    expect(judgeDirections(report, files)).toEqual([]);
  });

  it('passes on what the rules found', () => {
    const { report, files } = perfect();
    const violation = { rule: { name: 'no-circular' }, from: 'a.ts', to: 'b.ts' };
    expect(judgeDirections({ ...report, summary: { violations: [violation] } }, files)).toEqual([
      'no-circular: a.ts → b.ts',
    ]);
  });

  it('finds a permission that nobody uses', () => {
    const { report, files } = perfect();
    const modules = report.modules.map((each) =>
      each.source.startsWith('kernel/server/') ? { ...each, dependencies: [] } : each,
    );
    expect(judgeDirections({ ...report, modules }, files)).toEqual([
      expect.stringContaining('permission server → protocol of kernel'),
      expect.stringContaining('permission server → language of kernel'),
    ]);
  });

  it('finds folders that no table has, and rooms that are not there', () => {
    const { report, files } = perfect();
    const moved = files.map((file) => file.replace('src/collect/', 'src/gather/'));
    const modules = report.modules.map((each) => ({
      ...each,
      source: each.source.replace('src/collect/', 'src/gather/'),
    }));
    const problems = judgeDirections({ ...report, modules }, moved);
    expect(problems).toContain('src/gather is in no table of rooms');
    expect(problems).toContain('there is no room src/collect');
  });

  it('finds a part of src/dag that no table has, that is gone, or that has no door', () => {
    const { report, files } = perfect();
    const moved = files.map((file) => file.replace('src/dag/cost/', 'src/dag/price/'));
    const problems = judgeDirections(report, moved);
    expect(problems).toContain('src/dag/price is in no table of rooms');
    expect(problems).toContain('there is no room src/dag/cost');
    expect(problems).toContain('a room has no door: src/dag/cost/index.ts');
  });

  it('finds a room without a door', () => {
    const { report, files } = perfect();
    const doorless = files.map((file) => (file === 'src/store/index.ts' ? 'src/store/history.ts' : file));
    const modules = [...report.modules, { source: 'src/store/history.ts', dependencies: [] }];
    expect(judgeDirections({ ...report, modules }, doorless)).toEqual([
      'a room has no door: src/store/index.ts',
    ]);
  });

  it('finds modules that were not looked at', () => {
    const { report } = perfect();
    const files = listModules(root);
    expect(files.length).toBeGreaterThan(report.modules.length);
    expect(judgeDirections(report, files)).toContainEqual(
      expect.stringContaining('modules were not looked at'),
    );
  });
});

describe.each(Object.entries(tables))('docs/ARCHITECTURE.md', (part, allowedBy) => {
  const table = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
  const names = Object.keys(allowedBy);

  it.each(names)(`says what ${part}/%s may import`, (room) => {
    const row = new RegExp(`^\\| ${part}/${room} +\\|.*\\|([^|]*)\\|$`, 'm').exec(table);
    const words = row?.[1]?.match(/[a-z-]+/g) ?? [];
    expect(words.filter((word) => names.includes(word)).sort()).toEqual([...allowedBy[room]!].sort());
    expect(row).not.toBeNull();
  });
});
