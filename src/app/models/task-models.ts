// Models that answer beside the decision: one that says how odd a sample is, one that says how much memory will be
// available. Each task has a name of its own, and nothing they say reaches the optimizer.
import { isRuvectorError, messageOf } from '../../core/index.ts';
import type { TaskStatus, TaskStatuses } from '../../client/index.ts';
import { createTaskHost, modelTaskError, modelTasks } from '../../models/index.ts';
import type {
  FeatureContract,
  HostWindows,
  ModelEvent,
  ModelHost,
  ModelRegistry,
  ModelTask,
  Probe,
  TaskAnswer,
} from '../../models/index.ts';
import type { Latest } from '../host/latest.ts';

/** A task whose answers decide nothing. */
export type SideTask = Exclude<ModelTask, 'classification'>;

/** Name under which a model of each task answers on a host. */
export function taskNames(modelName: string): Readonly<Record<ModelTask, string>> {
  return { classification: modelName, anomaly: `${modelName}-anomaly`, forecast: `${modelName}-forecast` };
}

/** Refuses a model under the name that another task has here. @throws ModelRejectedError `ERR_MODEL_TASK` */
export function checkTaskName(modelName: string, name: string, task: ModelTask): void {
  const names = taskNames(modelName);
  const owner = modelTasks.find((each) => names[each] === name);
  if (owner === undefined || owner === task) return;
  throw modelTaskError(
    `on this host models named "${name}" are for ${owner} and it is for ${task}; deploy it as "${names[task]}", or under a name of its own`,
    { name, task },
  );
}

/** The models beside the one that decides. */
export interface TaskModels extends AsyncDisposable {
  /** The host of a name; null for a name that answers nothing here. */
  find(name: string): ModelHost<TaskAnswer> | null;
  /** Asks what is live about the newest sample. Never rejects: an answer that fails is data. */
  answer(latest: Latest): Promise<void>;
  status(): TaskStatuses;
  /** Milliseconds on the monotonic clock of the first answer by `name@version`, once there is one. */
  firstAnswerMs(version: string): number | undefined;
}

/** Options of {@link openTaskModels}. */
export interface TaskModelsOptions extends FeatureContract {
  readonly registry: ModelRegistry;
  /** Of the model that decides. */
  readonly modelName: string;
  readonly windows: HostWindows;
  readonly probe: Probe;
  readonly onEvent: (event: ModelEvent) => void;
}

/** Opens what is live of each task; a task without a model takes no thread. */
export async function openTaskModels(options: TaskModelsOptions): Promise<TaskModels> {
  const names = taskNames(options.modelName);
  const open = async (task: SideTask): Promise<TaskModel> => {
    const name = names[task];
    return new TaskModel(task, name, await createTaskHost({ ...options, name, task }));
  };
  const [anomaly, forecast] = await Promise.all([open('anomaly'), open('forecast')]);
  const all = [anomaly, forecast];
  return {
    find: (name) => all.find((model) => model.name === name)?.host ?? null,
    answer: async (latest) => void (await Promise.all(all.map((model) => model.answer(latest)))),
    status: () => ({ anomaly: anomaly.status(), forecast: forecast.status() }),
    firstAnswerMs: (version) => all.map((model) => model.firstAnswerMs(version)).find((ms) => ms !== undefined),
    [Symbol.asyncDispose]: async () => void (await Promise.all(all.map(({ host }) => host.close()))),
  };
}

class TaskModel {
  readonly task: SideTask;
  readonly name: string;
  readonly host: ModelHost<TaskAnswer>;
  readonly #firsts = new Map<string, number>();
  #latest: TaskStatus['answer'] = null;
  #answers = 0;
  #failures = 0;
  #lastError: string | null = null;

  constructor(task: SideTask, name: string, host: ModelHost<TaskAnswer>) {
    this.task = task;
    this.name = name;
    this.host = host;
  }

  async answer({ snapshot, features, history }: Latest): Promise<void> {
    if (features === null || this.host.liveVersion === null) return;
    try {
      const answer = await this.host.predict(features, history);
      this.#answers++;
      this.#latest = { timestamp: snapshot.timestamp, ...answer };
      const { modelVersion } = answer;
      if (!this.#firsts.has(modelVersion)) this.#firsts.set(modelVersion, Number(process.hrtime.bigint()) / 1e6);
    } catch (error) {
      this.#failures++;
      this.#lastError = isRuvectorError(error) ? `${error.code}: ${error.message}` : messageOf(error);
    }
  }

  firstAnswerMs(version: string): number | undefined {
    return this.#firsts.get(version);
  }

  status(): TaskStatus {
    const { liveVersion: live } = this.host;
    return {
      name: this.name,
      live,
      // Of a model that is no longer live it says nothing about now.
      answer: this.#latest?.modelVersion === live ? this.#latest : null,
      answers: this.#answers,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }
}
