// Ten thousand cells in one kernel: no cell takes longer than those at the start, and the user's heap keeps next to nothing
// of them (their sources and maps, which name places in stacks, and V8's table of declared names). What V8 reserves while
// cells come without a pause, it gives back when the kernel has nothing to do.
import { USER_HEAP, runManyCells } from '../support/kernel/many-cells.ts';
import type { ManyCells } from '../support/kernel/many-cells.ts';

const CELLS = 10_000;
const MOST_BYTES = 1024;
/** Of the last tenth to the second: the first is compiled while it runs. */
const MOST_SLOWDOWN = 1.5;
/** V8 gives back what it reserves some ten seconds after the last cell. */
const REST_MS = 20_000;
/** The kernel at rest, to the kernel after the first tenth. */
const MOST_GROWTH = 1.3;
const MIB = 2 ** 20;

/** Runs until the time is up, once at least. Resolves with whether everything held. */
export async function runCells({ minutes }: { minutes: number; seed: number }): Promise<boolean> {
  const endMs = performance.now() + minutes * 60_000;
  let isFlat = true;
  do {
    const seen = await runManyCells(CELLS, REST_MS);
    const { tenthsMs, counted, start, end, rested } = seen;
    const slowdown = tenthsMs.at(-1)! / tenthsMs[1]!;
    const heapBytes = (end[USER_HEAP]! - start[USER_HEAP]!) / counted;
    process.stdout.write(
      `${CELLS} cells: ${tenthsMs.map((ms) => ms.toFixed(1)).join(' · ')} ms by tenths, the last ${slowdown.toFixed(2)} times ` +
        `the second\n${renderMemory(seen)}`,
    );
    const growth = rested!['whole process']! / start['whole process']!;
    isFlat &&= slowdown <= MOST_SLOWDOWN && heapBytes <= MOST_BYTES && growth <= MOST_GROWTH;
  } while (performance.now() < endMs);
  return isFlat;
}

/** A line for each part: MiB after the first tenth, at the end and after the rest, and the growth a cell. */
function renderMemory({ start, end, rested, counted }: ManyCells): string {
  const inMib = (bytes: number | undefined): string =>
    (bytes === undefined ? '' : (bytes / MIB).toFixed(1)).padStart(8);
  const lines = Object.entries(end).map(([part, bytes]) => {
    const perCell = Math.round((bytes - start[part]!) / counted);
    return `${part.padEnd(42)}${inMib(start[part])}${inMib(bytes)}${inMib(rested?.[part])}${String(perCell).padStart(9)}`;
  });
  const head = `${'MiB'.padEnd(42)}${'a tenth'.padStart(8)}${'all'.padStart(8)}${'at rest'.padStart(8)}${'B a cell'.padStart(9)}`;
  return `${[head, ...lines].join('\n')}\n`;
}
