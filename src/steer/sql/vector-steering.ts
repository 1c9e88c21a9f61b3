// Queries by vector through an HNSW index: hnsw.ef_search is set to what finds enough, never to what is merely fast. Each
// query of a cell that is not decided is also run exactly and with the open values, beside the user's own.
import { defaultArm } from './arms.ts';
import type { ArmSettings, SteeredDatabase } from './database.ts';
import type { SqlToken } from './sql-tokens.ts';
import type { KnownCall } from './known-call.ts';
import { createCell, nameCell, needsProbe, observeProbe, openEfs } from './vector-recall.ts';

/** An exact answer: no index gives the order. */
const exactSettings: ArmSettings = { enable_indexscan: 'off' };

/** Shares of rows that filters leave, by the filter's values; estimated again after so many. */
const MOST_FILTERS = 500;

/** Chooses hnsw.ef_search. */
export class VectorSteering {
  readonly #database: SteeredDatabase;
  readonly #recall: number;
  readonly #selectivities = new Map<string, number>();

  constructor(database: SteeredDatabase, recall: number) {
    this.#database = database;
    this.#recall = recall;
  }

  /** @returns null for a query that is none by vector */
  choose(known: KnownCall): { settings: ArmSettings; arm: string } | null {
    if (!known.entry.vector) return null;
    const name = this.#cellOf(known);
    const cell = name === null ? undefined : known.entry.cells[name];
    if (!cell || cell.chosen === null) return { settings: {}, arm: defaultArm };
    return { settings: settingsOf(cell.chosen, known.entry.vector.isFiltered), arm: `ef_${cell.chosen}` };
  }

  /** Tries the open values on this query, when its cell is not decided. */
  async probe(known: KnownCall): Promise<void> {
    const { entry, call } = known;
    if (!entry.vector) return;
    const selectivity = await this.#learnSelectivity(known);
    const rowsWanted = findLimit(known.template.tokens, call.values);
    if (selectivity === null || rowsWanted === null) return;
    const cell = (entry.cells[nameCell(rowsWanted, selectivity)] ??= createCell());
    if (!needsProbe(cell, this.#recall)) return;
    const efs = openEfs(cell, this.#recall).filter((ef) => cell.chosen === null || ef <= cell.chosen);
    const exact = await this.#rowsUnder(known, exactSettings);
    if (exact === null) return;
    const found = new Map<number, readonly string[]>();
    for (const ef of efs) {
      const rows = await this.#rowsUnder(known, settingsOf(ef, entry.vector.isFiltered));
      if (rows === null) return;
      found.set(ef, rows);
    }
    observeProbe(cell, exact, found, this.#recall);
  }

  #cellOf(known: KnownCall): string | null {
    const selectivity = this.#selectivities.get(filterKey(known));
    const rowsWanted = findLimit(known.template.tokens, known.call.values);
    return selectivity === undefined || rowsWanted === null ? null : nameCell(rowsWanted, selectivity);
  }

  async #learnSelectivity(known: KnownCall): Promise<number | null> {
    const key = filterKey(known);
    const held = this.#selectivities.get(key);
    if (held !== undefined) return held;
    const explained = await this.#database.explain(known.call, {});
    if (explained === null) return null;
    const { isFiltered, orderedRows } = this.#database.inspector.readPlan(explained);
    const share = isFiltered ? Math.min(1, Math.max(1, orderedRows) / known.entry.vector!.tableRows) : 1;
    if (this.#selectivities.size >= MOST_FILTERS) this.#selectivities.clear();
    this.#selectivities.set(key, share);
    return share;
  }

  async #rowsUnder({ call }: KnownCall, settings: ArmSettings): Promise<string[] | null> {
    const timed = await this.#database.runWith(call, settings, null);
    return timed && (timed.result as { rows: unknown[] }).rows.map((row) => JSON.stringify(row));
  }
}

/** With a filter, the index is asked for more until enough rows pass it. */
function settingsOf(ef: number, isFiltered: boolean): ArmSettings {
  const search = { 'hnsw.ef_search': String(ef) };
  return isFiltered ? { ...search, 'hnsw.iterative_scan': 'strict_order' } : search;
}

const isVector = (text: string): boolean => /^'?\s*\[/.test(text);

/** The values of a query but for its vectors. */
function filterKey({ entry, template, call }: KnownCall): string {
  const literals = template.literals.flatMap(({ text }) => (isVector(text) ? [] : [text]));
  const values = call.values.filter(
    (value) => !(typeof value === 'string' && isVector(value)) && !Array.isArray(value),
  );
  return JSON.stringify([entry.id, literals, values.map(String)]);
}

/** The rows that LIMIT or FETCH FIRST ask for; null without a number. */
function findLimit(tokens: readonly SqlToken[], values: readonly unknown[]): number | null {
  const at = tokens.findLastIndex(
    ({ kind, text }) => kind === 'word' && (text === 'limit' || text === 'fetch'),
  );
  const token = tokens[tokens[at]?.text === 'fetch' ? at + 2 : at + 1];
  if (at < 0 || !token) return null;
  const value = Number(token.kind === 'parameter' ? values[Number(token.text.slice(1)) - 1] : token.text);
  return Number.isInteger(value) && value > 0 ? value : null;
}
