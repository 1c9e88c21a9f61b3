// What the page remembers: of this run decisions and events, and as marks changes of the label and of models, alerts and
// when they were over; marks of earlier runs come from mark-log.ts. Bounded; older moments are read from the history.
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
  /** Adds what earlier runs left. */
  restore(marks: readonly PageMark[]): void;
}

/** Who is told. */
export interface MemoryListener {
  /** Of each decision and mark. */
  readonly publish: (frame: LiveFrame) => void;
  /** Of each mark that a restart shall not forget. */
  readonly keep: (mark: PageMark) => void;
}

/** An hour at 1 Hz. */
const MAX_DECISIONS = 3600;
export const MAX_MARKS = 2000;
const MAX_EVENTS = 200;
/** A decision follows its sample at once. */
const SAME_MOMENT_MS = 1000;
/** Severities that somebody has to hear of. */
const alerting = new Set<DaemonEvent['severity']>(['warning', 'error', 'critical']);
/** Events that last, and what each of them ends: an alert of a label ends the one before it. */
const ends: Readonly<Partial<Record<EventKind, EventKind>>> = {
  'label-change': 'label-change',
  'disk-full': 'disk-full',
  'disk-recovered': 'disk-full',
};

/** Creates an empty one. */
export function createPageMemory({ publish, keep: keepForLater }: MemoryListener): PageMemory {
  const decisions: KeptDecision[] = [];
  const marks: PageMark[] = [];
  let labelled: PageMark | null = null;
  const events: DaemonEvent[] = [];
  const lasting = new Map<EventKind, PageMark>();
  const tell = (mark: PageMark): void => {
    const at = marks.findIndex(({ id }) => id === mark.id);
    if (at >= 0) marks[at] = mark;
    else keep(marks, mark, MAX_MARKS);
    keepForLater(mark);
    publish({ ...mark, kind: 'mark', mark: mark.kind });
  };
  const noteLabel = ({ atMs, label, reason, modelVersion }: KeptDecision): void => {
    // A run that begins with nothing to do says nothing of it.
    if ((labelled?.text ?? 'NoActionNeeded') === label) return;
    if (labelled !== null) tell({ ...labelled, untilMs: atMs });
    const detail = { reason, modelVersion };
    labelled = { id: randomUUID(), atMs, untilMs: null, kind: 'label', text: label, detail };
    tell(labelled);
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
    const detail = { severity, event: kind };
    const mark: PageMark = { id: randomUUID(), atMs, untilMs, kind: 'alert', text: message, detail };
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
    restore(earlier) {
      marks.unshift(...earlier);
      marks.splice(0, marks.length - MAX_MARKS);
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
