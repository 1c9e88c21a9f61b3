// Decoders of word formats: bytes to events, block by block.
export type {
  BlockDecoder,
  DatRecords,
  DecoderFactory,
  DecoderOptions,
  DecoderState,
  LookBack,
} from './contract.ts';
export { lookBack } from './look-back.ts';
export { createDecoderState } from './word-decoder.ts';
export { scriptDecoders } from './word-decoders.ts';
