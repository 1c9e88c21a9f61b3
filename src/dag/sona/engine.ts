// SONA: learns from each run of a plan how much time each mechanism takes or saves. A query waits for none of it: before
// it, a plan is looked up; after it, a run is put into a buffer. Learning happens when it is called for, here or in a worker.
import { createSeededRandom } from '../../core/portable/index.ts';
import type { OperatorType, QueryDag } from '../graph/index.ts';
import { learningBusyError, runTimeError, sonaOptionError, unknownMechanismError } from './errors.ts';
import { startConsolidation } from './ewc.ts';
import type { Consolidation } from './ewc.ts';
import { learn } from './learn.ts';
import type { LearningReport, LearningResult, LearningTask } from './learn.ts';
import { countShared, initializeShared, MicroLora } from './lora.ts';
import type { LoraCores, LoraShape } from './lora.ts';
import type { Trajectory } from './memory.ts';
import { checkPattern, LOG_RATIO_LIMIT, RATIO_LIMIT } from './network-pattern.ts';
import type { SonaPattern } from './network-pattern.ts';
import { completeSonaOptions } from './options.ts';
import type { SonaOptions, SonaSettings } from './options.ts';
import { PatternStore } from './pattern-store.ts';
import type { KnownPattern } from './pattern-store.ts';
import { embedPlan } from './plan-embedding.ts';
import type { PlanEmbedding } from './plan-embedding.ts';
import { solvePositive } from './solve.ts';
import { decodeSonaState, encodeSonaState } from './state-bytes.ts';
import { TrajectoryBuffer } from './trajectory-buffer.ts';
import type { TrajectoryStats } from './trajectory-stats.ts';

/** What is known of one pattern of plans. */
export interface SonaState {
  readonly signature: string;
  /** Of length 1, from the plan alone. */
  readonly embedding: Float32Array;
  /** The pattern's own r × r correction, by operator type; a type that was not learned yet is not there. */
  readonly loraWeights: ReadonlyMap<OperatorType, readonly (readonly number[])[]>;
  readonly trajectoryStats: TrajectoryStats;
}

/** A learning task that is under way elsewhere. */
export interface StartedLearning {
  readonly task: LearningTask;
  /** Takes over what was learned; runs and patterns that came in the meantime stay. */
  finish(result: LearningResult): LearningReport;
  /** Puts the runs back, for another try. */
  abandon(): void;
}

/** What other engines saw counts as at most so many runs for each mechanism. */
const FOREIGN_RUNS = 3;
/** A boost beyond this says nothing more: a proximal step goes to where its observation is met. */
const BOOST_LIMIT = 1000;

/** Learns from runs of plans. */
export class DagSonaEngine {
  readonly settings: SonaSettings;
  readonly #shape: LoraShape;
  readonly #patterns: PatternStore;
  readonly #pending: TrajectoryBuffer<Trajectory>;
  /** A plan that did not change is embedded once. */
  readonly #embedded = new WeakMap<QueryDag, { readonly version: number; readonly plan: PlanEmbedding }>();
  #model: MicroLora;
  #consolidation: Consolidation;
  /** Runs that a task under way learns from. */
  #underWay: readonly Trajectory[] | null = null;
  #boost = 1;

  /** @throws RuvectorError `ERR_DAG_SONA_OPTION` */
  constructor(options: SonaOptions = {}) {
    this.settings = completeSonaOptions(options);
    const { embeddingDim, loraRank, loraAlpha, mechanisms, seed, baseHead } = this.settings;
    this.#shape = { embeddingDim, rank: loraRank, mechanisms: mechanisms.length, alpha: loraAlpha };
    this.#patterns = new PatternStore(this.settings.patternCapacity);
    this.#pending = new TrajectoryBuffer(this.settings.trajectoryCapacity);
    const shared = initializeShared(this.#shape, createSeededRandom(seed));
    this.#model = new MicroLora(this.#shape, shared, baseHead);
    this.#consolidation = startConsolidation(countShared(this.#shape));
  }

  /** Brings back what {@link serialize} gave. @throws RuvectorError `ERR_DAG_SONA_STATE` */
  static restore(bytes: Uint8Array): DagSonaEngine {
    const { settings, memory } = decodeSonaState(bytes);
    const engine = new DagSonaEngine({
      ...settings,
      baseHead: settings.baseHead ?? undefined,
    } as SonaOptions);
    engine.#model = new MicroLora(engine.#shape, memory.shared, settings.baseHead);
    engine.#consolidation = memory.consolidation;
    engine.#boost = memory.boost;
    for (const pattern of memory.patterns) engine.#patterns.restore(pattern);
    for (const pattern of memory.foreign) engine.#patterns.addForeign(pattern);
    for (const trajectory of memory.pending) engine.#pending.push(trajectory);
    return engine;
  }

  get patternCount(): number {
    return this.#patterns.size;
  }

  /** Runs that wait to be learned from. */
  get pendingTrajectories(): number {
    return this.#pending.length + (this.#underWay?.length ?? 0);
  }

  /** Runs that made room for later ones before anything was learned from them. */
  get droppedTrajectories(): number {
    return this.#pending.dropped;
  }

  /**
   * The plan's embedding, moved by as little as makes A see in it what A sees after the pattern's own cores: for a pattern
   * that nothing was learned of, the embedding itself.
   * @throws RuvectorError `ERR_DAG_SONA_PLAN` for a DAG without operators
   */
  preQuery(dag: QueryDag): Float32Array {
    const plan = this.#embed(dag);
    const pattern = this.#patterns.find(plan.signature);
    if (!pattern || pattern.cores.size === 0) return plan.embedding.slice();
    return this.#enhance(plan, pattern.cores);
  }

  /** ln(time / baseline) to be expected, by mechanism; negative saves time. */
  predict(dag: QueryDag): Map<string, number> {
    const { parts, signature } = this.#embed(dag);
    const cores = this.#patterns.find(signature)?.cores ?? new Map<OperatorType, Float64Array>();
    return new Map(
      this.settings.mechanisms.map((name, mechanism) => [
        name,
        this.#model.predict({ parts, cores, mechanism }),
      ]),
    );
  }

  /**
   * Records a run. Nothing is learned yet.
   * @param baselineMs what the plan takes without a mechanism
   * @throws RuvectorError `ERR_DAG_SONA_RUN` for times that cannot be or a mechanism that is not known
   */
  postQuery(dag: QueryDag, executionMs: number, baselineMs: number, mechanism: string): void {
    const number = this.settings.mechanisms.indexOf(mechanism);
    if (number < 0) throw unknownMechanismError(mechanism, this.settings.mechanisms);
    if (!(executionMs >= 0 && executionMs < Infinity)) {
      throw runTimeError('executionMs', executionMs, 'a finite number of milliseconds from 0 on');
    }
    if (!(baselineMs > 0 && baselineMs < Infinity)) {
      throw runTimeError('baselineMs', baselineMs, 'a finite number of milliseconds above 0');
    }
    const plan = this.#embed(dag);
    const isNew = !this.#patterns.has(plan.signature);
    const { counter } = this.#patterns.use(plan);
    if (isNew) this.#learnFromOthers(plan.signature);
    const logRatio = limitRatio(Math.log(executionMs / baselineMs));
    counter.add(number, Math.max(1 - executionMs / baselineMs, 1 - RATIO_LIMIT), logRatio);
    this.#pending.push({ signature: plan.signature, mechanism: number, logRatio });
  }

  /**
   * Learns from all runs that wait, here and now.
   * @throws RuvectorError `ERR_DAG_SONA_BUSY` while a worker learns from this engine
   */
  backgroundLearn(): LearningReport {
    if (this.#underWay) throw learningBusyError();
    const started = this.startLearning();
    return started.finish(learn(started.task));
  }

  /**
   * Hands out what there is to learn, for another thread. Queries go on, with what was known before.
   * @throws RuvectorError `ERR_DAG_SONA_BUSY` while an earlier task is under way
   */
  startLearning(): StartedLearning {
    if (this.#underWay) throw learningBusyError();
    const trajectories = this.#pending.takeAll().filter(({ signature }) => this.#patterns.has(signature));
    this.#underWay = trajectories;
    const task = this.#buildTask(trajectories);
    this.#boost = 1;
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
      this.#underWay = null;
    };
    return {
      task,
      finish: (result) => {
        if (!isOpen) throw learningBusyError();
        close();
        this.#adopt(task, result);
        return result.report;
      },
      abandon: () => {
        if (!isOpen) return;
        close();
        const later = this.#pending.takeAll();
        for (const trajectory of [...trajectories, ...later]) this.#pending.push(trajectory);
      },
    };
  }

  /**
   * Learns faster the next time: the learning rate is multiplied once, and is as before afterwards.
   * @param dag only for plans of its pattern; without it, for all
   * @throws RuvectorError `ERR_DAG_SONA_OPTION`
   */
  boostLearningRate(factor: number, dag?: QueryDag): void {
    if (!(factor > 0 && factor <= BOOST_LIMIT)) {
      throw sonaOptionError('factor', factor, `a number above 0, at most ${BOOST_LIMIT}`);
    }
    if (dag) this.#patterns.use(this.#embed(dag)).boost = factor;
    else this.#boost = factor;
  }

  /** What is known of a plan's pattern; null for one that was never recorded. */
  state(dag: QueryDag): SonaState | null {
    const pattern = this.#patterns.find(this.#embed(dag).signature);
    return pattern ? this.#describe(pattern) : null;
  }

  /** What is known, the pattern not seen for longest first: for an index of embeddings, for instance. */
  states(): SonaState[] {
    return this.#patterns.list().map((pattern) => this.#describe(pattern));
  }

  /** Patterns with enough runs here (`matureAfter`) whose mean improvement is above 0 by two standard errors. */
  getMaturePatterns(): SonaPattern[] {
    const { mechanisms, matureAfter } = this.settings;
    return this.#patterns.list().flatMap(({ signature, embedding, counter }) => {
      const trajectoryStats = counter.stats(mechanisms);
      const { count, meanImprovement, variance } = trajectoryStats;
      const isMature = count >= matureAfter && meanImprovement - 2 * Math.sqrt(variance / count) > 0;
      if (!isMature) return [];
      return [
        {
          signature,
          embedding: embedding.slice(),
          trajectoryStats,
          mechanisms: counter.mechanismStats(mechanisms),
        },
      ];
    });
  }

  /**
   * Takes what other engines saw of patterns that this one has not seen. When such a plan comes here for the first time, it is
   * learned like three runs a mechanism at most; statistics and maturity count own runs only.
   * @returns how many were taken
   * @throws RuvectorError `ERR_DAG_SONA_PATTERN`, and nothing is taken then
   */
  mergeNetworkPatterns(patterns: readonly SonaPattern[]): number {
    for (const pattern of patterns)
      checkPattern(pattern, this.settings.embeddingDim, this.settings.mechanisms);
    const unseen = patterns.filter(({ signature }) => !this.#patterns.has(signature));
    for (const pattern of unseen) this.#patterns.addForeign(pattern);
    return unseen.length;
  }

  /** Everything it knows, as bytes with a version; runs that wait are among it. */
  serialize(): Uint8Array {
    return encodeSonaState(this.settings, {
      shared: this.#model.shared,
      consolidation: this.#consolidation,
      patterns: this.#patterns.list(),
      foreign: this.#patterns.listForeign(),
      pending: [...(this.#underWay ?? []), ...this.#pending.list()],
      boost: this.#boost,
    });
  }

  #embed(dag: QueryDag): PlanEmbedding {
    const known = this.#embedded.get(dag);
    if (known?.version === dag.version) return known.plan;
    const plan = embedPlan(dag, this.settings.embeddingDim);
    this.#embedded.set(dag, { version: dag.version, plan });
    return plan;
  }

  /** z + Aᵀ(AAᵀ)⁻¹(u − Az): of all vectors in which A sees u, the one next to z. */
  #enhance({ parts, embedding }: PlanEmbedding, cores: LoraCores): Float32Array {
    const { rank, embeddingDim } = this.#shape;
    const { shared } = this.#model;
    const shift = this.#model.project({ parts, cores }).slice();
    const plain = this.#model.project({ parts, cores: new Map() });
    for (let k = 0; k < rank; k++) shift[k]! -= plain[k]!;
    const gram = new Float64Array(rank * rank);
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let at = 0; at < embeddingDim; at++)
          sum += shared[i * embeddingDim + at]! * shared[j * embeddingDim + at]!;
        gram[i * rank + j] = sum;
      }
    }
    const enhanced = embedding.slice();
    // Rows of A that depend on each other give no such vector: then the embedding stays as it is.
    if (!solvePositive(gram, shift)) return enhanced;
    for (let k = 0; k < rank; k++) {
      for (let at = 0; at < embeddingDim; at++) enhanced[at]! += shift[k]! * shared[k * embeddingDim + at]!;
    }
    return enhanced;
  }

  #learnFromOthers(signature: string): void {
    for (const { mechanism, count, meanLogRatio } of this.#patterns.takeForeign(signature)?.mechanisms ??
      []) {
      const number = this.settings.mechanisms.indexOf(mechanism);
      for (let run = 0; run < Math.min(count, FOREIGN_RUNS); run++) {
        this.#pending.push({ signature, mechanism: number, logRatio: meanLogRatio });
      }
    }
  }

  #buildTask(trajectories: readonly Trajectory[]): LearningTask {
    const { learningRate, coreLearningRate, ewcLambda, passes, consolidateEvery, fisherDecay, baseHead } =
      this.settings;
    const signatures = [...new Set(trajectories.map(({ signature }) => signature))];
    const numbers = new Map(signatures.map((signature, number) => [signature, number]));
    const patterns = signatures.map((signature) => this.#patterns.find(signature)!);
    const runs = trajectories.map(({ signature, mechanism, logRatio }) => {
      const pattern = numbers.get(signature)!;
      return { pattern, mechanism, logRatio, boost: this.#boost * patterns[pattern]!.boost };
    });
    for (const pattern of patterns) pattern.boost = 1;
    return {
      shape: this.#shape,
      baseHead,
      shared: this.#model.shared,
      consolidation: this.#consolidation,
      patterns: patterns.map(({ signature, parts, cores }) => ({ signature, parts, cores })),
      runs,
      learningRate,
      coreLearningRate,
      ewcLambda,
      passes,
      consolidateEvery,
      fisherDecay,
    };
  }

  #adopt(task: LearningTask, result: LearningResult): void {
    this.#model = new MicroLora(this.#shape, result.shared, this.settings.baseHead);
    this.#consolidation = result.consolidation;
    task.patterns.forEach(({ signature }, i) => {
      // It may have made room in the meantime.
      const pattern = this.#patterns.find(signature);
      if (pattern) pattern.cores = result.cores[i]!;
    });
  }

  #describe({ signature, embedding, cores, counter }: KnownPattern): SonaState {
    const { rank } = this.#shape;
    const rows = (core: Float64Array): number[][] =>
      Array.from({ length: rank }, (_, i) => [...core.subarray(i * rank, (i + 1) * rank)]);
    return {
      signature,
      embedding: embedding.slice(),
      loraWeights: new Map([...cores].map(([type, core]) => [type, rows(core)])),
      trajectoryStats: counter.stats(this.settings.mechanisms),
    };
  }
}

function limitRatio(logRatio: number): number {
  return Math.min(LOG_RATIO_LIMIT, Math.max(-LOG_RATIO_LIMIT, logRatio));
}
