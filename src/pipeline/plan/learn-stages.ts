// Stages that look at what reaches them first: each becomes what it learned, in the order of the plan.
import type { NativeStage } from '../contract.ts';
import { openEmpty, openTable } from './frames.ts';
import type { OpenTables } from './frames.ts';
import { toStageError } from './polars-errors.ts';

/**
 * Replaces each stage that learns by what it learned.
 * @param readsRows false: stages that learn from rows see none, so that nothing is read; what comes is right in its
 *   columns as far as these do not depend on the rows
 */
export async function learnStages(
  tables: OpenTables,
  stages: readonly NativeStage[],
  readsRows = true,
): Promise<NativeStage[]> {
  const learned: NativeStage[] = [];
  for (const stage of stages) {
    learned.push(stage.learn ? await learn(tables, learned, stage, readsRows) : stage);
  }
  return learned;
}

async function learn(
  tables: OpenTables,
  before: readonly NativeStage[],
  stage: NativeStage,
  readsRows: boolean,
): Promise<NativeStage> {
  const empty = await openEmpty(tables, before);
  try {
    const seesRows = readsRows && stage.learnsFrom === 'rows';
    return await stage.learn!(seesRows ? await openTable(tables, before) : empty);
  } catch (error) {
    throw toStageError(stage.name, empty.columns, error);
  }
}
