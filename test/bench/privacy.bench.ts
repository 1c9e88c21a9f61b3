// How fast tables are anonymised: the first pass (counting groups) and the second (releasing rows), on process rows
// in memory.
import * as arrow from 'apache-arrow';
import polars from 'nodejs-polars';
import { processKind, toArrowSchema } from '../../src/core/index.ts';
import { createAnonymizer } from '../../src/prepare/index.ts';
import type { AnonymizationPlan } from '../../src/prepare/index.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const batchRows = 32_768;
const batchCount = 16;
const rows = batchRows * batchCount;
const processes = 300;

/** 300 processes of 60 names, every 10 s: half a million rows are five hours. */
function* processBatches(): Generator<arrow.RecordBatch> {
  const schema = toArrowSchema(processKind);
  const names = Array.from({ length: processes }, (_, i) => `worker-${i % 60}`);
  for (let batch = 0; batch < batchCount; batch++) {
    const children = processKind.fields.map(({ name, type }, column) => {
      const arrowType = schema.fields[column]!.type;
      const value = (i: number): number => valueOf(name, batch * batchRows + i);
      if (type === 'utf8') {
        const texts = Array.from(
          { length: batchRows },
          (_, i) => names[(batch * batchRows + i) % processes]!,
        );
        return arrow.vectorFromArray(texts, new arrow.Utf8()).data[0]!;
      }
      const data =
        type === 'int32'
          ? Int32Array.from({ length: batchRows }, (_, i) => value(i))
          : type === 'float32'
            ? Float32Array.from({ length: batchRows }, (_, i) => value(i))
            : BigInt64Array.from({ length: batchRows }, (_, i) => BigInt(value(i)));
      return arrow.makeData({ type: arrowType, data } as never);
    });
    const struct = new arrow.Struct(schema.fields);
    yield new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: batchRows, children }));
  }
}

function valueOf(name: string, row: number): number {
  if (name === 'timestamp') return 1_700_000_000_000 + Math.floor(row / processes) * 10_000;
  if (name === 'pid') return 1000 + (row % processes);
  if (name === 'start_time_ticks') return 5000 + (row % processes) * 7;
  return 100_000 + row;
}

async function* cases(): AsyncGenerator<BenchCase> {
  const frame = polars
    .readIPC(Buffer.from(arrow.tableToIPC(new arrow.Table([...processBatches()]), 'file')))
    .lazy();
  const partitions = [{ maxRows: rows, open: () => Promise.resolve(frame) }];
  let plan: AnonymizationPlan = await createAnonymizer().planPartitions(processKind, partitions);
  const base = {
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'none: no comparable tool',
    anchor: null,
  } as const;
  yield {
    ...base,
    bench: 'privacy.plan',
    case: '0.5M process rows, first pass',
    ours: async () => {
      const from = performance.now();
      plan = await createAnonymizer().planPartitions(processKind, partitions);
      return (rows / (performance.now() - from)) * 1000;
    },
    goal: (rate) => rate >= 1e6,
  };
  yield {
    ...base,
    bench: 'privacy.apply',
    case: '0.5M process rows, second pass',
    ours: async () => {
      const from = performance.now();
      await plan.applyFrame(frame).collect();
      return (rows / (performance.now() - from)) * 1000;
    },
    goal: (rate) => rate >= 1e6,
  };
}

export const topics: readonly BenchTopic[] = [{ name: 'privacy', cases }];
