// What Polars says, as errors that name the stage and the column. It has sentences only, no codes.
import { RuvectorError, messageOf } from '../../core/index.ts';
import type { NativeStage } from '../contract.ts';
import {
  failedPlanError,
  missingColumnError,
  unfitTypeError,
  unfitValueError,
  unreadableSourceError,
  unwritableSinkError,
} from './errors.ts';

/** What a plan consists of, in words. */
export interface PlanNames {
  readonly source: string;
  readonly stages: readonly NativeStage[];
  readonly sink: string;
}

/** Runs a reading step; what fails names the source. */
export async function toReadError<T>(source: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RuvectorError) throw error;
    throw unreadableSourceError(source, firstLineOf(error), error);
  }
}

/** An error of a stage as it adds itself to a plan. */
export function toStageError(stage: string, columns: readonly string[], error: unknown): RuvectorError {
  if (error instanceof RuvectorError) return error;
  const state = firstLineOf(error);
  const missing = /unable to find column "(.*?)"|^(?:column not found: )"?([^"\n]+?)"?(?: not found)?$/.exec(
    state,
  );
  if (missing) return missingColumnError(stage, missing[1] ?? missing[2]!, columns, error);
  return unfitTypeError({ stage, state, column: columnIn(state), cause: error });
}

/** True for an error of values, which one of the stages has to answer for. */
export function isValueError(error: unknown): boolean {
  return !(error instanceof RuvectorError) && systemErrorIn(messageOf(error)) === null;
}

/** An error of a stage's values while a plan runs. */
export function toValueError(stage: string, error: unknown): RuvectorError {
  if (error instanceof RuvectorError) return error;
  const state = firstLineOf(error);
  return unfitValueError({ stage, state, column: columnIn(state), cause: error });
}

/** An error of a running plan that is none of its stages'. */
export function toRunError(names: PlanNames, error: unknown): RuvectorError {
  if (error instanceof RuvectorError) return error;
  const message = messageOf(error);
  const code = systemErrorIn(message);
  if (code !== null) {
    const isWriting = writeErrors.has(code);
    return isWriting
      ? unwritableSinkError(names.sink, firstLineOf(error), error)
      : unreadableSourceError(names.source, firstLineOf(error), error);
  }
  return failedPlanError(listStages(names), error);
}

/** What a plan does, in one line. */
export const listStages = ({ source, stages, sink }: PlanNames): string =>
  [source, ...stages.map(({ name }) => name), sink].join(' → ');

/** No room, no quota, file too large, read-only, broken pipe: of these no reading fails. */
const writeErrors = new Set([27, 28, 30, 32, 122]);

function systemErrorIn(message: string): number | null {
  const found = /os error (\d+)/.exec(message);
  return found ? Number(found[1]) : null;
}

const firstLineOf = (error: unknown): string => messageOf(error).split('\n', 1)[0]!;

const columnIn = (state: string): string | null =>
  /column '([^']+)'/.exec(state)?.[1] ?? /column "([^"]+)"/.exec(state)?.[1] ?? null;
