// Anonymised rows of a table of the history, as exports release them: rows are read once to count who looks like
// whom, and once more to be released. The key is made for the run and never leaves the process.
import { recordKinds } from '../../core/index.ts';
import { defineTransform, learningStage } from '../../pipeline/index.ts';
import type { TransformEntry } from '../../pipeline/index.ts';
import { anonymizerOptions, createAnonymizer } from '../../prepare/index.ts';
import { tableOption } from './table-option.ts';

/** Wants all columns of the table, in time order. */
export const anonymisePart: TransformEntry = defineTransform({
  name: 'anonymise',
  about: 'k-anonymous rows of a table of the history, names as keyed hashes',
  options: { table: tableOption, ...anonymizerOptions },
  create: ({ table, ...settings }) =>
    learningStage('anonymise', { table, ...settings }, async (frame) => {
      const anonymizer = createAnonymizer(settings);
      const part = { maxRows: null, open: () => Promise.resolve(frame) };
      const plan = await anonymizer.planPartitions(recordKinds[table]!, [part]);
      const details = { table, ...settings, rows: plan.report.rows };
      return { name: 'anonymise', scope: 'row', details, apply: (planned) => plan.applyFrame(planned) };
    }),
});
