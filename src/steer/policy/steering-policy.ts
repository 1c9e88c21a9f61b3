// The policy: chooses an arm for a statement and learns from how its run ended. Pure: it runs nothing and reads no clock, and
// a seed decides its draws. Its rules, in the order they are asked: never steer what may write, a template that was switched
// off or is unseen; use what is verified; explore in pairs with the default, within bounds; otherwise the default.
import { createSeededRandom } from '../../core/portable/index.ts';
import { ArmPriors, believe } from './arm-belief.ts';
import type {
  Choice,
  ChoiceReason,
  ChoiceRequest,
  RunOutcome,
  PolicyOptions,
  SteeringPolicy,
  TemplateReport,
  VerifiedArm,
} from './contract.ts';
import { outcomeError } from './errors.ts';
import { explainTemplate } from './explain-template.ts';
import { addPair, findGain, judgeArm } from './judge-arm.ts';
import { createNormalDraws } from './normal-draws.ts';
import { OpenChoices } from './open-choices.ts';
import { completePolicyOptions } from './policy-options.ts';
import type { PolicySettings } from './policy-options.ts';
import { encodePolicyState, restorePolicyState } from './policy-state.ts';
import {
  createTemplateRecord,
  dropComparisons,
  findLogRatio,
  findMedian,
  findQuantile,
  keepRecent,
  logOf,
  touchStatement,
} from './template-record.ts';
import type { StatementRecord, TemplateRecord } from './template-record.ts';

/** Observations after which the priors are fitted again. */
const FIT_EVERY = 64;
/** Runs of a template within which a run of the default is still the other half of a pair. */
const FRESH_RUNS = 500;
/** A verified arm gives way to the default so often, for a pair. */
const RECHECK_EVERY = 50;
/** Runs of the default that a statement, and drift, is judged by. */
const STATEMENT_RUNS = 5;
/** Share of statements that have to come again before exploring waits for one whose default is known. */
const REPEATING = 0.1;
/** An arm that is to win a pair needs no longer than this many times the default; verified ones have `timeoutFactor`. */
const PAIR_PATIENCE = 1.5;
/** Runs of the default before an arm is compared with it over different statements. */
const UNPAIRED_RUNS = 10;
/** Time that exploring a template may lose, as a share of all time spent on it. */
const LOSS_SHARE = 0.05;
/** The same while arms are compared over different statements, which says less. */
const UNPAIRED_LOSS_SHARE = 0.01;
/** And so many times as strong a proof is wanted then. */
const UNPAIRED_PROOF = 10;
/** Templates with fewer statements try an arm again on one it won. */
const FEW_STATEMENTS = 5;

interface Pair {
  /** log(arm / default) */
  readonly logRatio: number;
  /** Whether both ran the same statement. */
  readonly isPaired: boolean;
  readonly nowMs: number;
}

interface Ask {
  readonly request: ChoiceRequest;
  readonly record: TemplateRecord;
  readonly statement: StatementRecord | null;
  readonly arms: readonly string[];
}

/** @throws RuvectorError `ERR_STEER_OPTION`, `ERR_STEER_STATE` */
export function createPolicy(options: PolicyOptions): SteeringPolicy {
  return new Policy(completePolicyOptions(options), options.state);
}

class Policy implements SteeringPolicy {
  readonly #settings: PolicySettings;
  readonly #others: readonly string[];
  readonly #templates: Map<string, TemplateRecord>;
  readonly #open = new OpenChoices();
  readonly #priors: ArmPriors;
  readonly #normal: () => number;
  #draws: number;
  #lastId = 0;
  #observations = 0;

  constructor(settings: PolicySettings, state: unknown) {
    this.#settings = settings;
    this.#others = settings.arms.filter((arm) => arm !== settings.defaultArm);
    const restored = restorePolicyState(state, settings);
    this.#templates = restored.templates;
    this.#draws = restored.draws;
    this.#lastId = restored.lastId;
    const uniform = createSeededRandom(settings.seed + Math.imul(this.#draws, 0x9e3779b1));
    this.#normal = createNormalDraws(() => {
      this.#draws++;
      return uniform();
    });
    this.#priors = new ArmPriors(settings.rank);
    if (this.#templates.size > 0) this.#fitPriors();
  }

  choose(request: ChoiceRequest): Choice {
    if (!request.isReadOnly) return this.#decide(request, this.#settings.defaultArm, 'write');
    const record = this.#recordOf(request.template);
    record.distinctArms = request.distinctArms ? [...request.distinctArms] : null;
    if (record.isKilled) return this.#decide(request, this.#settings.defaultArm, 'killed');
    if (record.defaultMs.length < this.#settings.minDefaultRuns) {
      return this.#decide(request, this.#settings.defaultArm, 'unseen');
    }
    const distinct = request.distinctArms && new Set(request.distinctArms);
    const arms = distinct ? this.#others.filter((arm) => distinct.has(arm)) : this.#others;
    const known = record.statements.get(request.parameters) ?? null;
    const statement = known ?? buildNewStatement(request.features);
    const ask = { request, record, statement, arms };
    const [arm, why] = this.#settings.mode === 'eager' ? this.#sample(ask) : this.#chooseSafely(ask);
    return this.#decide(request, arm, why);
  }

  replay({ template, parameters }: Choice): Choice {
    const request = { template, parameters, isReadOnly: true, nowMs: 0 };
    return this.#decide(request, this.#settings.defaultArm, 'replay');
  }

  observe(choice: Choice, { ms, timedOut }: RunOutcome, nowMs: number): void {
    const open = this.#open.get(choice.id);
    if (!Number.isFinite(ms) || ms < 0) throw outcomeError(ms);
    this.#open.close(choice.id);
    if (open.choice.why === 'write') return;
    const record = this.#recordOf(choice.template);
    if (record.statements.has(choice.parameters)) record.repeats++;
    record.runs++;
    record.totalMs += ms;
    const statement = touchStatement(record, choice.parameters);
    if (open.features.length > 0) statement.features = [...open.features];
    if (open.choice.arm === this.#settings.defaultArm) this.#learnDefault(record, statement, ms, nowMs);
    else this.#learnArm(record, statement, { choice: open.choice, ms, timedOut, nowMs });
    if (++this.#observations % FIT_EVERY === 0) this.#fitPriors();
  }

  abandon(choice: Choice): void {
    this.#open.close(choice.id);
  }

  invalidate(template: string | null, why: string, nowMs: number): void {
    for (const [name, record] of this.#templates) {
      if (template !== null && name !== template) continue;
      dropComparisons(record);
      record.invalidated = { why, atMs: nowMs };
    }
  }

  kill(template: string): void {
    this.#recordOf(template).isKilled = true;
  }

  revive(template: string): void {
    this.#recordOf(template).isKilled = false;
  }

  suggest(template: string, arm: string): boolean {
    if (!this.#others.includes(arm)) return false;
    const record = this.#recordOf(template);
    const found = record.arms[arm]!;
    if (record.isKilled || found.status === 'rejected') return false;
    found.isSuggested = true;
    return true;
  }

  forget(template: string | null): void {
    if (template === null) this.#templates.clear();
    else this.#templates.delete(template);
  }

  templates(): readonly string[] {
    return [...this.#templates.keys()];
  }

  explain(template: string): TemplateReport | null {
    const record = this.#templates.get(template);
    return record ? explainTemplate(template, record, this.#settings, this.#priors) : null;
  }

  verified(): readonly VerifiedArm[] {
    return [...this.#templates].flatMap(([template, { arms }]) =>
      Object.entries(arms).flatMap(([arm, record]) => {
        if (record.status !== 'verified') return [];
        const { pairs, wins, sinceMs } = record;
        return [{ template, arm, pairs, wins, gain: findGain(record)!, sinceMs }];
      }),
    );
  }

  toJSON(): unknown {
    return encodePolicyState(
      { templates: this.#templates, draws: this.#draws, lastId: this.#lastId },
      this.#settings,
    );
  }

  /** Thompson sampling: one draw of the default's time, one of each arm's relation to it; what was measured is not drawn. */
  #sample({ record, statement, arms, request }: Ask): readonly [string, ChoiceReason] {
    const { defaultArm } = this.#settings;
    const own = statement ? findMedian(statement.defaultMs) : null;
    const base = own === null ? this.#drawDefault(record, statement, request.template) : logOf(own);
    let [best, least] = [defaultArm, base];
    for (const arm of arms) {
      const ms = statement?.armMs[arm];
      const value =
        ms === undefined
          ? base + this.#draw(record, arm, { statement, template: request.template })
          : logOf(ms);
      if (value < least) [best, least] = [arm, value];
    }
    if (best === defaultArm) return [defaultArm, 'default'];
    const isProven = statement?.armMs[best] !== undefined && own !== null;
    return isProven || this.#canOpen(request.nowMs) ? [best, 'sampled'] : [defaultArm, 'unverified'];
  }

  /** The default on a statement it never ran on: what the arms took there, less what they usually save. */
  #drawDefault(record: TemplateRecord, statement: StatementRecord | null, template: string): number {
    const implied = Object.entries(statement?.armMs ?? {}).map(
      ([arm, ms]) => logOf(ms) - this.#draw(record, arm, { statement, template }),
    );
    return findMedian(implied) ?? logOf(findMedian(record.defaultMs)!);
  }

  #chooseSafely(ask: Ask): readonly [string, ChoiceReason] {
    const { record, statement, arms, request } = ask;
    const { defaultArm } = this.#settings;
    const proven = this.#findBest(
      ask,
      arms.filter((arm) => record.arms[arm]!.status === 'verified'),
    );
    const bar = Math.min(0, proven?.mean ?? 0) + Math.log(1 - this.#settings.minGain);
    const tried = this.#findExploration(ask, bar);
    if (tried !== null && this.#mayExplore(record, request.nowMs)) {
      if (this.#hasBase(record, statement)) return [tried, 'explore'];
      if (!proven) return [defaultArm, 'pair-default'];
    }
    if (proven && proven.mean < 0) {
      const isDue = record.runs % RECHECK_EVERY === RECHECK_EVERY - 1;
      return isDue ? [defaultArm, 'pair-default'] : [proven.arm, 'verified'];
    }
    return [defaultArm, tried === null ? 'default' : 'unverified'];
  }

  #findBest(
    { record, statement, request }: Ask,
    arms: readonly string[],
  ): { readonly arm: string; readonly mean: number } | null {
    let best: { readonly arm: string; readonly mean: number } | null = null;
    for (const arm of arms) {
      const { mean } = believe(record, arm, { statement, prior: this.#priors.meanOf(request.template, arm) });
      if (!best || mean < best.mean) best = { arm, mean };
    }
    return best;
  }

  /** The unproven arm whose draw is best, where it is below the bar; what others suggest comes first. */
  #findExploration({ record, statement, arms, request }: Ask, bar: number): string | null {
    let [best, least]: [string | null, number] = [null, bar];
    for (const arm of arms) {
      const { status, isSuggested } = record.arms[arm]!;
      if (status === 'verified' || status === 'rejected') continue;
      const own = statement ? findLogRatio(statement, arm) : null;
      const isOver =
        own !== null &&
        (own > Math.log(1 - this.#settings.minGain) || record.statements.size >= FEW_STATEMENTS);
      if (isOver) continue;
      const draw = isSuggested
        ? -Infinity
        : this.#draw(record, arm, { statement, template: request.template });
      if (draw < least) [best, least] = [arm, draw];
    }
    return best;
  }

  #draw(
    record: TemplateRecord,
    arm: string,
    { statement, template }: { readonly statement: StatementRecord | null; readonly template: string },
  ): number {
    const { mean, variance } = believe(record, arm, { statement, prior: this.#priors.meanOf(template, arm) });
    return mean + Math.sqrt(variance) * this.#normal();
  }

  #mayExplore(record: TemplateRecord, nowMs: number): boolean {
    const share = doesRepeat(record) ? LOSS_SHARE : UNPAIRED_LOSS_SHARE;
    return record.lostMs <= share * record.totalMs && this.#canOpen(nowMs);
  }

  #canOpen(nowMs: number): boolean {
    return this.#open.countTrials(nowMs) < this.#settings.maxOpenExplorations;
  }

  /** Whether a run of an arm would have something to be compared with. */
  #hasBase(record: TemplateRecord, statement: StatementRecord | null): boolean {
    if (statement && statement.defaultMs.length > 0) return record.runs - statement.defaultAt <= FRESH_RUNS;
    return record.defaultMs.length >= UNPAIRED_RUNS && !doesRepeat(record);
  }

  #decide(
    request: Pick<ChoiceRequest, 'template' | 'parameters' | 'features' | 'nowMs'>,
    arm: string,
    why: ChoiceReason,
  ): Choice {
    const { template, parameters, features = [], nowMs } = request;
    const record = why === 'write' ? undefined : this.#templates.get(template);
    const statement = record?.statements.get(parameters) ?? null;
    const isDefault = arm === this.#settings.defaultArm;
    const choice: Choice = {
      id: ++this.#lastId,
      template,
      parameters,
      arm,
      why,
      timeoutMs: isDefault || !record ? null : this.#findTimeout(record, statement, why),
      predictedMs: record ? this.#predict(record, statement, { template, arm }) : null,
    };
    this.#open.add({ choice, features, atMs: nowMs });
    return choice;
  }

  #findTimeout(record: TemplateRecord, statement: StatementRecord | null, why: ChoiceReason): number {
    const { timeoutFactor, minTimeoutMs } = this.#settings;
    const own = statement && statement.defaultMs.length > 0 ? statement.defaultMs : null;
    const isTrial = why === 'explore';
    // What is not this statement's own says little of it: an arm that is tried may take what is usual, not what is rare.
    const usual = findQuantile(own ?? record.defaultMs, isTrial && !own ? 0.5 : 0.95)!;
    return Math.max(minTimeoutMs, usual * (isTrial ? Math.min(PAIR_PATIENCE, timeoutFactor) : timeoutFactor));
  }

  #predict(
    record: TemplateRecord,
    statement: StatementRecord | null,
    { template, arm }: { readonly template: string; readonly arm: string },
  ): number | null {
    const base = (statement && findMedian(statement.defaultMs)) ?? findMedian(record.defaultMs);
    if (base === null || arm === this.#settings.defaultArm) return base;
    return (
      base * Math.exp(believe(record, arm, { statement, prior: this.#priors.meanOf(template, arm) }).mean)
    );
  }

  #learnDefault(record: TemplateRecord, statement: StatementRecord, ms: number, nowMs: number): void {
    const before = findMedian(statement.defaultMs);
    keepRecent(record.defaultMs, ms);
    keepRecent(statement.defaultMs, ms, STATEMENT_RUNS);
    statement.defaultAt = record.runs;
    if (before === null) {
      // Arms that ran here first have had nothing to be compared with until now.
      for (const arm of Object.keys(statement.armMs)) {
        this.#addPair(record, arm, { logRatio: findLogRatio(statement, arm)!, isPaired: true, nowMs });
      }
      return;
    }
    keepRecent(record.driftRatios, logOf(ms) - logOf(before), STATEMENT_RUNS);
    const drift = record.driftRatios.length < STATEMENT_RUNS ? 0 : findMedian(record.driftRatios)!;
    if (Math.abs(drift) <= Math.log(1 + this.#settings.driftFactor)) return;
    dropComparisons(record);
    record.invalidated = {
      why: `drift: the default takes ${Math.exp(drift).toFixed(2)} times as long as it did`,
      atMs: nowMs,
    };
    keepRecent(record.defaultMs, ms);
  }

  #learnArm(
    record: TemplateRecord,
    statement: StatementRecord,
    {
      choice,
      ms,
      timedOut,
      nowMs,
    }: { readonly choice: Choice; readonly ms: number; readonly timedOut: boolean; readonly nowMs: number },
  ): void {
    const arm = record.arms[choice.arm]!;
    arm.runs++;
    arm.stopsInRow = timedOut ? arm.stopsInRow + 1 : 0;
    if (timedOut) arm.timeouts++;
    else keepRecent(arm.recentMs, ms);
    arm.isSuggested = false;
    const own = findMedian(statement.defaultMs);
    const base = own ?? findMedian(record.defaultMs);
    if (base !== null && choice.why !== 'verified') record.lostMs += timedOut ? ms : Math.max(0, ms - base);
    statement.armMs[choice.arm] = ms;
    if (own === null && (base === null || doesRepeat(record)) && !timedOut) return;
    const isPaired = own !== null;
    this.#addPair(record, choice.arm, { logRatio: logOf(ms) - logOf(base ?? ms), isPaired, nowMs });
  }

  #addPair(record: TemplateRecord, name: string, { logRatio, isPaired, nowMs }: Pair): void {
    const arm = record.arms[name]!;
    addPair(arm, logRatio, this.#settings);
    const { minGain, significance } = this.#settings;
    const status = judgeArm(arm, {
      minGain,
      significance: isPaired ? significance : significance / UNPAIRED_PROOF,
    });
    if (status !== arm.status) arm.sinceMs = nowMs;
    arm.status = status;
  }

  #recordOf(template: string): TemplateRecord {
    const found = this.#templates.get(template);
    if (found) return found;
    const record = createTemplateRecord(this.#others);
    this.#templates.set(template, record);
    return record;
  }

  #fitPriors(): void {
    this.#priors.fit(this.#templates, this.#others, createSeededRandom(this.#settings.seed));
  }
}

/** Whether enough statements of a template come again for exploring to wait for one whose default is known. */
function doesRepeat({ repeats, runs }: TemplateRecord): boolean {
  return repeats >= REPEATING * runs;
}

function buildNewStatement(features: readonly number[] = []): StatementRecord {
  return { defaultMs: [], defaultAt: -1, armMs: {}, features: [...features] };
}
