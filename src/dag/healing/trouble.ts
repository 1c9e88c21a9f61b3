// What healing reacts to: an anomaly or a drift that was seen, a crossing that is expected.
import type { TensionCrossing } from './forecast.ts';

/** Values of a detector that were anomalies since the last cycle. */
export interface AnomalyTrouble {
  readonly kind: 'anomaly';
  /** The detector. */
  readonly name: string;
  /** How many there were. */
  readonly count: number;
  /** The one with the largest score, up or down. */
  readonly value: number;
  readonly score: number;
}

/** A detector whose values drift. */
export interface DriftTrouble {
  readonly kind: 'drift';
  readonly name: string;
  /** 1 up, -1 down. */
  readonly direction: 1 | -1;
}

/** A bottleneck of a min cut. */
export interface TensionBottleneck {
  /** Ids of the operators in the cut. */
  readonly cutNodes: readonly number[];
  /** Rows a second. */
  readonly capacity: number;
  /** Offered rows over capacity. */
  readonly tension: number;
}

/** What an analysis of a min cut says that matters here. */
export interface TensionAnalysis {
  /** Offered load over capacity, the largest one. Infinite where nothing flows. */
  readonly maxTension: number;
  /** Variance of latency; left out where none was measured. */
  readonly latencyVariance?: number | undefined;
  readonly bottlenecks: readonly TensionBottleneck[];
}

/** A signal that is expected to cross its threshold. */
export interface PredictedTrouble extends TensionCrossing {
  readonly kind: 'prediction';
  readonly name: 'maxTension' | 'latencyVariance';
  readonly threshold: number;
  /** Those of the last analysis. */
  readonly bottlenecks: readonly TensionBottleneck[];
}

/** One of them; `kind` tells which. */
export type Trouble = AnomalyTrouble | DriftTrouble | PredictedTrouble;

/** One sentence about a trouble. */
export function describeTrouble(trouble: Trouble): string {
  if (trouble.kind === 'anomaly') {
    const { name, count, value, score } = trouble;
    const values = count === 1 ? '1 anomaly' : `${count} anomalies, the largest`;
    return `${name}: ${values} ${short(value)}, ${short(score)} deviations from the median`;
  }
  if (trouble.kind === 'drift') return `${trouble.name} drifts ${trouble.direction > 0 ? 'up' : 'down'}`;
  const { name, threshold, steps, probability, bottlenecks } = trouble;
  const nodes = bottlenecks.flatMap(({ cutNodes }) => cutNodes);
  const where = nodes.length === 0 ? '' : `, at operators ${[...new Set(nodes)].join(', ')}`;
  const when = steps === 0 ? 'is beyond' : `will be beyond`;
  const horizon = steps === 0 ? '' : ` in ${steps} steps`;
  return `${name} ${when} ${threshold}${horizon} (chance ${short(probability)})${where}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
