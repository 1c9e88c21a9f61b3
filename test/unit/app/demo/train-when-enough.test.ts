import { describe, expect, it } from 'vitest';
import { RuvectorError } from '../../../../src/core/index.ts';
import type { TrainingAnswer } from '../../../../src/client/index.ts';
import { trainWhenEnough } from '../../../../src/app/demo/train-when-enough.ts';

const answer = {} as TrainingAnswer;

const failure = (trainerCode: string | null): RuvectorError =>
  new RuvectorError(
    'ERR_TRAINER_FAILED',
    'Cannot train model "m": all rows have one label; collect for longer',
    {
      details: { trainerCode },
    },
  );

/** Trains with these ends, one after another, and notes what happened. */
async function run(ends: readonly (RuvectorError | TrainingAnswer)[]) {
  const trainedOn: number[] = [];
  const waited: number[] = [];
  const said: string[] = [];
  const train = (seconds: number): Promise<TrainingAnswer> => {
    const end = ends[trainedOn.length] ?? failure('ERR_PREPARE_ONE_CLASS');
    trainedOn.push(seconds);
    return end instanceof RuvectorError ? Promise.reject(end) : Promise.resolve(end);
  };
  const wait = (seconds: number): Promise<void> => {
    waited.push(seconds);
    return Promise.resolve();
  };
  const outcome = await trainWhenEnough(train, 50, wait, (text) => said.push(text)).catch(
    (error: unknown) => error,
  );
  return { outcome, trainedOn, waited, said };
}

describe('trainWhenEnough()', () => {
  it('waits for nothing when the first training succeeds', async () => {
    expect(await run([answer])).toEqual({ outcome: answer, trainedOn: [50], waited: [], said: [] });
  });

  it.each(['ERR_PREPARE_ONE_CLASS', 'ERR_PREPARE_TOO_FEW_ROWS'])(
    'says so, collects on and trains again after %s',
    async (code) => {
      const { outcome, trainedOn, waited, said } = await run([failure(code), failure(code), answer]);
      expect(outcome).toBe(answer);
      expect(trainedOn).toEqual([50, 65, 80]);
      expect(waited).toEqual([15, 15]);
      expect(said[0]).toBe('  not yet: Cannot train model "m": all rows have one label');
      expect(said[1]).toBe('  collecting for 15 s more');
    },
  );

  it('ends with the error of the last training after 60 s more', async () => {
    const { outcome, trainedOn, waited } = await run([]);
    expect(outcome).toMatchObject({ code: 'ERR_TRAINER_FAILED' });
    expect(trainedOn).toEqual([50, 65, 80, 95, 110]);
    expect(waited).toEqual([15, 15, 15, 15]);
  });

  it.each(['ERR_TRAIN_MEMORY', null])('goes on after no other failure: %s', async (code) => {
    const first = failure(code);
    const { outcome, trainedOn } = await run([first, answer]);
    expect(outcome).toBe(first);
    expect(trainedOn).toEqual([50]);
  });
});
