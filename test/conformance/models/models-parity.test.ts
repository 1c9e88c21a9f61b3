// Independent peers decide: Python onnxruntime on the same model, and scikit-learn through the golden rows.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { GOLDEN_TOLERANCE, decodeGolden } from '../../../src/models/index.ts';
import { createSession } from '../../../src/models/session.ts';
import { makeModels, readDraft } from '../../support/models/models.ts';
import { python } from '../../support/python.ts';

const peer = join(import.meta.dirname, '../../support/models/score-models.py');
let models: string;
beforeAll(async () => {
  models = await makeModels();
});

interface Scores {
  readonly label: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
}

function scoreInPython(kind: string, rows: Float32Array): Scores {
  const input = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  const output = execFileSync(python, [peer, join(models, kind, 'model.onnx')], {
    input,
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output.toString().replaceAll('NaN', 'null')) as Scores;
}

function randomRows(count: number): Float32Array {
  // A fixed linear congruential sequence, so that a failure can be repeated.
  let state = 12_345;
  return Float32Array.from({ length: count * 12 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state / 2 ** 30 - 1) * 3;
  });
}

it.each(['forest-a', 'boosting', 'logistic', 'linear', 'subgraph'])(
  'createSession() agrees with Python onnxruntime and scikit-learn on %s',
  async (kind) => {
    const draft = await readDraft(models, kind);
    const session = createSession(draft.model, draft.manifest);
    const golden = decodeGolden(draft.golden, draft.manifest);
    const rows = Float32Array.of(...golden.features, ...randomRows(500));
    const count = rows.length / 12;
    const ours = session.run(rows, count);
    const theirs = scoreInPython(kind, rows);
    expect([...(ours.labels as Int32Array)]).toEqual(theirs.label);
    expect([...(ours.labels as Int32Array)].slice(0, golden.rows)).toEqual([...golden.labels]);
    const flat = theirs.probabilities.flat();
    ours.values.forEach((value, i) => expect(Math.abs(value - flat[i]!)).toBeLessThanOrEqual(1e-6));
    golden.values.forEach((y, i) => {
      const limit = GOLDEN_TOLERANCE * (1 + Math.abs(y));
      expect(Math.abs(ours.values[i]! - y)).toBeLessThanOrEqual(limit);
    });
    session.release();
  },
);
