// Plain Python anonymises random tables row by row, and the native plans give the same: every row, every value.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { memoryKind, optimizationKind, processKind } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { createAnonymizer } from '../../../src/prepare/index.ts';
import type { AnonymizationPlan } from '../../../src/prepare/index.ts';
import { partitionsOf, release } from '../../support/prepare/frames.ts';
import { randomRows } from '../../support/prepare/random-rows.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

const script = join(import.meta.dirname, '../../support/prepare/anonymize-reference.py');
const HOUR_MS = 3_600_000;

interface Case {
  readonly kind: RecordKind;
  readonly rows: readonly AnyRow[];
  readonly k: number;
  readonly timePrecisionMs: number;
  readonly key: Uint8Array;
}

interface Reference {
  readonly rows: readonly { readonly row: number; readonly changed: AnyRow }[];
  readonly groups: number;
  readonly k: number | null;
  readonly byRung: readonly number[];
}

it('planPartitions() releases what Python does, row for row and value for value', async () => {
  const random = createPrintedRandom('anonymised tables');
  const cases = Array.from({ length: 25 }, () => buildCase(random));
  const references = await anonymizeInPython(cases);
  for (const [i, tested] of cases.entries()) {
    const { kind, rows, ...options } = tested;
    const plan = await createAnonymizer({ ...options, maxSuppressedShare: 1 }).planPartitions(
      kind,
      partitionsOf(kind, rows, 1 + Math.floor(random() * 200)),
    );
    const released = await release(plan, kind, rows, { streaming: i % 2 === 0 });
    expectSame(tested, plan, released, references[i]!);
  }
});

function buildCase(random: () => number): Case {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const kind = pick<RecordKind>([memoryKind, processKind, processKind, optimizationKind]);
  return {
    kind,
    rows: randomRows(kind, pick([1, 20, 300, 600]), random),
    k: pick([1, 2, 5, 10]),
    timePrecisionMs: pick([1, 7000, HOUR_MS, HOUR_MS, 24 * HOUR_MS, 30 * 24 * HOUR_MS]),
    key: Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256)),
  };
}

async function anonymizeInPython(cases: readonly Case[]): Promise<Reference[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-anonymize-'));
  try {
    const requests = cases.map(({ kind, key, ...rest }) => ({
      ...rest,
      table: kind.name,
      key: Buffer.from(key).toString('hex'),
    }));
    await writeFile(join(folder, 'requests.json'), JSON.stringify(requests));
    const { stdout } = await promisify(execFile)(python, [script, folder], { maxBuffer: 2 ** 30 });
    return JSON.parse(stdout) as Reference[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function expectSame(
  { kind, rows }: Case,
  plan: AnonymizationPlan,
  released: readonly AnyRow[],
  reference: Reference,
): void {
  const numbers = released.map(({ pid }) => pid as number);
  const expected = reference.rows.map(({ row, changed }, i) =>
    expectedRow(plan.kind, rows[row]!, changed, numbers[i]),
  );
  expect(released).toEqual(expected);
  if (kind === processKind)
    expectNumbers(
      numbers,
      reference.rows.map(({ changed }) => changed['pid'] as number),
    );
  const { groups, k, generalization } = plan.report;
  expect({ groups, k: k.reached, byRung: generalization.map((rung) => rung.rows) }).toEqual({
    groups: reference.groups,
    k: reference.k,
    byRung: reference.byRung,
  });
}

/** What Python changed, and all else as it was measured. */
function expectedRow(
  kind: RecordKind,
  measured: AnyRow,
  changed: AnyRow,
  number: number | undefined,
): AnyRow {
  const expected = kind.fields.map(({ name, type }) => {
    if (name === 'pid') return [name, number];
    const value = name in changed ? changed[name] : measured[name];
    return [name, type === 'uint64' && value !== null ? BigInt(value as string) : value];
  });
  return Object.fromEntries(expected) as AnyRow;
}

/** One process has one number and one number one process; which one is random. */
function expectNumbers(numbers: readonly number[], processes: readonly number[]): void {
  const pairs = new Set(numbers.map((number, i) => `${number} ${processes[i]}`));
  expect(pairs.size).toBe(new Set(numbers).size);
  expect(pairs.size).toBe(new Set(processes).size);
  expect(numbers.every((number) => number >= 1)).toBe(true);
}
