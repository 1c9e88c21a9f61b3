// The list of models as people read it.
import { expect, it } from 'vitest';
import { renderModels } from '../../../../src/app/models/render-models.ts';
import type { ModelListing } from '../../../../src/models/index.ts';

const aliases = { live: null, previous: null, candidate: null };
const listing = (damaged: readonly string[], known: ModelListing['aliases'] = aliases): ModelListing => ({
  name: 'memopt',
  aliases: known,
  versions: [],
  summaries: [],
  damaged,
});

it('renderModels() shows a package that was set aside under its version, and no other file as one', () => {
  const text = renderModels([
    listing(['20260101T120000000-0123abcd-1764460800000', 'aliases-1764460800000.json', 'staged-17-1764460800001']),
  ]);
  const lines = text.split('\n');
  expect(lines.filter((line) => line.includes('memopt@'))).toEqual([
    expect.stringMatching(/^memopt@20260101T120000000-0123abcd +damaged, set aside/),
  ]);
  expect(lines.at(-1)).toBe(
    'Files of memopt that were set aside and are not used: aliases-1764460800000.json, staged-17-1764460800001 in memopt/.damaged.',
  );
});

it('renderModels() says which command rebuilds damaged aliases', () => {
  expect(renderModels([listing([], null)])).toContain(
    'The aliases of memopt are damaged: `ruvector-memopt models repair` rebuilds them.',
  );
  expect(renderModels([listing([])])).not.toContain('aside');
});
