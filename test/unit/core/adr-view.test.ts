import { describe, expect, it } from 'vitest';
import {
  buildAdrView,
  buildRecordBatch,
  memoryKind,
  optimizationKind,
  processKind,
  rowsOf,
  toAdrMemorySnapshot,
} from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';

/** Every column filled with its own index, or null where `isNull` says so. */
function rowsOfKind(kind: RecordKind, count: number, isNull: (row: number) => boolean): AnyRow[] {
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      kind.fields.map((field, column): [string, AnyRow[string]] => {
        if (field.nullable && isNull(row)) return [field.name, null];
        const value = (column + 1) * 4096 + row;
        if (field.type === 'utf8') return [field.name, `${field.name}-${row}`];
        if (field.type === 'bool') return [field.name, row % 2 === 0];
        return [field.name, value];
      }),
    ),
  );
}

describe('buildAdrView', () => {
  it.each([
    ['memory', memoryKind],
    ['process', processKind],
    ['optimization', optimizationKind],
  ] as const)('toBatch() and toRow() agree for every %s row, nulls included', (table, native) => {
    const view = buildAdrView(table, native);
    const rows = rowsOfKind(native, 21, (row) => row % 3 === 0);
    const seen = rowsOf(view.kind, view.toBatch(buildRecordBatch(native, rows)));
    const float32 = view.kind.fields.filter((field) => field.type === 'float32');
    const wanted = rows.map((row) => {
      const converted = view.toRow(row);
      for (const { name } of float32) {
        if (converted[name] !== null) converted[name] = Math.fround(Number(converted[name]));
      }
      return converted;
    });
    expect(seen).toEqual(wanted);
  });

  it('what cannot be computed, and what an older version stored as NaN, is null in rows and batches', () => {
    const [memory] = rowsOfKind(memoryKind, 1, () => false);
    const [process] = rowsOfKind(processKind, 1, () => false);
    const cases = [
      ['memory', memoryKind, { ...memory, mem_total_kib: 0, mem_available_kib: 0 }, 'used_percent'],
      ['memory', memoryKind, { ...memory, mem_total_kib: 0 }, 'used_percent'],
      ['process', processKind, { ...process, cpu_percent: Number.NaN }, 'cpu_percent'],
      ['process', processKind, { ...process, cpu_percent: Infinity }, 'cpu_percent'],
    ] as const;
    for (const [table, native, row, column] of cases) {
      const view = buildAdrView(table, native);
      expect(view.toRow(row)[column]).toBeNull();
      const batch = view.toBatch(buildRecordBatch(native, [rowsOfKind(native, 1, () => true)[0]!, row, row]));
      const seen = rowsOf(view.kind, batch);
      expect(seen.map((one) => one[column] === null).slice(1)).toEqual([true, true]);
      expect(batch.getChild(column)!.nullCount).toBe(table === 'process' ? 3 : 2);
    }
  });

  it("the document's columns come first, with its names and values", () => {
    const view = buildAdrView('memory', memoryKind);
    const names = view.kind.fields.slice(0, view.documentColumns).map((field) => field.name);
    expect(names).toEqual([
      'timestamp',
      'total_mb',
      'available_mb',
      'used_percent',
      'page_file_used_mb',
      'processes_count',
    ]);
    const [row] = rowsOfKind(memoryKind, 1, () => false);
    const document = toAdrMemorySnapshot(row as never);
    expect(view.toRow(row!)).toMatchObject({ ...document, timestamp: row!['timestamp'] });
  });

  it('columns that the document renames do not come twice; all others are kept', () => {
    const names = buildAdrView('process', processKind).kind.fields.map((field) => field.name);
    expect(names).toEqual(expect.arrayContaining(['working_set_mb', 'threads', 'swap_kib']));
    expect(names).not.toContain('rss_kib');
    expect(new Set(names).size).toBe(names.length);
  });
});
