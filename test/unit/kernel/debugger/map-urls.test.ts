// The names by which a debugger asks for the maps of cells.
import { describe, expect, it } from 'vitest';
import { FILE_MAP_URL, cellMapUrl, parseCellMapUrl } from '../../../../kernel/protocol/map-urls.ts';

describe('parseCellMapUrl()', () => {
  it.each(['imports', 'functions', 'body'] as const)('reads what cellMapUrl() wrote of %s', (part) => {
    expect(parseCellMapUrl(cellMapUrl(17, part))).toEqual({ number: 17, part });
  });

  it.each([undefined, '', FILE_MAP_URL, 'x.js.map', 'ruvector-map:cell-x-body', 'data:application/json,{}'])(
    'gives null when a script is none of a cell: %s',
    (url) => {
      expect(parseCellMapUrl(url)).toBeNull();
    },
  );
});
