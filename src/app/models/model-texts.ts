// What a host says of its models: lines for the log, and the verdict on a model that cannot be judged.
import { GATE_MARGIN } from '../../models/index.ts';
import type { GateReport, ModelEvent } from '../../models/index.ts';
import type { Deployment } from '../host/host-types.ts';

/** The gate's answer to a model without the rows it was not trained on. */
export const withoutHeldOutRows: GateReport = {
  verdict: 'cannot-tell',
  reason:
    'it came without held-out rows, so nothing can be said of it beside what is live; deploy the result of fit(), ' +
    'or pass dataset= with the model',
  rows: 0,
  margin: GATE_MARGIN,
  metric: 'macroF1',
  rivals: [],
};

/** One line for the log: what became of a model. */
export function describeDeployment({ name, version, isLive, reason, replaced }: Deployment): string {
  if (!isLive) return `model ${name}@${version} stays a candidate: ${reason}`;
  return `model ${name}@${version} goes live: ${reason}${replaced ? `; it replaces ${replaced}` : ''}`;
}

/** One line for the log. */
export function describeModelEvent(event: ModelEvent): string {
  const version = 'version' in event ? event.version : event.type === 'rolled-back' ? event.to : null;
  const why = 'error' in event && event.error ? `: ${event.error.code}: ${event.error.message}` : '';
  return `model ${event.type} ${version ?? ''}${why}`;
}
