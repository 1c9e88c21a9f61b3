import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { DatabaseFile, buildTableDdl } from '../../../src/export/sqlite-database.ts';

describe('DatabaseFile.startTable()', () => {
  it('refuses to go on where rows that were noted are gone', () => {
    const ddl = buildTableDdl('memory', new arrow.Schema([new arrow.Field('a', new arrow.Int32(), false)]));
    const fresh = new DatabaseFile(':memory:');
    fresh.startTable('memory', ddl, 0);
    fresh.close(false);
    const cut = new DatabaseFile(':memory:');
    expect(() => cut.startTable('memory', ddl, 7)).toThrow('holds 0 of 7 rows');
    cut.close(false);
  });
});
