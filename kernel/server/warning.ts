// What the kernel says of a cell that ran: no error, so in another colour than errors have.
import type { JsonObject } from '../protocol/message.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Data by mime type of a warning. Amber beside the text: readable on light and dark. */
export const buildWarning = (text: string): JsonObject => ({
  'text/plain': text,
  'text/html':
    '<pre style="border-left:3px solid #d9a400;padding-left:.6em;margin:0;white-space:pre-wrap">' +
    `${text.trimEnd().replaceAll(/[&<>]/g, (one) => escapes[one]!)}</pre>`,
});
