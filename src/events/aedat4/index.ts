// AEDAT4: read.
export { Aedat4Decoder } from './decode-aedat4.ts';
export type { Aedat4Options } from './decode-aedat4.ts';
export { openAedat4Source } from './aedat4-source.ts';
