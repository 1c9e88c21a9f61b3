// What a model answers a row with, by its task: a label or none, and a number of values. Pure.
import { taskOf } from './manifest.ts';
import type { ModelManifest, ModelTask } from './manifest.ts';

/** The answer of a model to one row. */
export interface AnswerShape {
  readonly task: ModelTask;
  /** Label index of each probability column; none unless it classifies. */
  readonly classes: readonly number[];
  /** Values of a row: the probabilities of the classes, the score of a detector, the value of a forecast. */
  readonly width: number;
  /** The output with the label; null where a model gives none. */
  readonly labelOutput: string | null;
  /** The output with the values. */
  readonly valuesOutput: string;
}

/** What a model answers that does not decide. */
export type TaskAnswer =
  | {
      readonly task: 'anomaly';
      readonly isAnomalous: boolean;
      /** Larger is more anomalous; above 0 is anomalous. */
      readonly score: number;
      readonly modelVersion: string;
    }
  | {
      readonly task: 'forecast';
      /** Memory available in percent of MemTotal, one horizon of its training after the row. */
      readonly availablePercent: number;
      /** That horizon; null when its trainer did not say. */
      readonly horizonMs: number | null;
      readonly modelVersion: string;
    };

/** Reads the shape off a manifest that was checked. */
export function answerShapeOf(manifest: Pick<ModelManifest, 'task' | 'outputs' | 'classes'>): AnswerShape {
  const task = taskOf(manifest);
  const classes = manifest.classes ?? [];
  const named = manifest.outputs as Readonly<Record<string, string>>;
  const valuesOutput = named[valueNames[task]]!;
  const width = task === 'classification' ? classes.length : 1;
  return { task, classes, width, labelOutput: named['label'] ?? null, valuesOutput };
}

/** What the manifest calls the output with the values. */
const valueNames: Readonly<Record<ModelTask, string>> = {
  classification: 'probabilities',
  anomaly: 'score',
  forecast: 'value',
};
