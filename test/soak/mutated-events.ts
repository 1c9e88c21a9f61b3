// `npm run soak -- events`: 100,000 damaged recordings of all word formats, from one seed.
import { readMutatedRecordings } from '../support/events/mutated-recordings.ts';

const FILES = 100_000;
const STEP = 10_000;

/** Reads them all; the first that is neither read nor refused ends the run with its seed. */
export async function runMutatedEvents({ seed }: { seed: number }): Promise<boolean> {
  process.stdout.write(`events: ${FILES} damaged files from seed ${seed}\n`);
  const startedMs = Date.now();
  for (let done = 0; done < FILES; done += STEP) {
    const { read, refused } = readMutatedRecordings(STEP, seed + done);
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    process.stdout.write(
      `  ${done + STEP} files after ${seconds} s; of these ${STEP}, ${read} read, ${refused} refused\n`,
    );
    await new Promise(setImmediate);
  }
  return true;
}
