// What an operator asks of a machine, whatever the machine: operations, bytes, a working set, branches that cannot be
// foreseen. Counted from rows and bytes of a row; the factors are orders of magnitude, not measurements.
import type { CostContext, OperatorNode } from '../graph/index.ts';
import { countPairs, numberOf } from './cardinality.ts';

/** What an operator does in all. */
export interface OperatorLoad {
  /** Simple arithmetic operations. */
  readonly operations: number;
  /** Bytes read from where rows are kept, or written there. */
  readonly storageBytes: number;
  /** Bytes that go through memory. */
  readonly memoryBytes: number;
  /** Bytes that are needed at the same time. */
  readonly workingBytes: number;
  /** Branches whose way depends on the data. */
  readonly branches: number;
}

/** What is counted of an operator: rows and bytes in and out. */
interface Flow {
  readonly rowsIn: number;
  readonly bytesIn: number;
  readonly rowsOut: number;
  readonly bytesOut: number;
  readonly innerBytes: number;
  readonly pairs: number;
  readonly details: OperatorNode['details'];
}

/** Bytes of a row of which nobody knows. */
const unknownRowBytes = 64;
const log2 = (rows: number): number => Math.log2(Math.max(2, rows));

type Shape = (flow: Flow) => Partial<OperatorLoad>;

/** @param operations for each row that comes in */
const perRow =
  (operations: number, branches = 0): Shape =>
  ({ rowsIn }) => ({ operations: rowsIn * operations, branches: rowsIn * branches });

const scan: Shape = ({ rowsOut, bytesOut }) => ({ operations: rowsOut * 4, storageBytes: bytesOut });

/** A distance for each vector that is looked at: a multiplication and an addition for each of its numbers. */
const vectorScan =
  (detail: string, vectors: number): Shape =>
  ({ rowsOut, bytesOut, details }) => {
    const rowBytes = rowsOut > 0 ? bytesOut / rowsOut : unknownRowBytes;
    const seen = numberOf(details[detail], 1) * vectors;
    return { operations: (seen * rowBytes) / 2, storageBytes: seen * rowBytes, branches: seen * log2(seen) };
  };

const hash: Shape = ({ rowsIn, innerBytes }) => ({
  operations: rowsIn * 16,
  branches: rowsIn,
  workingBytes: innerBytes * 1.5,
});

const shapes: Readonly<Record<OperatorNode['type'], Shape>> = {
  seq_scan: scan,
  index_scan: (flow) => ({ ...scan(flow), operations: flow.rowsOut * 16, branches: flow.rowsOut * 4 }),
  hnsw_scan: vectorScan('efSearch', 32),
  ivf_flat_scan: vectorScan('probes', 1000),
  nested_loop_join: ({ pairs }) => ({ operations: pairs * 4, branches: pairs }),
  hash_join: hash,
  merge_join: perRow(8, 1),
  aggregate: perRow(4),
  group_by: ({ rowsIn, bytesOut }) => ({
    operations: rowsIn * 16,
    branches: rowsIn,
    workingBytes: bytesOut * 1.5,
  }),
  filter: perRow(2, 1),
  project: perRow(4),
  sort: ({ rowsIn, bytesIn }) => ({
    operations: rowsIn * log2(rowsIn) * 4,
    memoryBytes: bytesIn * log2(rowsIn),
    branches: rowsIn * log2(rowsIn) * 0.5,
    workingBytes: bytesIn,
  }),
  limit: perRow(1),
  vector_distance: ({ bytesIn }) => ({ operations: bytesIn / 2 }),
  rerank: ({ bytesIn }) => ({ operations: bytesIn * 2 }),
  materialize: ({ rowsIn, bytesIn }) => ({ operations: rowsIn * 2, workingBytes: bytesIn }),
  append: perRow(1),
  write: ({ rowsIn, bytesIn }) => ({ operations: rowsIn * 4, storageBytes: bytesIn }),
  transform: perRow(8),
  result: perRow(1),
  other: perRow(8),
};

/** @param rowsOut rows that it gives in all */
export function loadOf(op: OperatorNode, context: CostContext, rowsOut: number): OperatorLoad {
  const { inputRows, inputRowBytes } = context;
  const bytes = inputRows.map((rows, at) => rows * (inputRowBytes[at] || unknownRowBytes));
  const flow: Flow = {
    rowsIn: inputRows.reduce((sum, rows) => sum + rows, 0),
    bytesIn: bytes.reduce((sum, size) => sum + size, 0),
    rowsOut,
    bytesOut: rowsOut * (op.facts.rowBytes || unknownRowBytes),
    innerBytes: Math.min(...(bytes.length > 0 ? bytes : [0])),
    pairs: countPairs(context),
    details: op.details,
  };
  const memoryBytes = flow.bytesIn + flow.bytesOut;
  const none = { operations: 0, storageBytes: 0, workingBytes: 0, branches: 0 };
  return { ...none, memoryBytes, ...shapes[op.type](flow) };
}
