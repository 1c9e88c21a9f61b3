// What an answer must be before it counts as one: of a classifier probabilities of its classes and the label that has
// the highest, of a detector a score and whether it is odd, of a forecast a number. Held against golden rows when a
// package comes in, and against what the model really answers.
import { findProbabilityFlaw } from '../core/plain/index.ts';
import type { AnswerShape } from './answer-shape.ts';
import { modelShapeError, notFiniteError, probabilitiesError } from './errors.ts';

/** Answers of a model on a batch of rows. */
export interface BatchAnswer {
  /** Label index of each row; 1 for a row that a detector finds odd, else 0; all 0 of a forecast. */
  readonly labels: ArrayLike<number>;
  /** Probabilities, score or value: rows × width of the {@link AnswerShape}. */
  readonly values: Float32Array;
}

/** A label this close below the highest probability is a tie, and no other answer. */
const TIE_MARGIN = 1e-4;

/**
 * Refuses answers that are none.
 * @param nameRow what a row of the batch is called in the message
 * @throws ModelRejectedError `ERR_MODEL_NAN` for values that are not finite, `ERR_MODEL_PROBABILITIES` for raw
 *   scores, shares that do not sum to 1, and labels that are outside the classes or not the most probable one,
 *   `ERR_MODEL_SHAPE` for a detector's label that is neither 0 nor 1
 */
export function checkAnswers(
  { labels, values }: BatchAnswer,
  { task, classes, width }: AnswerShape,
  nameRow: (row: number) => string,
): void {
  for (let row = 0; row < labels.length; row++) {
    const shares = values.subarray(row * width, (row + 1) * width);
    if (task !== 'classification') {
      if (!shares.every(Number.isFinite)) throw notFinite(nameRow(row));
      if (labels[row] === 0 || labels[row] === 1) continue;
      throw modelShapeError(`the answer to ${nameRow(row)} has label ${labels[row]}; export a detector with 1 for odd rows and 0 for others`);
    }
    const flaw = findFlaw(labels[row]!, shares, classes);
    if (flaw === null) continue;
    if (!shares.every(Number.isFinite)) throw notFinite(nameRow(row));
    throw probabilitiesError(`the answer to ${nameRow(row)} ${flaw}; export it with probabilities of its classes, as predict_proba gives them`,
      { label: labels[row], probabilities: [...shares], classes },
    );
  }
}

function findFlaw(label: number, shares: Float32Array, classes: readonly number[]): string | null {
  const flaw = findProbabilityFlaw(shares);
  if (flaw !== null) return flaw;
  const at = classes.indexOf(label);
  if (at < 0) return `has label ${label}, which is not among its classes ${classes.join(', ')}`;
  const best = shares.indexOf(Math.max(...shares));
  if (shares[best]! - shares[at]! <= TIE_MARGIN) return null;
  return (
    `has label ${label} with probability ${shares[at]!.toPrecision(3)}, while label ${classes[best]} has ` +
    `${shares[best]!.toPrecision(3)}: the label is not the most probable class`
  );
}

function notFinite(row: string): Error {
  return notFiniteError(`it answers ${row} with a value that is not finite; train or export it again`,
    { row },
  );
}
