// What a screen reader is told without having asked: changes of the label, of the connection, results of actions.
import { signal } from '@preact/signals';

export const announcement = signal('');

/** What is said within this time of something else is added to it: a reader would hear only the last. */
const TOGETHER_MS = 1000;
let saidMs = -Infinity;

/** Says it once, politely. */
export function say(text: string): void {
  const last = announcement.value;
  const isTogether = performance.now() - saidMs < TOGETHER_MS;
  saidMs = performance.now();
  if (isTogether && !last.endsWith(text)) announcement.value = `${last} ${text}`;
  // The same words twice would be no change, and no change is not read out.
  else announcement.value = last === text ? `${text}\u00A0` : text;
}
