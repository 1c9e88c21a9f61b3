// Feedback for online learning: what was predicted and what came, over the newest answers. No I/O.
import { labels } from '../../core/index.ts';
import type { Label } from '../../core/index.ts';

/** What the newest predictions were worth. */
export interface FeedbackStats {
  /** Predictions compared since the start. */
  readonly count: number;
  /** Predictions the window holds now. */
  readonly windowCount: number;
  /** Most it holds. */
  readonly windowSize: number;
  /** Share of wrong ones in the window, 0 to 1; null while it is empty. */
  readonly errorRate: number | null;
  /** Mean distance between predicted and actual label, in steps of severity, 0 to 3; null while empty. */
  readonly meanSeverityError: number | null;
}

/** Predictions compared with what came. */
export interface ErrorWindow {
  record(predicted: Label, actual: Label): void;
  /** Forgets the window, not the count: a new model starts with a clean one. */
  clear(): void;
  stats(): FeedbackStats;
}

/** Creates an empty window over the newest `size` predictions. */
export function createErrorWindow(size: number): ErrorWindow {
  const distances: number[] = [];
  let count = 0;
  const mean = (value: (distance: number) => number): number | null =>
    distances.length === 0 ? null : distances.reduce((sum, d) => sum + value(d), 0) / distances.length;
  return {
    record(predicted, actual) {
      count++;
      distances.push(Math.abs(labels.indexOf(predicted) - labels.indexOf(actual)));
      if (distances.length > size) distances.shift();
    },
    clear: () => void distances.splice(0),
    stats: () => ({
      count,
      windowCount: distances.length,
      windowSize: size,
      errorRate: mean((distance) => (distance === 0 ? 0 : 1)),
      meanSeverityError: mean((distance) => distance),
    }),
  };
}
