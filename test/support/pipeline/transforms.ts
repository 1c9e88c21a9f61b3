// Transforms that tests and benches run in workers, good ones and bad ones.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, threadId } from 'node:worker_threads';
import * as arrow from 'apache-arrow';
import type { Batch, Transform } from '../../../src/pipeline/index.ts';

const numbers = (batch: Batch): Float64Array =>
  (batch.data.children[0]!.values as Float64Array).subarray(0, batch.numRows);

const schemaOf = (name: string): arrow.Schema =>
  new arrow.Schema([new arrow.Field(name, new arrow.Float64(), false)]);

function batchOf(name: string, values: Float64Array): Batch {
  const schema = schemaOf(name);
  const column = arrow.makeData({ type: new arrow.Float64(), data: values });
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length: values.length, nullCount: 0, children: [column] }),
  );
}

const stateless = (
  transform: (batch: Batch) => Batch | null | Promise<Batch | null>,
  schema: Transform['schema'] = (input) => input,
): Transform => ({ schema, transform, memoryUsage: () => 0 });

/** x → x × factor. */
export const multiply = ({ factor }: { factor: number }): Transform =>
  stateless(
    (batch) =>
      batchOf(
        'product',
        numbers(batch).map((value) => value * factor),
      ),
    () => schemaOf('product'),
  );

/** Gives its input: columns stay views of where it lay. */
export const same = (): Transform => stateless((batch) => batch);

/** No rows at all. */
export const nothing = (): Transform => stateless(() => null);

/** Computes on a column: some 100 ns a row. */
export const compute = ({ rounds = 20 }: { rounds?: number } = {}): Transform =>
  stateless((batch) => {
    const values = numbers(batch).slice();
    for (let i = 0; i < values.length; i++) {
      let value = values[i]!;
      for (let round = 0; round < rounds; round++) value = Math.sin(value) + Math.sqrt(Math.abs(value));
      values[i] = value;
    }
    return batchOf(batch.schema.fields[0]!.name, values);
  });

/** Waits for each batch, and says which thread it was. */
export const slow = ({ ms }: { ms: number }): Transform =>
  stateless(async (batch) => {
    await sleep(ms);
    return batchOf('thread', new Float64Array(batch.numRows).fill(threadId));
  });

/** The sum of all rows so far: it keeps every batch, which a slot would not survive. */
export function sums(): Transform {
  let kept: Batch[] = [];
  return {
    schema: () => schemaOf('sum'),
    transform(batch) {
      kept.push(batch);
      const sum = kept.reduce((total, each) => total + numbers(each).reduce((a, b) => a + b, 0), 0);
      return batchOf('sum', Float64Array.of(sum));
    },
    memoryUsage: () => kept.reduce((bytes, each) => bytes + numbers(each).byteLength, 0),
    reset: () => void (kept = []),
  };
}

/** Ends its thread, one way or another, for a batch whose first value is negative; `once` only the first time. */
export const deadly = ({ way, lives }: { way: Death; lives?: SharedArrayBuffer }): Transform =>
  stateless(async (batch) => {
    if (numbers(batch)[0]! >= 0) return batch;
    if (lives && Atomics.add(new Int32Array(lives), 0, 1) > 0) return batch;
    await deaths[way]();
    return batch;
  });

export type Death = keyof typeof deaths;

const deaths = {
  exit: () => process.exit(0),
  'exit code': () => process.exit(3),
  'uncaught error': async () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
    await sleep(60_000);
  },
  'unhandled rejection': async () => {
    void Promise.reject(new Error('nobody handles this'));
    await sleep(60_000);
  },
  'out of memory': () => {
    const hoard: number[][] = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, Math.random));
  },
};

/** Never returns, busy or waiting, for a batch whose first value is negative. */
export const endless = ({ isBusy }: { isBusy: boolean }): Transform =>
  stateless((batch) => {
    if (numbers(batch)[0]! >= 0) return batch;
    if (isBusy) for (;;);
    return new Promise(() => {});
  });

/** Throws for a batch whose first value is negative. */
export const refusing = (): Transform =>
  stateless((batch) => {
    if (numbers(batch)[0]! < 0)
      throw Object.assign(new RangeError('negative values'), { code: 'E_NEGATIVE' });
    return batch;
  });

/** Makes no transform. */
export const halfMade = (): object => ({ schema: () => schemaOf('x') });

/** Takes no columns at all. */
export const picky = (): Transform =>
  stateless(
    (batch) => batch,
    () => {
      throw new TypeError('column "price" is missing');
    },
  );

/** Counts how often it was closed, where its threads can see it. */
export const closing = ({ closed }: { closed: SharedArrayBuffer }): Transform => ({
  ...stateless((batch) => batch),
  close: async () => void Atomics.add(new Int32Array(closed), 0, 1),
});

/** Only ever made in a worker. */
export function neverOnMain(): Transform {
  if (isMainThread) throw new Error('made on the main thread');
  return stateless((batch) => batch);
}
