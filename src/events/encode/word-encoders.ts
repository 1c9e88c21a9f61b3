// Which encoder writes which format.
import type { BlockEncoder, EncoderOptions, WrittenFormat } from './contract.ts';
import { DatEncoder } from './dat.ts';
import { Evt2Encoder } from './evt2.ts';
import { Evt21Encoder } from './evt21.ts';
import { Evt3Encoder } from './evt3.ts';

/** An encoder that begins with the first event of a file. */
export function createEncoder(format: WrittenFormat, options: EncoderOptions = {}): BlockEncoder {
  switch (format) {
    case 'evt2':
      return new Evt2Encoder();
    case 'evt3':
      return new Evt3Encoder();
    case 'dat':
      return new DatEncoder(options.datKind ?? 'events');
    default:
      return new Evt21Encoder(format);
  }
}
