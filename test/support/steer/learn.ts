// Runs statements under steering until something is known of them: no test waits for a number of runs.
import { describeRows } from '../../../src/app/steer/compare.ts';
import type { RunStatement } from '../../../src/app/steer/compare.ts';
import type { Steering, TemplateSummary } from '../../../src/steer/index.ts';

const MOST_PASSES = 200;

/** Runs statements both ways, pass after pass, until `isDone`; each answer must be the default's. */
export async function learnUntil(
  runDefault: RunStatement,
  steered: { readonly query: RunStatement; readonly steering: Steering },
  statements: readonly string[],
  isDone: (templates: readonly TemplateSummary[]) => boolean,
): Promise<void> {
  const answers = new Map<string, string>();
  for (const sql of statements) answers.set(sql, describeRows(sql, (await runDefault(sql)).rows));
  for (let pass = 0; !isDone(steered.steering.status().templates); pass++) {
    if (pass === MOST_PASSES)
      throw new Error(`Not so after ${pass} passes: ${JSON.stringify(steered.steering.status())}`);
    for (const sql of statements) {
      const { rows } = await steered.query(sql);
      if (describeRows(sql, rows) !== answers.get(sql))
        throw new Error(`Another answer than the default's: ${sql}`);
    }
    await steered.steering.settled();
  }
}
