// Which decoder reads which format, in TypeScript: the fallback of the WebAssembly kernels and their reference.
import { createEventSlot } from '../model/index.ts';
import type { WordFormat } from '../model/index.ts';
import type { BlockDecoder, DecoderFactory, DecoderOptions } from './contract.ts';
import { DatDecoder } from './dat.ts';
import { Evt2Decoder } from './evt2.ts';
import { Evt21Decoder } from './evt21.ts';
import { Evt3Decoder } from './evt3.ts';
import { Evt4Decoder } from './evt4.ts';

const decoders: Readonly<Record<WordFormat, (options: DecoderOptions) => BlockDecoder>> = {
  evt2: (options) => new Evt2Decoder(options),
  evt21: (options) => new Evt21Decoder('evt21', options),
  'evt21-legacy': (options) => new Evt21Decoder('evt21-legacy', options),
  evt3: (options) => new Evt3Decoder(options),
  evt4: (options) => new Evt4Decoder(options),
  dat: (options) => new DatDecoder(options),
};

/** Decoders in TypeScript. */
export const scriptDecoders: DecoderFactory = {
  createDecoder: (format, options = {}) => decoders[format](options),
  createSlot: (capacity) => createEventSlot(capacity),
};
