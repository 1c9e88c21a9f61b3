// Encoders of word formats: events to bytes, batch by batch.
export type { BlockEncoder, EncoderOptions, WrittenFormat } from './contract.ts';
export { createEncoder } from './word-encoders.ts';
