// Hundreds of cells in one kernel; `npm run soak -- cells` runs ten thousand and looks at their time too.
import { expect, it } from 'vitest';
import { USER_HEAP, runManyCells } from '../../support/kernel/many-cells.ts';

/** A cell that was kept would be a hundred times as large: some of them make and print that much. */
const MOST_BYTES = 8 * 1024;

it('execute_request leaves nothing of its results and output in the heap when it was repeated 200 times', async () => {
  const { counted, start, end } = await runManyCells(200);
  expect((end[USER_HEAP]! - start[USER_HEAP]!) / counted).toBeLessThan(MOST_BYTES);
});
