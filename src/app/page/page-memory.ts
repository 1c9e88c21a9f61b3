// What the page remembers of a run: decisions, changes of the label and of models, alerts and when they were over, events.
// Bounded; older moments are read from the history.
import { randomUUID } from 'node:crypto';
import { labels } from '../../core/index.ts';
import type { Label } from '../../core/index.ts';
import type { Decision } from '../../optimize/index.ts';
import type { LiveFrame, PageMark } from '../../page/index.ts';
import type { DaemonEvent, EventKind } from '../events/daemon-event.ts';
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
/** Severities that somebody has to hear of. */
const alerting = new Set<DaemonEvent['severity']>(['warning', 'error', 'critical']);
/** Events that last, and what each of them ends: a label ends the one before it. */
const ends: Readonly<Partial<Record<EventKind, EventKind>>> = {
  'label-change': 'label-change',
  'disk-full': 'disk-full',
  'disk-recovered': 'disk-full',
};

/** Creates an empty one. @param publish told of each decision and mark */
export function createPageMemory(publish: (frame: LiveFrame) => void): PageMemory {
  const decisions: KeptDecision[] = [];
  const marks: PageMark[] = [];
  const events: DaemonEvent[] = [];
  const lasting = new Map<EventKind, PageMark>();
  const tell = (mark: PageMark): void => {
    const at = marks.findIndex(({ id }) => id === mark.id);
    if (at >= 0) marks[at] = mark;
    else keep(marks, mark, MAX_MARKS);
    publish({ ...mark, kind: 'mark', mark: mark.kind });
  };
  const noteLabel = ({ atMs, label, reason, modelVersion }: KeptDecision): void => {
    if ((decisions.at(-1)?.label ?? 'NoActionNeeded') === label) return;
    const detail = { reason, modelVersion };
    tell({ id: randomUUID(), atMs, untilMs: atMs, kind: 'label', text: label, detail });
  };
  const noteAlert = ({ timestamp, kind, severity, message }: DaemonEvent): void => {
    const atMs = Date.parse(timestamp);
    const ended = ends[kind] && lasting.get(ends[kind]);
    if (ended) {
      lasting.delete(ends[kind]!);
      tell({ ...ended, untilMs: atMs });
    }
    if (!alerting.has(severity)) return;
    const untilMs = kind in ends ? null : atMs;
    const mark: PageMark = {
      id: randomUUID(),
      atMs,
      untilMs,
      kind: 'alert',
      text: message,
      detail: { severity, event: kind },
    };
    if (untilMs === null) lasting.set(kind, mark);
    tell(mark);
  };
  return {
    listener: {
      onDecision(decision) {
        const kept = toKept(decision);
        noteLabel(kept);
        keep(decisions, kept, MAX_DECISIONS);
        publish({ ...kept, kind: 'decision' });
      },
      onModelEvent(event) {
        if (event.type !== 'activated' && event.type !== 'rolled-back') return;
        const [atMs, text] = [Date.now(), describeModelEvent(event)];
        tell({ id: randomUUID(), atMs, untilMs: atMs, kind: 'swap', text, detail: { type: event.type } });
      },
    },
    noteEvent(event) {
      events.unshift(event);
      events.splice(MAX_EVENTS);
      noteAlert(event);
    },
    events,
    marks,
    decisionAt: (atMs) =>
      decisions.find((kept) => kept.atMs >= atMs && kept.atMs - atMs <= SAME_MOMENT_MS) ?? null,
    get lastDecision() {
      return decisions.at(-1) ?? null;
    },
  };
}

function toKept(decision: Decision): KeptDecision {
  const { timestamp, label, probabilities, source, modelVersion, reason, mode } = decision;
  const named = probabilities && namedProbabilities(probabilities);
  return { atMs: timestamp, label, probabilities: named, source, modelVersion, reason, mode };
}

/** By the names of the labels. */
export const namedProbabilities = (values: ArrayLike<number>): Record<string, number> =>
  Object.fromEntries(labels.map((label, i) => [label, Number((values[i] ?? 0).toFixed(4))]));

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}
