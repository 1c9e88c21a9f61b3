// What changed between two published trees, decided by their rows and columns and said in words.
import { hashRowsWide } from './row-digest.ts';
import type { ChangeLevel, PublishColumn } from './publish-contract.ts';
import { readParquet } from './read-parquet.ts';

/** A tree to compare: absolute paths of the files of each split. */
export interface ComparedTable {
  readonly name: string;
  readonly columns: readonly PublishColumn[];
  readonly splits: readonly {
    readonly name: string;
    readonly rows: number;
    readonly paths: readonly string[];
    /** Checksums of the files, in order. */
    readonly sha256: readonly string[];
  }[];
}

/** What is different, and why the version is what it is. */
export interface VersionChange {
  /** `none` when data is byte for byte the same. */
  readonly change: ChangeLevel;
  readonly reasons: readonly string[];
}

interface Finding {
  readonly level: 'minor' | 'major' | 'patch';
  readonly reason: string;
}

/** Compares two versions; files with equal checksums are not read. */
export async function compareTrees(
  before: readonly ComparedTable[],
  after: readonly ComparedTable[],
): Promise<VersionChange> {
  const findings: Finding[] = [];
  for (const old of before) {
    const table = after.find(({ name }) => name === old.name);
    if (!table) findings.push({ level: 'major', reason: `table ${old.name} is no longer there` });
    else findings.push(...(await compareTable(old, table)));
  }
  for (const { name } of after) {
    if (!before.some((old) => old.name === name))
      findings.push({ level: 'minor', reason: `table ${name} is new` });
  }
  const change = (['major', 'minor', 'patch'] as const).find((level) =>
    findings.some((f) => f.level === level),
  );
  const reasons = findings.filter(({ level }) => level === change).map(({ reason }) => reason);
  return { change: change ?? 'none', reasons };
}

async function compareTable(before: ComparedTable, after: ComparedTable): Promise<Finding[]> {
  const findings = compareColumns(before, after);
  if (findings.some(({ level }) => level === 'major')) return findings;
  for (const old of before.splits) {
    const split = after.splits.find(({ name }) => name === old.name);
    const what = `${before.name}/${old.name}`;
    if (split) findings.push(...(await compareSplit(what, before.columns, old, split)));
    else findings.push({ level: 'major', reason: `split ${what} is no longer there` });
  }
  for (const { name } of after.splits) {
    if (before.splits.some((old) => old.name === name)) continue;
    findings.push({ level: 'minor', reason: `split ${after.name}/${name} is new` });
  }
  return findings;
}

function compareColumns(before: ComparedTable, after: ComparedTable): Finding[] {
  const findings: Finding[] = [];
  for (const column of before.columns) {
    const now = after.columns.find(({ name }) => name === column.name);
    const what = `column ${before.name}.${column.name}`;
    if (!now) findings.push({ level: 'major', reason: `${what} is no longer there` });
    else if (meaningOf(now) !== meaningOf(column)) {
      findings.push({ level: 'major', reason: `${what} has another type, unit or set of classes` });
    }
  }
  const added = after.columns.filter(({ name }) => !before.columns.some((column) => column.name === name));
  for (const { name } of added) {
    findings.push({ level: 'minor', reason: `column ${after.name}.${name} is new` });
  }
  return findings;
}

const meaningOf = (column: PublishColumn): string =>
  JSON.stringify([column.type, column.unit, column.nullable, column.classNames ?? null]);

async function compareSplit(
  what: string,
  columns: readonly PublishColumn[],
  before: ComparedTable['splits'][number],
  after: ComparedTable['splits'][number],
): Promise<Finding[]> {
  if (before.sha256.join() === after.sha256.join()) return [];
  const [old, now] = [await digestRows(before.paths, columns), await digestRows(after.paths, columns)];
  const { kept, added, removed } = countCommon(old, now);
  if (removed > 0) {
    const reason = `${removed} of the ${old.length} rows of ${what} were changed or removed (${kept} stayed, ${added} are new)`;
    return [{ level: 'major', reason }];
  }
  if (added > 0)
    return [
      { level: 'minor', reason: `${what} has ${added} new rows; its ${old.length} old ones are unchanged` },
    ];
  return [{ level: 'patch', reason: `${what} holds the same rows in another packaging` }];
}

/** One 64-bit hash a row, sorted: 8 bytes a row, and equal rows may stand several times. */
async function digestRows(
  paths: readonly string[],
  columns: readonly PublishColumn[],
): Promise<BigUint64Array> {
  const parts: BigUint64Array[] = [];
  for await (const batch of readParquet(paths, { name: 'digest', version: 1, fields: columns })) {
    parts.push(hashRowsWide(batch));
  }
  const all = new BigUint64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}

/** Sizes of the intersection and the differences of two sorted lists. */
function countCommon(
  before: BigUint64Array,
  after: BigUint64Array,
): { kept: number; added: number; removed: number } {
  let kept = 0;
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    const [a, b] = [before[i]!, after[j]!];
    if (a === b) kept++;
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return { kept, added: after.length - kept, removed: before.length - kept };
}
