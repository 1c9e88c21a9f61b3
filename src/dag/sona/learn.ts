// Learning from a bundle of runs: a pure function of what it is given, so that it runs here or in a worker, with the same
// result. Everything in a task and its result can be handed to another thread.
import { consolidate } from './ewc.ts';
import type { Consolidation } from './ewc.ts';
import { MicroLora } from './lora.ts';
import type { LoraCores, LoraShape } from './lora.ts';
import type { EmbeddingPart } from './plan-embedding.ts';

/** One run, as it is learned from. */
export interface LearningRun {
  /** Which of the task's patterns. */
  readonly pattern: number;
  /** Number of the mechanism. */
  readonly mechanism: number;
  /** ln(time / baseline). */
  readonly logRatio: number;
  /** What the learning rate is multiplied by. */
  readonly boost: number;
}

/** A pattern of the task's runs. */
export interface LearningPattern {
  readonly signature: string;
  readonly parts: readonly EmbeddingPart[];
  readonly cores: LoraCores;
}

/** What is learned from, and what was known before. It is not changed. */
export interface LearningTask {
  readonly shape: LoraShape;
  readonly baseHead: Float64Array | null;
  readonly shared: Float64Array;
  readonly consolidation: Consolidation;
  readonly patterns: readonly LearningPattern[];
  /** In the order in which they happened. */
  readonly runs: readonly LearningRun[];
  readonly learningRate: number;
  readonly coreLearningRate: number;
  readonly ewcLambda: number;
  readonly passes: number;
  readonly consolidateEvery: number;
  readonly fisherDecay: number;
}

/** What is known afterwards. */
export interface LearningResult {
  readonly shared: Float64Array;
  readonly consolidation: Consolidation;
  /** In the order of the task's patterns. */
  readonly cores: readonly LoraCores[];
  readonly report: LearningReport;
}

/** How a bundle of runs was learned. */
export interface LearningReport {
  readonly trajectories: number;
  /** Steps: runs times passes. */
  readonly updates: number;
  /** Mean of ½(predicted − observed)² over the runs, before; 0 without runs. */
  readonly lossBefore: number;
  /** The same afterwards. */
  readonly lossAfter: number;
  readonly consolidations: number;
}

/** Learns. */
export function learn(task: LearningTask): LearningResult {
  const { runs, passes, consolidateEvery, fisherDecay } = task;
  const model = new MicroLora(task.shape, task.shared.slice(), task.baseHead);
  const cores = task.patterns.map((pattern) => copyCores(pattern.cores));
  const inputOf = ({ pattern, mechanism }: LearningRun): LearningInput => ({
    parts: task.patterns[pattern]!.parts,
    cores: cores[pattern]!,
    mechanism,
  });
  const lossBefore = meanLoss(model, runs, inputOf);
  let consolidation = copyConsolidation(task.consolidation);
  let consolidations = 0;
  for (let start = 0; start < runs.length;) {
    const count = Math.max(1, consolidateEvery - consolidation.recentCount);
    const bundle = runs.slice(start, start + count);
    start += bundle.length;
    consolidation = learnBundle(model, task, consolidation, bundle, passes, inputOf);
    if (consolidation.recentCount < consolidateEvery) continue;
    consolidation = consolidate(consolidation, model.shared, fisherDecay);
    consolidations++;
  }
  const lossAfter = meanLoss(model, runs, inputOf);
  const report = {
    trajectories: runs.length,
    updates: runs.length * passes,
    lossBefore,
    lossAfter,
    consolidations,
  };
  return { shared: model.shared, consolidation, cores, report };
}

type LearningInput = Omit<LearningPattern, 'signature'> & { readonly mechanism: number };

/** Takes the steps of some runs, pass by pass, then adds what rests on each parameter. */
function learnBundle(
  model: MicroLora,
  { learningRate, coreLearningRate, ewcLambda }: LearningTask,
  consolidation: Consolidation,
  runs: readonly LearningRun[],
  passes: number,
  inputOf: (run: LearningRun) => LearningInput,
): Consolidation {
  const { anchor, fisher, recent, recentCount } = consolidation;
  const hold = fisher.map((each) => each * ewcLambda);
  for (let pass = 0; pass < passes; pass++) {
    for (const run of runs) {
      const rates = {
        learningRate: learningRate * run.boost,
        coreLearningRate: coreLearningRate * run.boost,
      };
      model.learn(inputOf(run), run.logRatio, { ...rates, hold, anchor });
    }
  }
  for (const run of runs) {
    const { shared } = model.gradient(inputOf(run));
    for (let i = 0; i < shared.length; i++) recent[i]! += shared[i]! * shared[i]!;
  }
  return { anchor, fisher, recent, recentCount: recentCount + runs.length };
}

function meanLoss(
  model: MicroLora,
  runs: readonly LearningRun[],
  inputOf: (run: LearningRun) => LearningInput,
): number {
  const sum = runs.reduce((total, run) => total + (model.predict(inputOf(run)) - run.logRatio) ** 2 / 2, 0);
  return sum / (runs.length || 1);
}

function copyCores(cores: LoraCores): LoraCores {
  return new Map([...cores].map(([type, core]) => [type, core.slice()]));
}

function copyConsolidation({ anchor, fisher, recent, recentCount }: Consolidation): Consolidation {
  return { anchor, fisher, recent: recent.slice(), recentCount };
}
