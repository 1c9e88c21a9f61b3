// What a state file says, without a database.
import { duckdbArms, postgresArms } from './arms.ts';
import { unknownTemplateError } from './errors.ts';
import { readStateFile } from './state-file.ts';
import { describeMemory, explainEntry } from './steering-report.ts';
import type { SteeringStatus, TemplateExplanation } from './steering-report.ts';
import { SteeringMemory } from './steering-memory.ts';

/** A state file that was read. */
export interface SteeringState {
  readonly status: Omit<SteeringStatus, 'problems'>;
  readonly savedAt: string;
  /** @throws RuvectorError `ERR_STEER_TEMPLATE` */
  explain(template: string): TemplateExplanation;
}

/** @returns null when there is no file. @throws RuvectorError `ERR_STEER_STATE` */
export async function readSteeringState(path: string): Promise<SteeringState | null> {
  const document = await readStateFile(path);
  if (!document) return null;
  const arms = document.engine === 'duckdb' ? duckdbArms : postgresArms;
  const file = { path, isOurs: false, document, save: () => Promise.resolve(), release: () => undefined };
  const memory = new SteeringMemory(document.engine, arms, {}, file);
  return {
    status: describeMemory(memory),
    savedAt: document.savedAt,
    explain: (template) => {
      const entry = memory.find(template);
      if (!entry) throw unknownTemplateError(template, memory.entries.size);
      return explainEntry(memory, entry);
    },
  };
}
