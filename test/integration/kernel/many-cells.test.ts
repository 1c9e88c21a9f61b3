// Hundreds of cells in one kernel; `npm run soak -- cells` runs ten thousand and looks at their time too.
import { expect, it } from 'vitest';
import { runManyCells } from '../../support/kernel/many-cells.ts';

/** A cell that was kept would be a hundred times as large: some of them make and print that much. */
const MOST_BYTES = 8 * 1024;

it('execute_request leaves nothing of its results and output in the heap when it was repeated 200 times', async () => {
  const { heapBytesPerCell } = await runManyCells(200);
  expect(heapBytesPerCell).toBeLessThan(MOST_BYTES);
});
