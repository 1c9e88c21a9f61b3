// Recordings that are made up.
export { createSynth } from './create-synth.ts';
export type { Synth } from './create-synth.ts';
export type { SynthOptions } from './synth-options.ts';
