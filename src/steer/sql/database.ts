// What steering asks of a connection, whatever the database: run a statement as it is, run it under settings that end
// with it, say how it would be run. The drivers are postgres.ts, pglite.ts and duckdb.ts.

import type { TableState } from './table-state.ts';
import type { PlanFacts } from './plan-facts.ts';
import type { PassReason } from './statement-class.ts';
import type { SqlToken } from './sql-tokens.ts';

/** Settings of an arm, by name. */
export type ArmSettings = Readonly<Record<string, string>>;

/** A way to run a query. */
export interface SteeringArm {
  readonly name: string;
  readonly settings: ArmSettings;
}

/** A call as the wrapped client takes it, and what is known of it. */
export interface SteeredCall {
  /** Without a callback. */
  readonly args: readonly unknown[];
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A result and the time from when the database had the statement. */
export interface TimedResult {
  readonly result: unknown;
  readonly ms: number;
}

/** How a statement would be run under an arm; null when the database could not say. */
export type ArmPlan = unknown;

/** The catalog's side of a statement: facts that its text does not have. */
export interface SteeredDatabase {
  readonly engine: 'postgres' | 'pglite' | 'duckdb';
  /** Reads its plans and its catalog. */
  readonly inspector: PlanInspector;
  /** False where a running statement cannot be stopped. */
  readonly canInterrupt: boolean;
  /** True inside a transaction of the user's: nothing is steered there. */
  isInTransaction(): boolean;
  /** The call, taken apart; null for forms that are passed through (cursors, streams, batches). */
  readCall(args: readonly unknown[]): SteeredCall | null;
  /** The call as it is, untouched. */
  pass(args: readonly unknown[]): unknown;
  /** The call as it is, and how long it took. */
  run(call: SteeredCall): Promise<TimedResult>;
  /**
   * The call under settings that end with it, also when it fails.
   * @param timeoutMs null for no limit of ours
   * @returns null when a transaction was open after all, and nothing ran
   */
  runWith(call: SteeredCall, settings: ArmSettings, timeoutMs: number | null): Promise<TimedResult | null>;
  /** Whether an error says that a limit stopped the statement. */
  isTimeout(error: unknown): boolean;
  /** Whether an error says that the connection is gone. */
  isLost(error: unknown): boolean;
  /** The plan of a call under settings; null when a transaction is open. */
  explain(call: SteeredCall, settings: ArmSettings): Promise<ArmPlan>;
  /** A statement of steering's own, outside any transaction of the user's; null inside one. */
  ask(sql: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[] | null>;
}

/** What an engine's plans and catalog say. */
export interface PlanInspector {
  readPlan(explained: ArmPlan): PlanFacts;
  /** @returns why a statement is not to be steered, null when nothing is against it */
  findObjection(
    database: SteeredDatabase,
    tokens: readonly SqlToken[],
    plan: PlanFacts,
    mayDecideOrder: boolean,
  ): Promise<PassReason | null>;
  /** What tables are like now; those that are gone are left out. */
  readTableStates(database: SteeredDatabase, tables: readonly string[]): Promise<TableState[]>;
  /** @returns the rows of the table that a vector index is of; null when the index is another one */
  findVectorIndex(database: SteeredDatabase, name: string): Promise<number | null>;
}
