// What a serving host logs of its decisions: one line for each change of label, each action and its
// outcome. What stays the same is not repeated.
import type { OptimizationEvent } from '../../core/index.ts';
import type { Decision, PlanSummary } from '../../optimize/index.ts';
import type { HostListener } from './host-types.ts';
import { formatBytes } from '../terminal.ts';

/** Builds a listener that writes lines. */
export function createDecisionLog(
  log: (text: string) => void,
): Required<Pick<HostListener, 'onDecision' | 'onOptimization'>> {
  let label: string | null = null;
  let unmatched = '';
  return {
    onDecision(decision) {
      if (decision.label !== label) {
        log(`label ${label === null ? '' : `${label} → `}${decision.label}: ${decision.reason}`);
        label = decision.label;
      }
      const missing = decision.refusals.filter(({ rule, target }) => rule === 'no-target' && target !== null);
      const text = missing
        .map(
          ({ target, reason }) =>
            `${target!.startsWith('cgroup /') ? target : `--name ${target}`}: ${reason}`,
        )
        .join('; ');
      if (text !== unmatched && text !== '') log(text);
      unmatched = text;
      if (decision.mode === 'act') log(describeAction(decision));
    },
    onOptimization(event) {
      if (event.mode === 'act') log(describeOutcome(event));
    },
  };
}

/** One line: on what, why, what it should free and what it may cost. */
export function describeAction({ plan, action }: Pick<Decision, 'plan' | 'action'>): string {
  const failed = action?.error ? `; failed: ${action.error.message}` : '';
  return `action: ${plan.map(describePlan).join('; ')}${failed}`;
}

/** What would be done to one target, with its evidence. */
export function describePlan({ target, bytes, watchBytes, evidence }: PlanSummary): string {
  if (bytes === 0) return `${target}: watch ${formatBytes(watchBytes)} first (${evidence.reason})`;
  const cost = `frees ${formatBytes(evidence.freesBytes)}, may cost it ${formatMs(evidence.mayCostUs)} if all comes back`;
  return `${target}: page out ${formatBytes(bytes)} (${evidence.reason}; ${cost})`;
}

/** What came of an action: gain and cost. */
export function describeOutcome(event: OptimizationEvent): string {
  const { freed_kib, taken_kib, returned_kib, target_major_faults, target_stall_us, error } = event;
  const taken = `of ${formatBytes((taken_kib ?? 0) * 1024)} taken`;
  const gain =
    freed_kib === null
      ? `freed: unknown (${error ?? 'nothing says so'})`
      : `freed ${formatBytes(freed_kib * 1024)} ${taken}`;
  const cost = `${formatBytes((returned_kib ?? 0) * 1024)} came back, ${target_major_faults ?? 0} major faults, ${formatMs(target_stall_us ?? 0)} waited`;
  return `outcome: ${gain}; ${cost}`;
}

const formatMs = (us: number): string => `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`;
