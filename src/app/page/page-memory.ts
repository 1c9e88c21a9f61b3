// What the page remembers of a run: decisions, changes of the label and of models, events. Bounded; older moments are
// read from the history.
import { labels } from '../../core/index.ts';
import type { Label } from '../../core/index.ts';
import type { Decision } from '../../optimize/index.ts';
import type { LiveFrame, PageMark } from '../../page/index.ts';
import type { DaemonEvent } from '../events/daemon-event.ts';
import type { HostListener } from '../host/host-types.ts';
import { describeModelEvent } from '../models/model-texts.ts';

/** A decision as it is kept. */
export interface KeptDecision {
  readonly atMs: number;
  readonly label: Label;
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly source: Decision['source'];
  readonly modelVersion: string | null;
  readonly reason: string;
  readonly mode: Decision['mode'];
}

/** What is remembered. */
export interface PageMemory {
  readonly listener: HostListener;
  noteEvent(event: DaemonEvent): void;
  /** The newest first. */
  readonly events: readonly DaemonEvent[];
  readonly marks: readonly PageMark[];
  /** The decision made on the sample of a moment; null when it is not known any more. */
  decisionAt(atMs: number): KeptDecision | null;
  readonly lastDecision: KeptDecision | null;
}

/** An hour at 1 Hz. */
const MAX_DECISIONS = 3600;
const MAX_MARKS = 1000;
const MAX_EVENTS = 200;
/** A decision follows its sample at once. */
const SAME_MOMENT_MS = 1000;
/** Severities that are shown in the past as well. */
const alerting = new Set<DaemonEvent['severity']>(['warning', 'error', 'critical']);

/** Creates an empty one. @param publish told of each decision and mark */
export function createPageMemory(publish: (frame: LiveFrame) => void): PageMemory {
  const decisions: KeptDecision[] = [];
  const marks: PageMark[] = [];
  const events: DaemonEvent[] = [];
  const addMark = (mark: PageMark): void => {
    keep(marks, mark, MAX_MARKS);
    publish({ ...mark, kind: 'mark', mark: mark.kind });
  };
  const noteLabel = (decision: KeptDecision): void => {
    const { atMs, label, reason, modelVersion } = decision;
    if ((decisions.at(-1)?.label ?? 'NoActionNeeded') === label) return;
    addMark({ atMs, untilMs: null, kind: 'label', text: label, detail: { reason, modelVersion } });
  };
  return {
    listener: {
      onDecision(decision) {
        const kept = toKept(decision);
        noteLabel(kept);
        keep(decisions, kept, MAX_DECISIONS);
        publish({ kind: 'decision', ...kept });
      },
      onModelEvent(event) {
        if (event.type !== 'activated' && event.type !== 'rolled-back') return;
        const text = describeModelEvent(event);
        addMark({ atMs: Date.now(), untilMs: null, kind: 'swap', text, detail: { type: event.type } });
      },
    },
    noteEvent(event) {
      events.unshift(event);
      events.splice(MAX_EVENTS);
      if (!alerting.has(event.severity)) return;
      const { timestamp, message, severity } = event;
      addMark({
        atMs: Date.parse(timestamp),
        untilMs: null,
        kind: 'alert',
        text: message,
        detail: { severity, event: event.kind },
      });
    },
    events,
    marks,
    decisionAt: (atMs) =>
      decisions.findLast((kept) => kept.atMs >= atMs && kept.atMs - atMs <= SAME_MOMENT_MS) ?? null,
    get lastDecision() {
      return decisions.at(-1) ?? null;
    },
  };
}

function toKept({
  timestamp,
  label,
  probabilities,
  source,
  modelVersion,
  reason,
  mode,
}: Decision): KeptDecision {
  return {
    atMs: timestamp,
    label,
    probabilities: probabilities && namedProbabilities(probabilities),
    source,
    modelVersion,
    reason,
    mode,
  };
}

/** By the names of the labels. */
export const namedProbabilities = (values: ArrayLike<number>): Record<string, number> =>
  Object.fromEntries(labels.map((label, i) => [label, Number((values[i] ?? 0).toFixed(4))]));

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}
