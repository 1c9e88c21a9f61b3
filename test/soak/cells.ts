// Ten thousand cells in one kernel: no cell takes longer than those at the start, and the user's heap keeps next to nothing
// of them (their sources and maps, which name places in stacks, and V8's table of declared names).
import { runManyCells } from '../support/kernel/many-cells.ts';

const CELLS = 10_000;
const MOST_BYTES = 1024;
/** Of the last tenth to the second: the first is compiled while it runs. */
const MOST_SLOWDOWN = 1.5;

/** Runs until the time is up, once at least. Resolves with whether everything held. */
export async function runCells({ minutes }: { minutes: number; seed: number }): Promise<boolean> {
  const endMs = performance.now() + minutes * 60_000;
  let isFlat = true;
  do {
    const { tenthsMs, heapBytesPerCell, residentBytesPerCell } = await runManyCells(CELLS);
    const slowdown = tenthsMs.at(-1)! / tenthsMs[1]!;
    process.stdout.write(
      `${CELLS} cells: ${tenthsMs.map((ms) => ms.toFixed(1)).join(' · ')} ms by tenths, the last ${slowdown.toFixed(2)} times ` +
        `the second; ${Math.round(heapBytesPerCell)} B of heap and ${Math.round(residentBytesPerCell)} B of the process a cell\n`,
    );
    isFlat &&= slowdown <= MOST_SLOWDOWN && heapBytesPerCell <= MOST_BYTES;
  } while (performance.now() < endMs);
  return isFlat;
}
