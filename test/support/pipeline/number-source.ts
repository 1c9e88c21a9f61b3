// A source of the numbers from 0, which can seek.
import type { Source } from '../../../src/pipeline/index.ts';
import { numberBatch, numberSchema } from './number-batches.ts';

export function createNumberSource(totalRows: number): Source {
  let at = 0;
  return {
    schema: numberSchema,
    async nextBatch(maxRows) {
      const rows = Math.min(maxRows, totalRows - at);
      if (rows === 0) return null;
      at += rows;
      return numberBatch(at - rows, rows);
    },
    sizeHint: () => totalRows - at,
    memoryUsage: () => 0,
    async seek(rows) {
      at = rows;
    },
  };
}
