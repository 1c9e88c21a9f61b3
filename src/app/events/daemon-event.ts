// What a daemon tells programs outside it, one small JSON object each. docs/events-out.md has the schema; a change
// that a reader could trip over raises EVENT_SCHEMA.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** Version of the schema. */
export const EVENT_SCHEMA = 1;

/** What can happen. */
export const eventKinds = [
  'label-change',
  'action',
  'outcome',
  'rollback',
  'model-rejected',
  'oom-kill',
  'disk-full',
  'disk-recovered',
] as const;
export type EventKind = (typeof eventKinds)[number];

/** How much of somebody's attention it wants. */
export type Severity = 'info' | 'warning' | 'error' | 'critical';

/** An event without what every event has. */
export interface EventFacts {
  readonly kind: EventKind;
  readonly severity: Severity;
  /** One line for people. */
  readonly message: string;
  /** Facts by kind; plain JSON. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** An event as it leaves. */
export interface DaemonEvent extends EventFacts {
  readonly schema: number;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly host: string;
  readonly pid: number;
  /** Events of this kind that the limit on rate held back since the last one that was sent. */
  readonly suppressed: number;
}

/** Adds what every event has. */
export function buildDaemonEvent(facts: EventFacts, atMs: number): DaemonEvent {
  return {
    schema: EVENT_SCHEMA,
    id: randomUUID(),
    timestamp: new Date(atMs).toISOString(),
    host: hostname(),
    pid: process.pid,
    ...facts,
    suppressed: 0,
  };
}
