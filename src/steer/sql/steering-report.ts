// What a person, or a program, may ask of steering: what it knows of each template and why it does what it does; and what
// they may tell it.
import { parseDag } from '../../dag/index.ts';
import type { QueryDag } from '../../dag/index.ts';
import type { TemplateReport, VerifiedArm } from '../policy/index.ts';
import { unknownTemplateError } from './errors.ts';
import type { PassReason } from './statement-class.ts';
import type { SteeredConnection, SteeredRun } from './steering.ts';
import type { SteeringMemory } from './steering-memory.ts';
import type { TemplateEntry } from './template-entry.ts';
import { wilsonBound } from './vector-recall.ts';

/** A template in a word or two. */
export interface TemplateSummary {
  readonly id: string;
  readonly text: string;
  readonly state: TemplateReport['state'] | 'passed' | 'vector' | 'no-other-plan' | 'too-quick';
  /** Why it is passed through, null when it is not. */
  readonly pass: PassReason | null;
  readonly runs: number;
  readonly steered: number;
  readonly timeouts: number;
  readonly defaultMs: number | null;
  /** The arm that is used, null when the default is. */
  readonly arm: string | null;
  /** Share of the default's time that the arm saved in its pairs. */
  readonly gain: number | null;
}

/** How steering stands. */
export interface SteeringStatus {
  readonly engine: string;
  /** Where what was learned is kept; null for nowhere. */
  readonly stateFile: string | null;
  /** False when another process writes the file, and what is learned here ends with this process. */
  readonly isKept: boolean;
  readonly templates: readonly TemplateSummary[];
  /** Statements that were passed through, by reason. */
  readonly passed: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** What is known of one template. */
export interface TemplateExplanation extends TemplateSummary {
  /** Latencies, pairs and reasons by arm; null before the first run. */
  readonly policy: TemplateReport | null;
  /** The planner's cost by arm. */
  readonly costs: Readonly<Record<string, number>>;
  readonly tables: readonly string[];
  /** The default's plan. */
  readonly plan: QueryDag | null;
  /** Queries by vector: by rows wanted and share left, what was chosen and what each ef_search finds. */
  readonly cells: readonly {
    readonly cell: string;
    readonly probes: number;
    readonly efSearch: number | null;
    readonly recall: Readonly<Record<string, { readonly mean: number; readonly atLeast: number }>>;
  }[];
}

/** What was learned, and a hand on it. */
export class Steering {
  readonly #connection: SteeredConnection;

  constructor(connection: SteeredConnection) {
    this.#connection = connection;
  }

  status(): SteeringStatus {
    return { ...describeMemory(this.#memory), problems: this.#connection.problems };
  }

  /** Names of the arms, the default's first. */
  get arms(): readonly string[] {
    return this.#memory.arms;
  }

  /** @param template its id, the beginning of it, or its text. @throws RuvectorError `ERR_STEER_TEMPLATE` */
  explain(template: string): TemplateExplanation {
    return explainEntry(this.#memory, this.#find(template));
  }

  /** Rows of the verified-better table, with the templates' texts: what other hosts may be told. */
  verified(): readonly (VerifiedArm & { readonly text: string })[] {
    const texts = new Map([...this.#memory.entries.values()].map(({ id, text }) => [id, text]));
    return this.#memory.policy.verified().map((arm) => ({ ...arm, text: texts.get(arm.template) ?? '' }));
  }

  /** Somebody else found an arm better: it is tried here, and used once it is verified here. @returns false when it cannot be */
  suggest(template: string, arm: string): boolean {
    const entry = this.#memory.find(template);
    return entry?.pass === null && this.#memory.policy.suggest(entry.id, arm);
  }

  /** Switches steering of a template off. @throws RuvectorError `ERR_STEER_TEMPLATE` */
  kill(template: string): void {
    this.#memory.policy.kill(this.#find(template).id);
    this.#memory.touch();
  }

  /** And on again. @throws RuvectorError `ERR_STEER_TEMPLATE` */
  revive(template: string): void {
    this.#memory.policy.revive(this.#find(template).id);
    this.#memory.touch();
  }

  /** Drops what was verified of a template, of all without one: data or indexes changed. @throws RuvectorError `ERR_STEER_TEMPLATE` */
  invalidate(template: string | null, why: string): void {
    const entries = template === null ? [...this.#memory.entries.values()] : [this.#find(template)];
    for (const entry of entries) this.#connection.invalidate(entry, why);
  }

  /** Forgets everything. */
  reset(): void {
    this.#memory.policy.forget(null);
    this.#memory.entries.clear();
    for (const why of Object.keys(this.#memory.passed)) delete this.#memory.passed[why];
    this.#memory.touch();
  }

  /** Hears of each call. @returns an end to it */
  watch(listen: (run: SteeredRun) => void): () => void {
    return this.#connection.watch(listen);
  }

  /** Looks at the tables now, not when it is due. */
  refresh(): Promise<void> {
    return this.#connection.refresh();
  }

  /** Waits until nothing runs beside the user's calls. */
  settled(): Promise<void> {
    return this.#connection.settled();
  }

  /** Writes the state file now. @throws system errors */
  save(): Promise<void> {
    return this.#memory.save();
  }

  get #memory(): SteeringMemory {
    return this.#connection.memory;
  }

  #find(template: string): TemplateEntry {
    const entry = this.#memory.find(template);
    if (!entry) throw unknownTemplateError(template, this.#memory.entries.size);
    return entry;
  }
}

/** How a memory stands, also one that was only read from its file. */
export function describeMemory(memory: SteeringMemory): Omit<SteeringStatus, 'problems'> {
  const { path, isOurs } = memory.storage;
  return {
    engine: memory.engine,
    stateFile: path,
    isKept: isOurs,
    templates: [...memory.entries.values()].map((entry) => summarize(memory, entry)),
    passed: memory.passed,
  };
}

function summarize(memory: SteeringMemory, entry: TemplateEntry): TemplateSummary {
  const report = memory.policy.explain(entry.id);
  const arm = report?.verified ?? null;
  return {
    id: entry.id,
    text: entry.text,
    state: stateOf(entry, report),
    pass: entry.pass,
    ...entry.counts,
    defaultMs: report?.defaultMedianMs ?? entry.defaultMs,
    arm,
    gain: report?.arms.find((each) => each.arm === arm)?.gain ?? null,
  };
}

function stateOf(
  { pass, vector, lookedAt, arms }: TemplateEntry,
  report: TemplateReport | null,
): TemplateSummary['state'] {
  if (pass !== null) return 'passed';
  if (vector) return 'vector';
  if (report && report.state !== 'unseen') return report.state;
  if (lookedAt.length === 0) return 'unseen';
  return arms.length === 0 ? 'no-other-plan' : 'too-quick';
}

/** What is known of an entry. */
export function explainEntry(memory: SteeringMemory, entry: TemplateEntry): TemplateExplanation {
  return {
    ...summarize(memory, entry),
    policy: memory.policy.explain(entry.id),
    costs: entry.costs,
    tables: entry.tables.map(({ table }) => table),
    plan: entry.plan && parseDag(JSON.stringify(entry.plan)),
    cells: Object.entries(entry.cells).map(([cell, { probes, chosen, byEf }]) => ({
      cell,
      probes,
      efSearch: chosen,
      recall: Object.fromEntries(
        Object.entries(byEf).map(([ef, seen]) => [
          ef,
          { mean: seen.found / Math.max(1, seen.wanted), atLeast: wilsonBound(seen, -1) },
        ]),
      ),
    })),
  };
}
