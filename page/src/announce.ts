// What a screen reader is told without having asked: changes of the label, of the connection, results of actions.
import { signal } from '@preact/signals';

/** One thing that was said. */
export interface Announcement {
  readonly id: number;
  readonly text: string;
}

/** What was said lately, each in an element of its own: a reader reads what is added, and nothing takes another's place. */
export const announcements = signal<readonly Announcement[]>([]);

const MAX_KEPT = 5;

/** Says it once, politely. */
export function say(text: string): void {
  const id = (announcements.value.at(-1)?.id ?? 0) + 1;
  announcements.value = [...announcements.value, { id, text }].slice(-MAX_KEPT);
}
