// What a screen reader is told without having asked: changes of the label, of the connection, results of actions.
import { signal } from '@preact/signals';

export const announcement = signal('');

/** Says it once, politely. */
export function say(text: string): void {
  // The same words twice would be no change, and no change is not read out.
  announcement.value = announcement.value === text ? `${text}\u00A0` : text;
}
