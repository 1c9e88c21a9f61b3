// Roofline models (Williams, Waterman, Patterson 2009): a machine is busy with whatever takes longest, operations or bytes.
// They tell which of two plans suits a machine, and in which order of magnitude; they simulate nothing and know no cache
// but its line. Every figure of the machine is an option.
import type { CostContext, CostModel, OperatorNode } from '../graph/index.ts';
import { estimateRows } from './cardinality.ts';
import { costOptionError } from './errors.ts';
import { loadOf } from './operator-load.ts';
import { Statistics } from './statistics.ts';

/** Options of {@link EmbeddedCostModel}: a small device that keeps rows in flash. */
export interface EmbeddedCostOptions {
  /** Memory that an operator may use, in KiB. */
  readonly ramKb: number;
  /** Wait for the first byte of a flash page, in ns. */
  readonly flashLatencyNs: number;
  /** Bytes of a flash page. @default 256 */
  readonly flashPageBytes?: number;
  /** Bytes a second out of flash. @default 40e6 */
  readonly flashBytesPerSecond?: number;
  /** Bytes a second through memory. @default 200e6 */
  readonly ramBytesPerSecond?: number;
  /** Simple operations a second. @default 100e6 */
  readonly operationsPerSecond?: number;
}

/** Options of {@link ChipCostModel}: one core and its memory. */
export interface ChipCostOptions {
  readonly clockMhz: number;
  /** Stages of the pipeline: cycles that a branch costs which was foreseen wrongly. */
  readonly pipelineDepth: number;
  readonly cacheLineBytes: number;
  /** Simple operations a cycle. @default 1 */
  readonly operationsPerCycle?: number;
  /** Cycles from one cache line to the next when memory is read in a row. @default 8 */
  readonly cyclesPerLine?: number;
  /** Share of branches on data that are foreseen wrongly. @default 0.1 */
  readonly mispredictedShare?: number;
}

const nothing = new Statistics();

/** Time of operators on a small device, in µs. */
export class EmbeddedCostModel implements CostModel {
  readonly unit = 'µs';
  readonly #machine: Required<EmbeddedCostOptions>;

  /** @throws RuvectorError `ERR_DAG_COST_OPTIONS` for an option that cannot be */
  constructor(options: EmbeddedCostOptions) {
    const defaults = {
      ...{ flashPageBytes: 256, flashBytesPerSecond: 40e6 },
      ...{ ramBytesPerSecond: 200e6, operationsPerSecond: 100e6 },
    };
    this.#machine = { ...defaults, ...options };
    checkOptions('EmbeddedCostModel', this.#machine, ['flashLatencyNs']);
  }

  estimateCardinality(op: OperatorNode, context: CostContext): number {
    return estimateRows(op, context, nothing);
  }

  /**
   * The longest of operations, memory and flash, and the wait for each flash page. What does not fit into memory is
   * written to flash and read back, once for each time that its parts have to be halved.
   */
  estimateCost(op: OperatorNode, context: CostContext): number {
    const machine = this.#machine;
    const load = loadOf(op, context, this.estimateCardinality(op, context));
    const passes = Math.ceil(Math.max(0, Math.log2(load.workingBytes / (machine.ramKb * 1024))));
    const flashBytes = load.storageBytes + 2 * passes * load.workingBytes;
    const seconds = Math.max(
      load.operations / machine.operationsPerSecond,
      load.memoryBytes / machine.ramBytesPerSecond,
      flashBytes / machine.flashBytesPerSecond,
    );
    return seconds * 1e6 + (Math.ceil(flashBytes / machine.flashPageBytes) * machine.flashLatencyNs) / 1000;
  }

  /** 1: the options have it all. */
  platformOverhead(): number {
    return 1;
  }
}

/** Time of operators on a core, in µs. Not the cycles that they take: a bound from three figures. */
export class ChipCostModel implements CostModel {
  readonly unit = 'µs';
  readonly #machine: Required<ChipCostOptions>;

  /** @throws RuvectorError `ERR_DAG_COST_OPTIONS` for an option that cannot be */
  constructor(options: ChipCostOptions) {
    this.#machine = { operationsPerCycle: 1, cyclesPerLine: 8, mispredictedShare: 0.1, ...options };
    checkOptions('ChipCostModel', this.#machine, ['mispredictedShare', 'pipelineDepth']);
  }

  estimateCardinality(op: OperatorNode, context: CostContext): number {
    return estimateRows(op, context, nothing);
  }

  /** The longer of operations and cache lines, and the pipeline filled anew for each branch foreseen wrongly. */
  estimateCost(op: OperatorNode, context: CostContext): number {
    const machine = this.#machine;
    const load = loadOf(op, context, this.estimateCardinality(op, context));
    const lines = (load.memoryBytes + load.storageBytes) / machine.cacheLineBytes;
    const busy = Math.max(load.operations / machine.operationsPerCycle, lines * machine.cyclesPerLine);
    const refills = load.branches * machine.mispredictedShare * machine.pipelineDepth;
    return (busy + refills) / machine.clockMhz;
  }

  /** 1: the options have it all. */
  platformOverhead(): number {
    return 1;
  }
}

function checkOptions(model: string, options: object, maybeZero: readonly string[]): void {
  for (const [option, value] of Object.entries(options) as [string, unknown][]) {
    const isZeroFine = maybeZero.includes(option);
    const isFine =
      typeof value === 'number' && Number.isFinite(value) && (isZeroFine ? value >= 0 : value > 0);
    if (!isFine) {
      throw costOptionError(model, option, value, `a finite number ${isZeroFine ? 'from 0 on' : 'above 0'}`);
    }
  }
}
