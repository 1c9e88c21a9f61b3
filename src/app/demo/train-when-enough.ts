// Training on a history that may not hold enough yet: chance can give the rows to train on one label alone.
import type { TrainingAnswer } from '../../client/index.ts';
import { isRuvectorError } from '../../core/index.ts';

/** What is collected when there is too little, and at most in all. */
const MORE_SECONDS = 15;
const MOST_MORE_SECONDS = 60;

/** Codes of a history that nothing can be learnt from yet. */
const tooLittle: ReadonlySet<unknown> = new Set(['ERR_PREPARE_TOO_FEW_ROWS', 'ERR_PREPARE_ONE_CLASS']);

/** What is trained; null where what was seen so far has too little in it, which is said. */
export async function trainIfEnough(
  training: Promise<TrainingAnswer>,
  say: (text: string) => void,
): Promise<TrainingAnswer | null> {
  try {
    return await training;
  } catch (error) {
    // The trainer's Python asks for the rows, so that the error is one of the trainer, and its cause inside.
    if (!isRuvectorError(error) || !tooLittle.has(error.details['trainerCode'])) throw error;
    // Without its advice, which is what the demo does now.
    say(`  not yet: ${error.message.replace(/;[^;]*$/, '')}`);
    return null;
  }
}

/**
 * Trains; where there is too little, collects for 15 s more first, up to four times.
 * @param train on the newest seconds of that number
 * @param collectSeconds that were collected
 * @throws what the fifth training throws
 */
export async function trainWhenEnough(
  train: (seconds: number) => Promise<TrainingAnswer>,
  collectSeconds: number,
  wait: (seconds: number) => Promise<void>,
  say: (text: string) => void,
): Promise<TrainingAnswer> {
  let seconds = collectSeconds;
  for (; seconds < collectSeconds + MOST_MORE_SECONDS; seconds += MORE_SECONDS) {
    const trained = await trainIfEnough(train(seconds), say);
    if (trained !== null) return trained;
    say(`  collecting for ${MORE_SECONDS} s more`);
    await wait(MORE_SECONDS);
  }
  return train(seconds);
}
