// What models of other tasks say, in words: for `status`, `decide` and `models`.
import type { TaskStatus, TaskStatuses } from '../../client/index.ts';

/** A line for each task that has a model, or failed to answer. */
export function describeTasks(tasks: TaskStatuses): [string, string][] {
  return (['anomaly', 'forecast'] as const).flatMap((task): [string, string][] => {
    const status = tasks[task];
    return status.live === null && status.lastError === null ? [] : [[task, describeTask(status)]];
  });
}

function describeTask({ live, answer, failures, lastError }: TaskStatus): string {
  const failed = failures > 0 ? `; ${failures} answers failed, the last: ${lastError}` : '';
  if (live === null) return `no model is live${failed}`;
  return `${answer === null ? 'no answer yet' : describeAnswer(answer)}, by ${live}${failed}`;
}

function describeAnswer(answer: NonNullable<TaskStatus['answer']>): string {
  if (answer.task === 'anomaly') {
    return `${answer.isAnomalous ? 'ODD' : 'as usual'} (score ${answer.score.toFixed(3)}, odd above 0)`;
  }
  const ahead = answer.horizonMs === null ? '' : ` in ${answer.horizonMs / 1000} s`;
  return `${answer.availablePercent.toFixed(1)} % of memory available${ahead}`;
}

/** A score by whatever the task of a model is measured with; undefined when it was never measured. */
export function writeFigure(score: {
  readonly macroF1?: number | null;
  readonly averagePrecision?: number | null;
  readonly mae?: number | null;
}): string | undefined {
  const known = (value: number | null | undefined): value is number => typeof value === 'number';
  if (known(score.macroF1)) return `macro-F1 ${score.macroF1.toFixed(3)}`;
  if (known(score.averagePrecision)) return `average precision ${score.averagePrecision.toFixed(3)}`;
  if (known(score.mae)) return `mean absolute error ${score.mae.toFixed(3)} % of memory`;
  return undefined;
}
