// Detectors to compare with: the same score computed anew each time, and the usual z-score before and after the value has
// become part of its own mean and deviation.
import type { Score } from './detection-quality.ts';

/** The robust z-score by sorting the window twice a value. */
export function createSortingScore(windowSize: number, minSamples: number): Score {
  const window: number[] = [];
  return (value) => {
    let score = NaN;
    if (window.length + 1 >= minSamples) {
      const median = medianOf(window);
      score = (value - median) / (1.4826 * medianOf(window.map((each) => Math.abs(each - median))));
    }
    window.push(value);
    if (window.length > windowSize) window.shift();
    return score;
  };
}

/** Mean and standard deviation of the window. @param isInserted scores a value after it has come into the window */
export function createPlainScore(windowSize: number, minSamples: number, isInserted: boolean): Score {
  const window: number[] = [];
  return (value) => {
    const compared = isInserted ? [...window, value].slice(-windowSize) : window;
    const mean = compared.reduce((sum, each) => sum + each, 0) / compared.length;
    const variance = compared.reduce((sum, each) => sum + (each - mean) ** 2, 0) / compared.length;
    const score = window.length + 1 >= minSamples ? (value - mean) / Math.sqrt(variance) : NaN;
    window.push(value);
    if (window.length > windowSize) window.shift();
    return score;
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
