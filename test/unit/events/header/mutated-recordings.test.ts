// Damaged files: read or refused, never a crash. `npm run soak -- events` reads 100,000.
import { expect, it } from 'vitest';
import { readMutatedRecordings } from '../../../support/events/mutated-recordings.ts';

it('parseRecordingHeader() and decoders read or refuse with the byte when files are damaged', () => {
  const summary = readMutatedRecordings(12_000, 20_261_129);
  expect(summary.read + summary.refused).toBe(12_000);
  expect(summary.formats.size).toBe(6);
  // Both must happen often, or the files are not damaged where it matters.
  expect(summary.read).toBeGreaterThan(1000);
  expect(summary.refused).toBeGreaterThan(100);
});
