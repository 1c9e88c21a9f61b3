// What an answer must be before it counts as one: probabilities of the model's classes, and the label that has
// the highest. Held against golden rows when a package comes in, and against what the model really answers.
import { findProbabilityFlaw } from '../core/plain/index.ts';
import { notFiniteError, probabilitiesError } from './errors.ts';

/** Answers of a model on a batch of rows. */
export interface BatchAnswer {
  /** Label index of each row. */
  readonly labels: ArrayLike<number>;
  /** rows × classes. */
  readonly probabilities: Float32Array;
}

/** A label this close below the highest probability is a tie, and no other answer. */
const TIE_MARGIN = 1e-4;

/**
 * Refuses answers that are none.
 * @param classes label index of each probability column
 * @param nameRow what a row of the batch is called in the message
 * @throws ModelRejectedError `ERR_MODEL_NAN` for values that are not finite, `ERR_MODEL_PROBABILITIES` for raw
 *   scores, shares that do not sum to 1, and labels that are outside the classes or not the most probable one
 */
export function checkAnswers(
  { labels, probabilities }: BatchAnswer,
  classes: readonly number[],
  nameRow: (row: number) => string,
): void {
  const width = classes.length;
  for (let row = 0; row < labels.length; row++) {
    const shares = probabilities.subarray(row * width, (row + 1) * width);
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
