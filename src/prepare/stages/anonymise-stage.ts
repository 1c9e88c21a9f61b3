// Anonymised rows of a table of the history, as exports release them: rows are read once to count who looks like
// whom, and once more to be released. The key is made for the run and never leaves the process.
import type { RecordKind } from '../../core/index.ts';
import { learningStage } from '../../pipeline/index.ts';
import type { AnyStage } from '../../pipeline/index.ts';
import { createAnonymizer } from '../anonymizer.ts';
import type { AnonymizerOptions } from '../anonymizer.ts';

/**
 * k-anonymous rows, names as keyed hashes.
 * @param kind of the rows, which must have all its columns and be in time order
 */
export function anonymiseStage(kind: RecordKind, settings: AnonymizerOptions = {}): AnyStage {
  return learningStage('anonymise', { table: kind.name, ...settings }, async (frame) => {
    const anonymizer = createAnonymizer(settings);
    const part = { maxRows: null, open: () => Promise.resolve(frame) };
    const plan = await anonymizer.planPartitions(kind, [part]);
    const details = { table: kind.name, ...settings, rows: plan.report.rows };
    return { name: 'anonymise', scope: 'row', details, apply: (planned) => plan.applyFrame(planned) };
  });
}
