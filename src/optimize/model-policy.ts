// The model's answer, or the rule's when the model has none that can be trusted.
import { clipProbabilities, findProbabilityFlaw, labels, messageOf, systemClock } from '../core/index.ts';
import type { Clock, Prediction, Predictor } from '../core/index.ts';
import { ageOf } from './whether.ts';
import type { DecisionInput, FallbackCause, WhetherDecision, WhetherPolicy } from './whether.ts';

/** Options of {@link createModelPolicy}. */
export interface ModelPolicyOptions {
  readonly predictor: Predictor;
  /** Answers on every fallback; it sees every snapshot, so that its pressure window is filled. */
  readonly rule: WhetherPolicy;
  /** Longest wait for one prediction. @default 250 */
  readonly timeoutMs?: number;
  /** Oldest snapshot the model is asked about. @default 3000 */
  readonly staleAfterMs?: number;
  readonly clock?: Clock;
}

const TIMED_OUT = Symbol('timed out');

/** Builds the policy. It never rejects: a failing model is data. */
export function createModelPolicy(options: ModelPolicyOptions): WhetherPolicy {
  const { predictor, rule, timeoutMs = 250, staleAfterMs = 3000, clock = systemClock } = options;
  // A model that hangs is not asked again until that question settles or another model is live.
  let hung: { version: string | null } | null = null;

  const ask = async ({ features, history }: DecisionInput): Promise<Prediction | typeof TIMED_OUT> => {
    const version = predictor.liveVersion;
    const timer = new AbortController();
    const asked = predictor.predict(features, history);
    const expired = clock.sleep(timeoutMs, timer.signal).then(
      () => TIMED_OUT,
      () => TIMED_OUT,
    );
    try {
      const answer = await Promise.race([asked, expired]);
      if (answer === TIMED_OUT) {
        const mine = { version };
        hung = mine;
        const release = (): void => {
          if (hung === mine) hung = null;
        };
        asked.then(release, release);
      }
      return answer as Prediction | typeof TIMED_OUT;
    } finally {
      timer.abort();
    }
  };

  const tryModel = async (input: DecisionInput): Promise<WhetherDecision | [FallbackCause, string]> => {
    const ageMs = ageOf(input, clock);
    if (Math.abs(ageMs) > staleAfterMs) return ['stale-input', `the snapshot is ${Math.round(ageMs)} ms old`];
    const version = predictor.liveVersion;
    if (version === null) return ['no-live-model', 'no model is live'];
    if (hung !== null && hung.version === version) return ['time-out', `model ${version} still hangs`];
    try {
      const answer = await ask(input);
      if (answer === TIMED_OUT) return ['time-out', `model ${version} took more than ${timeoutMs} ms`];
      const flaw = findFlaw(answer);
      return flaw === null ? toDecision(answer) : ['not-finite', `model ${version} ${flaw}`];
    } catch (error) {
      return ['model-error', messageOf(error)];
    }
  };

  return {
    async decide(input) {
      const [byRule, byModel] = await Promise.all([rule.decide(input), tryModel(input)]);
      if (!Array.isArray(byModel)) return byModel;
      const [fallback, why] = byModel;
      return { ...byRule, fallback, reason: `${why}; rule: ${byRule.reason}` };
    },
  };
}

/** What is wrong with an answer, or null. */
export function findFlaw(answer: Prediction): string | null {
  const { label, probabilities } = answer;
  if (!labels.includes(label)) return `gave an unknown label "${label}"`;
  if (probabilities.length !== labels.length) return `gave ${probabilities.length} probabilities`;
  const flaw = findProbabilityFlaw(probabilities);
  return flaw === null ? null : `gave probabilities that are not finite shares: it ${flaw}`;
}

function toDecision(answer: Prediction): WhetherDecision {
  // Forests overshoot 0 and 1 by a rounding of float32; a copy, because the predictor's array is its own.
  const probabilities = clipProbabilities(Float32Array.from(answer.probabilities));
  const p = probabilities[labels.indexOf(answer.label)] ?? 0;
  return {
    label: answer.label,
    probabilities,
    source: 'model',
    modelVersion: answer.modelVersion,
    reason: `model ${answer.modelVersion}: ${answer.label} with probability ${p.toFixed(2)}`,
  };
}
