// What steering knows of a template beside its latencies: why it is not steered, which arms have a plan of their own, what
// its tables were when that was found out. Plain data, kept in the state file.
import { createHash } from 'node:crypto';
import type { DagDocument } from '../../dag/index.ts';
import type { TableState } from './table-state.ts';
import type { VectorCell } from './vector-recall.ts';
import type { PassReason } from './statement-class.ts';

/** A template. */
export interface TemplateEntry {
  /** Short name for commands: the beginning of the text's hash. */
  readonly id: string;
  readonly text: string;
  /** Why it is passed through; null when it is steered, or not looked at yet. */
  pass: PassReason | null;
  /** Arms whose plan differs from the default's and from each other's, for any parameters that were looked at. */
  arms: string[];
  /** Cost of each arm by the planner, when last looked at. */
  costs: Record<string, number>;
  tables: TableState[];
  /** Hashes of parameters that were looked at. */
  lookedAt: string[];
  /** Logarithms of cost and rows, joins, scans: the same number of them for each template. */
  features: number[];
  /** The default's plan, as it was last. */
  plan: DagDocument | null;
  /** Moving average of the default's time, null before its first run. */
  defaultMs: number | null;
  /** Runs under an arm, stopped ones, and those that were run again with the default. */
  readonly counts: { runs: number; steered: number; timeouts: number };
  /** Of queries by vector: the rows of their table, and whether something filters them. */
  vector: { readonly tableRows: number; readonly isFiltered: boolean } | null;
  /** Queries by vector: what each ef_search finds. */
  readonly cells: Record<string, VectorCell>;
}

/** @returns a name that is the same on every host */
export const idOfTemplate = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 12);

/** A template nothing is known of. */
export function createEntry(text: string): TemplateEntry {
  return {
    id: idOfTemplate(text),
    text,
    pass: null,
    arms: [],
    costs: {},
    tables: [],
    lookedAt: [],
    features: [],
    plan: null,
    defaultMs: null,
    counts: { runs: 0, steered: 0, timeouts: 0 },
    vector: null,
    cells: {},
  };
}

/** Forgets what a look at plans gave, so that the next runs look again. */
export function forgetPlans(entry: TemplateEntry): void {
  Object.assign(entry, {
    pass: null,
    arms: [],
    costs: {},
    tables: [],
    lookedAt: [],
    plan: null,
    vector: null,
  });
  for (const cell of Object.keys(entry.cells)) delete entry.cells[cell];
}
