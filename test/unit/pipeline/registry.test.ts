// Parts by name.
import { describe, expect, it } from 'vitest';
import { createRegistry, registerBuiltIns } from '../../../src/pipeline/index.ts';
import type { SinkEntry } from '../../../src/pipeline/index.ts';
import { assertOptions } from '../../../src/pipeline/plugins/registry.ts';
import { makePart } from '../../../src/pipeline/plugins/define-part.ts';

const entry: SinkEntry = {
  name: 'nowhere',
  about: 'takes all and keeps nothing',
  options: {
    path: { type: 'text', about: 'a path', example: 'x' },
    many: { type: 'integer', about: 'how many', example: 1, default: 7 },
  },
  required: ['path'],
  paths: ['path'],
  create: (options) =>
    ({ consume: async () => {}, flush: async () => {}, memoryUsage: () => 0, options }) as never,
};

describe('createRegistry()', () => {
  it('holds built-in parts and those of plugins, with who brought them', () => {
    const registry = createRegistry(registerBuiltIns);
    registry.of('mine').sink(entry);
    expect(registry.find('sink', 'nowhere')).toBe(entry);
    expect(registry.parts.at(-1)).toMatchObject({ kind: 'sink', from: 'mine' });
    expect(registry.parts[0]).toMatchObject({ from: 'built in' });
  });

  it('refuses a name that is taken, with who has it; another kind may have it too', () => {
    const registry = createRegistry(registerBuiltIns);
    expect(() => registry.of('mine').sink({ ...entry, name: 'csv' })).toThrow(
      'Cannot register sink "csv" of plugin "mine": the name is taken (built in); rename one of them',
    );
    registry.of('mine').transform({ ...entry, name: 'csv' } as never);
    expect(() => registry.of('other').transform({ ...entry, name: 'csv' } as never)).toThrow('(mine)');
  });

  it('finds the nearest name, and says which there are when none is near', () => {
    const registry = createRegistry((parts) => parts.sink(entry));
    expect(() => registry.find('sink', 'nowere')).toThrow('did you mean "nowhere"?');
    expect(() => registry.find('sink', 'xyz')).toThrow('use one of nowhere');
    expect(() => registry.find('source', 'nowhere')).toThrow(
      expect.objectContaining({
        code: 'ERR_PIPELINE_PART',
        details: { kind: 'source', name: 'nowhere', nearest: null },
      }) as Error,
    );
  });

  it.each([
    ['no object', 7],
    ['a name with capitals', { ...entry, name: 'No' }],
    ['no sentence', { ...entry, about: undefined }],
    ['no options', { ...entry, options: undefined }],
    ['an option without its type', { ...entry, options: { path: { about: 'x' } } }],
    ['a required option that it lacks', { ...entry, required: ['nothing'] }],
    ['no function', { ...entry, create: 1 }],
  ])('refuses a part with %s', (_, bad) => {
    const registry = createRegistry(() => {});
    expect(() => registry.of('mine').sink(bad as never)).toThrow(
      expect.objectContaining({ code: 'ERR_PIPELINE_PLUGIN' }) as Error,
    );
  });
});

describe('assertOptions()', () => {
  it('tells every mistake', () => {
    expect(() => assertOptions('sink', entry, { pth: 'x', many: 'three' })).toThrow(
      expect.objectContaining({
        code: 'ERR_PIPELINE_PART_OPTIONS',
        details: {
          problems: [
            '"nowhere" has no option "pth", did you mean path?',
            '"nowhere" needs path, a text: a path',
            'many is "three", wanted an integer',
          ],
        },
      }) as Error,
    );
  });
});

describe('makePart()', () => {
  it.each([
    ['in/x.csv', '/home/in/x.csv'],
    ['out/', '/home/out/'],
    ['/abs', '/abs'],
    ['-', '-'],
    ['s3://bucket/x', 's3://bucket/x'],
  ])(
    'lets relative paths start from the folder of the file, and takes defaults: %s',
    async (path, wanted) => {
      const part = await makePart(entry, { path }, { sources: {}, folder: '/home' });
      expect((part as unknown as { options: object }).options).toEqual({ path: wanted, many: 7 });
    },
  );
});
