// Text and CSV: read and written.
export { TextEventDecoder } from './decode-text.ts';
export { TextEventEncoder } from './encode-text.ts';
export type { TextWriteOptions } from './encode-text.ts';
export type { PlainLineFacts, PlainLines, PlainRun } from './plain-lines.ts';
export { parseTimeUnit } from './text-options.ts';
export type { TextColumn, TextReadOptions } from './text-options.ts';
export { openTextSource } from './text-source.ts';
export type { TextSourceOptions } from './text-source.ts';
