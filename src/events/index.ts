// Event-camera recordings: the door of src/events, published as `ruvector-memopt/events`.
export * from './model/index.ts';
export { calculateOptimalChunkSize } from './read/chunk-size.ts';
export { EventStreamer } from './read/event-streamer.ts';
export type { AnyEvents, SingleEvent } from './read/event-streamer.ts';
export { loadEvents } from './read/load-events.ts';
export type { LoadConfig, LoadedEvents } from './read/load-events.ts';
export { openEvents } from './read/open-events.ts';
export type { EventReading, OpenEventsOptions, RecordingInfo } from './read/open-events.ts';
export type { EventProgress } from './read/progress-meter.ts';
export type { FormatOptions, Region, SourceOptions } from './read/source-options.ts';
export { convertEvents } from './write/convert-events.ts';
export type { ConvertOptions, ConvertReport } from './write/convert-events.ts';
export { openEventWriter } from './write/open-event-writer.ts';
export type { EventWriter, EventWriterOptions } from './write/open-event-writer.ts';
export { OUTPUT_FORMATS } from './write/output-format.ts';
export type { OutputFormat } from './write/output-format.ts';
export { createSynth } from './synth/index.ts';
export type { Synth, SynthOptions } from './synth/index.ts';
