// What a steering policy is asked, answers and is told: the contract between policy and whoever runs statements.
// Pure data: a policy runs nothing and reads no clock; times are passed in, random numbers come from its seed.

/** How careful a policy is. */
export type PolicyMode =
  /** An arm other than the default is used only once it is verified; exploring is bounded. */
  | 'safe'
  /** Thompson sampling: the arm that a draw from what was learned expects to be fastest. */
  | 'eager';

/** Options of a policy. */
export interface PolicyOptions {
  /** The names of all arms, the default among them; what an arm sets is known to its user only. */
  readonly arms: readonly string[];
  /** The arm that changes nothing. */
  readonly defaultArm: string;
  /** Decides every draw: the same calls in the same order give the same choices. */
  readonly seed: number;
  /** @default 'safe' */
  readonly mode?: PolicyMode;
  /** Hidden factors of template and arm. @default 2 */
  readonly rank?: number;
  /** Runs of unproven arms that may be under way at once, over all templates. @default 2 */
  readonly maxOpenExplorations?: number;
  /** Runs of the default before a template is no longer unseen. @default 3 */
  readonly minDefaultRuns?: number;
  /** What an arm must save against the default to be verified, as a share. @default 0.1 */
  readonly minGain?: number;
  /** Chance of verifying an arm that is no better (one-sided sign test over pairs). @default 0.05 */
  readonly significance?: number;
  /** An arm runs for at most this many times the p95 of the template's default. @default 3 */
  readonly timeoutFactor?: number;
  /** Time-outs are never shorter, so that the clock's own noise ends nothing. @default 10 ms */
  readonly minTimeoutMs?: number;
  /** Median of recent default runs this far from the verified one drops what was verified. @default 1 (a doubling) */
  readonly driftFactor?: number;
  /** What `toJSON()` gave, when learning goes on; checked, `ERR_STEER_STATE` when it is damaged or of other arms. */
  readonly state?: unknown;
}

/** One statement that is about to run. */
export interface ChoiceRequest {
  /** Identity of the statement without its literals. */
  readonly template: string;
  /** Identity of the literals, a hash; statements with the same are the same statement. */
  readonly parameters: string;
  /** The arms whose plan differs from the default's and from each other's; the others are not tried. @default all */
  readonly distinctArms?: readonly string[];
  /** Numbers that describe this statement's plan (logarithms of rows and cost), as many in every request. @default none */
  readonly features?: readonly number[];
  /** False for everything that may write: it runs with the default. */
  readonly isReadOnly: boolean;
  readonly nowMs: number;
}

/** Why an arm was chosen. */
export type ChoiceReason =
  /** Nothing is expected to be better. */
  | 'default'
  /** Fewer than `minDefaultRuns` runs of this template. */
  | 'unseen'
  /** The statement may write. */
  | 'write'
  /** Steering of this template was switched off by hand. */
  | 'killed'
  /** Something may be better, and it is not its turn: too many explorations are open, or their budget is spent. */
  | 'unverified'
  /** The arm's half of a pair: it may or may not be better. */
  | 'explore'
  /** The default's half of a pair. */
  | 'pair-default'
  /** The arm is in the table of verified ones. */
  | 'verified'
  /** Mode `eager`: the draw. */
  | 'sampled'
  /** The default once more, for a statement whose arm was too slow. */
  | 'replay';

/** What to run. */
export interface Choice {
  /** Names this choice in `observe`, `replay` and `abandon`; each choice is told of once. */
  readonly id: number;
  readonly template: string;
  readonly parameters: string;
  readonly arm: string;
  readonly why: ChoiceReason;
  /** Stop the statement then, and run `replay(choice)`. Null: no time-out (the default always). */
  readonly timeoutMs: number | null;
  /** What is expected, null before anything is known. */
  readonly predictedMs: number | null;
}

/** How a run ended. */
export interface RunOutcome {
  /** Its time, or the time after which it was stopped. */
  readonly ms: number;
  readonly timedOut: boolean;
}

/** Where an arm stands in a template. */
export type ArmStatus = 'default' | 'untried' | 'candidate' | 'verified' | 'rejected' | 'same-plan';

/** An arm in {@link TemplateReport}. */
export interface ArmReport {
  readonly arm: string;
  readonly status: ArmStatus;
  readonly runs: number;
  readonly timeouts: number;
  /** Median of the recent runs, null without any that ended. */
  readonly medianMs: number | null;
  /** What the model expects of this arm, null before anything is known. */
  readonly predictedMs: number | null;
  /** Pairs with the default that ended, and those the arm won by `minGain`. */
  readonly pairs: number;
  readonly wins: number;
  /** One-sided sign test over the pairs, null without any. */
  readonly pValue: number | null;
  /** Median over the pairs of 1 − arm / default; negative when the arm is slower. Null without any. */
  readonly gain: number | null;
  /** One sentence for a person: why it is where it is. */
  readonly reason: string;
}

/** What a policy knows of a template. */
export interface TemplateReport {
  readonly template: string;
  readonly state: 'unseen' | 'learning' | 'steered' | 'default-best' | 'killed';
  readonly runs: number;
  readonly defaultMedianMs: number | null;
  readonly defaultP95Ms: number | null;
  /** The arm that is used, null when the default is. */
  readonly verified: string | null;
  /** The last time that what was verified was dropped. */
  readonly invalidated: { readonly why: string; readonly atMs: number } | null;
  readonly arms: readonly ArmReport[];
}

/** A row of the verified-better table. */
export interface VerifiedArm {
  readonly template: string;
  readonly arm: string;
  readonly pairs: number;
  readonly wins: number;
  readonly gain: number;
  readonly sinceMs: number;
}

/** Chooses arms and learns from runs. */
export interface SteeringPolicy {
  choose(request: ChoiceRequest): Choice;
  /** The default for a read-only statement whose arm timed out; `choice` is to be observed first. */
  replay(choice: Choice): Choice;
  /** How a choice ended; a choice that is not open (told of already, or from before a restart) is an error. */
  observe(choice: Choice, outcome: RunOutcome, nowMs: number): void;
  /** A choice that gave no time: the connection was lost, the statement failed, the user cancelled. Nothing is learned. */
  abandon(choice: Choice): void;
  /** ANALYZE, DDL, drift: what was verified of a template is dropped; `null` for all templates. */
  invalidate(template: string | null, why: string, nowMs: number): void;
  /** Switches steering of a template off and on again. */
  kill(template: string): void;
  revive(template: string): void;
  /** Somebody else found this arm better: it is tried next here, and used only once it is verified here. False when it cannot be. */
  suggest(template: string, arm: string): boolean;
  /** Forgets a template; `null` for everything. */
  forget(template: string | null): void;
  templates(): readonly string[];
  /** Null for a template nothing is known of. */
  explain(template: string): TemplateReport | null;
  verified(): readonly VerifiedArm[];
  /** For a state file; plain JSON. */
  toJSON(): unknown;
}

/** Creates a {@link SteeringPolicy}; exported as `createPolicy`. */
export type CreatePolicy = (options: PolicyOptions) => SteeringPolicy;
