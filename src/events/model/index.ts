// What every part of events speaks about: columns, formats, counts and errors.
export type { EventBatch, EventSource } from './batch.ts';
export { copyEvents, createEventSlot, createTriggerSlot, eventSlotBytes, viewEvents } from './columns.ts';
export type { EventColumns, EventSlot, TriggerColumns, TriggerSlot } from './columns.ts';
export { addReadCounts, createReadCounts } from './counts.ts';
export type { ReadCounts } from './counts.ts';
export {
  eventDataError,
  eventEncodeError,
  eventFormatError,
  eventHeaderError,
  eventOptionsError,
  timeUnitError,
} from './errors.ts';
export type { EventPlace } from './errors.ts';
export {
  DEFAULT_POLARITY,
  EVENT_FORMATS,
  POLARITIES,
  TIME_UNITS,
  WORD_BYTES,
  WRAP_MICROSECONDS,
} from './formats.ts';
export type { EventFormat, Geometry, Polarity, TimeUnit, WordFormat } from './formats.ts';
