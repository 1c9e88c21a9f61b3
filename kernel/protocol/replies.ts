// Contents of replies that several requests share. Pure.
import type { JsonObject } from './message.ts';

/** Content of a reply that says what went wrong. */
export function errorContent(ename: string, evalue: string): JsonObject {
  return { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
}
