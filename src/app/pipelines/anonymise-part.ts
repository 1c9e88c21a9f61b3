// Anonymised rows of a table of the history as a part of pipeline files.
import { recordKinds } from '../../core/index.ts';
import { defineTransform } from '../../pipeline/index.ts';
import type { TransformEntry } from '../../pipeline/index.ts';
import { anonymizerOptions } from '../../prepare/index.ts';
import { anonymiseStage } from '../../prepare/stages/index.ts';
import { tableOption } from './table-option.ts';

/** Wants all columns of the table, in time order. */
export const anonymisePart: TransformEntry = defineTransform({
  name: 'anonymise',
  about: 'k-anonymous rows of a table of the history, names as keyed hashes',
  options: { table: tableOption, ...anonymizerOptions },
  create: ({ table, ...settings }) => anonymiseStage(recordKinds[table]!, settings),
});
