// Writes each event to the journal with fields of its own, by journald's native protocol. Node has no datagram
// sockets of that kind; util-linux's `logger --journald` has, and every systemd distribution ships it.
// https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ · `journalctl RUVECTOR_EVENT=oom-kill`
import { existsSync } from 'node:fs';
import { runProgram } from './command-sink.ts';
import type { DaemonEvent, Severity } from './daemon-event.ts';
import type { EventSink } from './event-sink.ts';

const SOCKET = '/run/systemd/journal/socket';
const TIME_LIMIT_MS = 5000;

/** syslog(3). */
const priorities: Readonly<Record<Severity, number>> = { critical: 2, error: 3, warning: 4, info: 6 };

/** True where a journal listens. */
export const hasJournal = (): boolean => existsSync(SOCKET);

/** Builds the sink. */
export function createJournaldSink(): EventSink {
  return {
    kind: 'journald',
    target: SOCKET,
    async deliver(event, signal) {
      // Without a journal `logger` says nothing and succeeds.
      if (!hasJournal()) throw new Error(`no journal listens at ${SOCKET}`);
      await runProgram('logger', ['--journald'], formatEntry(event), { timeLimitMs: TIME_LIMIT_MS, signal });
    },
  };
}

/** Fields as `logger --journald` reads them: one a line. */
export function formatEntry(event: DaemonEvent): string {
  const fields = {
    MESSAGE: event.message,
    PRIORITY: priorities[event.severity],
    SYSLOG_IDENTIFIER: 'ruvector-memopt',
    RUVECTOR_EVENT: event.kind,
    RUVECTOR_EVENT_ID: event.id,
    RUVECTOR_SCHEMA: event.schema,
    RUVECTOR_SUPPRESSED: event.suppressed,
    RUVECTOR_JSON: JSON.stringify(event),
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${String(value).replace(/[\r\n\0]+/g, ' ')}\n`)
    .join('');
}
