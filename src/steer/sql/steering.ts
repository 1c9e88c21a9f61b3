// Steers the calls of one connection. A call that is not understood, may write, or stands in a transaction of the user's
// goes through untouched. Others run under the arm that the policy chooses; when that fails or takes too long, the default
// answers. What has to be found out about plans is asked beside the user's calls, in the background.
import { messageOf } from '../../core/index.ts';
import type { Choice } from '../policy/index.ts';
import { defaultArm } from './arms.ts';
import type { ArmSettings, SteeredDatabase, SteeringArm, TimedResult } from './database.ts';
import type { KnownCall } from './known-call.ts';
import { lookAtPlans, mostLooks } from './look-at-plans.ts';
import type { SteerOptions } from './options.ts';
import { hashParameters } from './sql-template.ts';
import type { SqlTemplate } from './sql-template.ts';
import { StatementCache } from './statement-cache.ts';
import type { PassReason } from './statement-class.ts';
import type { SteeringMemory } from './steering-memory.ts';
import { forgetPlans } from './template-entry.ts';
import type { TemplateEntry } from './template-entry.ts';
import { compareTableStates } from './table-state.ts';
import { Turns } from './turns.ts';
import { VectorSteering } from './vector-steering.ts';

/** What became of one call; for whoever watches. */
export interface SteeredRun {
  /** Id of the template; null for what has none. */
  readonly template: string | null;
  readonly arm: string;
  /** The policy's reason, or why the call was passed through. */
  readonly why: Choice['why'] | PassReason | 'too-quick' | 'vector';
  readonly ms: number;
  /** The arm was stopped or failed, and the default answered. */
  readonly isReplayed: boolean;
}

const DEFAULT_REFRESH_MS = 10_000;
const MOST_PROBLEMS = 20;

/** A default that takes less gains nothing that the settings' own cost would not take. */
const LEAST_WORTH_MS = 2;

/** The first runs say least: until the default is known to be slow, nothing is tried. */
const isWorthIt = ({ defaultMs }: TemplateEntry): boolean =>
  defaultMs !== null && defaultMs >= LEAST_WORTH_MS;

/** Geometric, of about the last ten runs: one that took very long does not decide. */
const averageOf = (before: number | null, ms: number): number =>
  before === null ? ms : before * (Math.max(ms, 0.001) / before) ** 0.1;

/** Steers one connection. */
export class SteeredConnection {
  readonly #database: SteeredDatabase;
  readonly #memory: SteeringMemory;
  readonly #arms: ReadonlyMap<string, ArmSettings>;
  readonly #armList: readonly SteeringArm[];
  readonly #options: SteerOptions;
  readonly #nowMs: () => number;
  /** For what is kept: a clock that goes on after a restart. */
  readonly #wallMs: () => number;
  readonly #statements = new StatementCache();
  readonly #vectors: VectorSteering | null;
  readonly #background = new Set<Promise<unknown>>();
  /** Templates that are being looked at. */
  readonly #looking = new Set<string>();
  readonly #turns = new Turns();
  /** The database, asked only while no call of the user's is under way. */
  readonly #quiet: SteeredDatabase;
  #refreshedMs: number;
  #isClosed = false;
  readonly #watchers = new Set<(run: SteeredRun) => void>();
  /** What went wrong beside the user's calls, the last ones. */
  readonly problems: string[] = [];

  constructor(
    database: SteeredDatabase,
    memory: SteeringMemory,
    arms: readonly SteeringArm[],
    options: SteerOptions,
  ) {
    this.#database = database;
    this.#memory = memory;
    this.#armList = arms;
    this.#arms = new Map(arms.map(({ name, settings }) => [name, settings]));
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#wallMs = options.nowMs ?? Date.now;
    this.#refreshedMs = this.#nowMs();
    this.#quiet = {
      ...database,
      explain: (call, settings) => this.#turns.quietly(() => database.explain(call, settings)),
      ask: (sql, values) => this.#turns.quietly(() => database.ask(sql, values)),
      runWith: (call, settings, timeoutMs) =>
        this.#turns.quietly(() => database.runWith(call, settings, timeoutMs)),
    };
    this.#vectors = options.recall === undefined ? null : new VectorSteering(this.#quiet, options.recall);
  }

  get memory(): SteeringMemory {
    return this.#memory;
  }

  /** @returns an end to it */
  watch(listen: (run: SteeredRun) => void): () => void {
    this.#watchers.add(listen);
    return () => this.#watchers.delete(listen);
  }

  /** Runs a call of the user's. What it gives, and throws, is what the client would. */
  handle(args: readonly unknown[]): unknown {
    if (this.#turns.isHeld) return this.#handleLater(args);
    const call = this.#isClosed ? null : this.#database.readCall(args);
    if (!call) return this.#pass(args, null, 'form');
    const { template, class: kind } = this.#statements.read(call.sql);
    if (!kind.reads) return this.#passOther(args, template, kind.why);
    if (this.#database.isInTransaction()) return this.#pass(args, null, 'transaction');
    const entry = this.#memory.entryOf(template!.text);
    entry.counts.runs++;
    if (entry.pass !== null) return this.#pass(args, entry, entry.pass);
    const steered = this.#steer({ call, template: template!, entry });
    this.#refreshIfDue();
    return steered;
  }

  /** Waits for what runs in the background. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Calls pass through from now on; ends what runs in the background. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
  }

  /** Something happened to tables: what was learned of their templates is doubtful. */
  invalidate(entry: TemplateEntry, why: string): void {
    this.#memory.policy.invalidate(entry.id, why, this.#wallMs());
    forgetPlans(entry);
    this.#memory.touch();
  }

  /** Looks at the tables of all templates now. */
  async refresh(): Promise<void> {
    this.#refreshedMs = this.#nowMs();
    const entries = [...this.#memory.entries.values()].filter(({ tables }) => tables.length > 0);
    const names = [...new Set(entries.flatMap(({ tables }) => tables.map(({ table }) => table)))];
    if (names.length === 0) return;
    const states = new Map(
      (await this.#quiet.inspector.readTableStates(this.#quiet, names)).map((state) => [state.table, state]),
    );
    for (const entry of entries) {
      const why = entry.tables
        .map((before) => compareTableStates(before, states.get(before.table)))
        .find((each) => each !== null);
      if (why) this.invalidate(entry, why);
    }
  }

  /** A cursor or a stream is what the client gives back at once, also when its turn comes later. */
  #handleLater(args: readonly unknown[]): unknown {
    const [first] = args;
    const later = this.#turns.untilFree().then(() => this.handle(args));
    const isSubmittable = typeof first === 'object' && first !== null && 'submit' in first;
    return isSubmittable ? first : later;
  }

  #pass(args: readonly unknown[], entry: TemplateEntry | null, why: PassReason): unknown {
    this.#memory.countPass(why);
    this.#tell({ template: entry?.id ?? null, arm: defaultArm, why, ms: 0, isReplayed: false });
    const result = this.#database.pass(args);
    if (result instanceof Promise) void this.#turns.track(result);
    return result;
  }

  /** What may change plans is followed up once it has run. */
  #passOther(args: readonly unknown[], template: SqlTemplate | null, why: PassReason): unknown {
    const result = this.#pass(args, null, why);
    if (!template || (why !== 'ddl' && why !== 'analyze')) return result;
    const words = new Set(template.tokens.map(({ text }) => text.replaceAll('"', '')));
    const follow = (): void => this.#invalidateNamed(words, why);
    Promise.resolve(result).then(follow, follow);
    return result;
  }

  #invalidateNamed(words: ReadonlySet<string>, why: string): void {
    const entries = [...this.#memory.entries.values()];
    const isNamed = ({ tables }: TemplateEntry): boolean =>
      tables.some(({ table }) => words.has(table.replace(/^.*\."|"$/g, '')));
    const named = entries.filter(isNamed);
    for (const entry of named.length > 0 ? named : entries) this.invalidate(entry, why);
  }

  #steer(known: KnownCall): Promise<unknown> {
    const { call, template, entry } = known;
    const vector = this.#vectors?.choose(known);
    if (vector) {
      const running = this.#turns.hold(this.#runVector(known, vector));
      this.#later(
        running.then(
          () => this.#probe(known),
          () => undefined,
        ),
      );
      return running;
    }
    if (entry.arms.length === 0 || !isWorthIt(entry)) return this.#runPlain(known);
    const parameters = hashParameters(template, call.values);
    const choice = this.#memory.policy.choose({
      template: entry.id,
      parameters,
      distinctArms: entry.arms,
      features: entry.features,
      isReadOnly: true,
      nowMs: this.#wallMs(),
    });
    const isDefault = choice.arm === defaultArm;
    // An arm may have to run again: what comes after it waits, so that the order of statements stays.
    const running = isDefault
      ? this.#turns.track(this.#runDefault(known, choice))
      : this.#turns.hold(this.#tryArm(known, choice));
    this.#lookAfter(running, known, mostLooks);
    return running;
  }

  /** A query that no arm would run differently, or that is too quick to gain: nothing is asked of the policy. */
  #runPlain(known: KnownCall): Promise<unknown> {
    const { entry, call } = known;
    const why = entry.arms.length === 0 ? 'no-other-plan' : 'too-quick';
    const running = this.#turns.track(
      this.#database.run(call).then(({ result, ms }) => {
        entry.defaultMs = averageOf(entry.defaultMs, ms);
        this.#tell({ template: entry.id, arm: defaultArm, why, ms, isReplayed: false });
        return result;
      }),
    );
    this.#lookAfter(running, known, isWorthIt(entry) ? mostLooks : 1);
    return running;
  }

  /** Looks at plans once the user has the answer, for the first parameters. */
  #lookAfter(running: Promise<unknown>, known: KnownCall, most: number): void {
    const { id, lookedAt } = known.entry;
    if (lookedAt.length >= most || this.#looking.has(id) || this.#isClosed) return;
    const parameters = hashParameters(known.template, known.call.values);
    if (lookedAt.includes(parameters)) return;
    this.#later(
      running.then(
        () => this.#look(known, parameters),
        () => undefined,
      ),
    );
  }

  async #runDefault(known: KnownCall, choice: Choice, isReplayed = false): Promise<unknown> {
    try {
      const { result, ms } = await this.#database.run(known.call);
      this.#observe(known.entry, choice, ms, isReplayed);
      return result;
    } catch (error) {
      this.#memory.policy.abandon(choice);
      throw error;
    }
  }

  async #tryArm(known: KnownCall, choice: Choice): Promise<unknown> {
    const { call, entry } = known;
    const timeoutMs = this.#database.canInterrupt ? choice.timeoutMs : null;
    const startMs = this.#nowMs();
    let timed: TimedResult | null;
    try {
      timed = await this.#database.runWith(call, this.#arms.get(choice.arm)!, timeoutMs);
    } catch (error) {
      return this.#replay(known, choice, error, this.#nowMs() - startMs);
    }
    if (timed === null) {
      this.#memory.policy.abandon(choice);
      return this.#database.pass(call.args);
    }
    entry.counts.steered++;
    this.#observe(entry, choice, timed.ms, false);
    return timed.result;
  }

  /** The default answers for an arm that was stopped, or failed where the default may not. */
  async #replay(known: KnownCall, choice: Choice, error: unknown, ms: number): Promise<unknown> {
    const { policy } = this.#memory;
    const limit = choice.timeoutMs;
    const isStopped = this.#database.isTimeout(error);
    const isOurs = isStopped && limit !== null && ms >= limit * 0.9;
    if ((isStopped && !isOurs) || this.#database.isLost(error)) {
      policy.abandon(choice);
      throw error;
    }
    if (isOurs) {
      known.entry.counts.timeouts++;
      policy.observe(choice, { ms: Math.max(ms, limit), timedOut: true }, this.#wallMs());
      return this.#runDefault(known, policy.replay(choice), true);
    }
    policy.abandon(choice);
    this.#note(`arm ${choice.arm} of template ${known.entry.id}: ${messageOf(error)}`);
    const { result, ms: defaultMs } = await this.#database.run(known.call);
    this.#tell({ template: known.entry.id, arm: defaultArm, why: 'replay', ms: defaultMs, isReplayed: true });
    return result;
  }

  #observe(entry: TemplateEntry, choice: Choice, ms: number, isReplayed: boolean): void {
    if (choice.arm === defaultArm) entry.defaultMs = averageOf(entry.defaultMs, ms);
    this.#memory.policy.observe(choice, { ms, timedOut: false }, this.#wallMs());
    this.#memory.touch();
    this.#tell({ template: entry.id, arm: choice.arm, why: choice.why, ms, isReplayed });
  }

  #tell(run: SteeredRun): void {
    for (const listen of this.#watchers) listen(run);
  }

  async #look({ call, template, entry }: KnownCall, parameters: string): Promise<void> {
    if (this.#looking.has(entry.id)) return;
    this.#looking.add(entry.id);
    try {
      const options = {
        arms: this.#armList,
        mayDecideOrder: this.#options.answers === 'any',
        mayBeNear: this.#vectors !== null,
      };
      await lookAtPlans(this.#quiet, entry, call, template.tokens, parameters, options);
      this.#memory.touch();
    } finally {
      this.#looking.delete(entry.id);
    }
  }

  #refreshIfDue(): void {
    const every = this.#options.refreshMs ?? DEFAULT_REFRESH_MS;
    if (this.#nowMs() - this.#refreshedMs < every) return;
    this.#refreshedMs = this.#nowMs();
    this.#later(this.refresh());
  }

  async #runVector(
    known: KnownCall,
    { settings, arm }: { settings: ArmSettings; arm: string },
  ): Promise<unknown> {
    const timed =
      arm === defaultArm ? null : await this.#database.runWith(known.call, settings, null).catch(() => null);
    const { result, ms } = timed ?? (await this.#database.run(known.call));
    if (timed) known.entry.counts.steered++;
    this.#tell({ template: known.entry.id, arm, why: 'vector', ms, isReplayed: false });
    return result;
  }

  async #probe(known: KnownCall): Promise<void> {
    await this.#vectors!.probe(known);
    this.#memory.touch();
  }

  /** What is asked in the background fails alone. */
  #later(task: Promise<unknown>): void {
    const kept: Promise<unknown> = task
      .catch((error: unknown) => this.#note(messageOf(error)))
      .finally(() => this.#background.delete(kept));
    this.#background.add(kept);
  }

  #note(problem: string): void {
    this.problems.push(problem);
    if (this.problems.length > MOST_PROBLEMS) this.problems.shift();
  }
}
