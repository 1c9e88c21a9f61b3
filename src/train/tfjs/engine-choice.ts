// Which backend of tf.js trains a network. Native takes about four milliseconds a step however small the step is, so
// that wasm is as fast for small networks; cpu is plain JavaScript and comes last. Pure.
import type { TfjsEngine } from './tfjs-options.ts';

/** What is known before anything is loaded. */
export interface EngineFacts {
  /** Multiplications of one step: those of a row times the rows of a step. */
  readonly stepSize: number;
  /** The one that the caller named. */
  readonly wanted: TfjsEngine | null;
  /** Null where the native library is there, else what is wrong with it. */
  readonly nativeProblem: string | null;
}

/** One backend to try, and why it is this one's turn. */
export interface EngineChoice {
  readonly engine: TfjsEngine;
  readonly why: string;
}

/** Multiplications of a step from which native is the faster one: bench `train.tfjs`. */
export const NATIVE_FROM = 1_000_000;

/** Backends in the order in which they are tried; the first one that has all kernels of the network trains it. */
export function chooseEngines({ stepSize, wanted, nativeProblem }: EngineFacts): EngineChoice[] {
  if (wanted !== null) return [{ engine: wanted, why: 'it was asked for' }];
  const size = `a step is ${count(stepSize)} multiplications`;
  const cpu: EngineChoice = { engine: 'cpu', why: 'the others cannot train this network' };
  if (nativeProblem !== null) {
    return [{ engine: 'wasm', why: `native is not there: ${nativeProblem}` }, cpu];
  }
  const wasm: EngineChoice = { engine: 'wasm', why: `${size}, and native is faster from ${count(NATIVE_FROM)}` };
  const native: EngineChoice = { engine: 'native', why: `${size}, from ${count(NATIVE_FROM)} it is the fastest` };
  if (stepSize >= NATIVE_FROM) return [native, { ...wasm, why: 'native cannot train it' }, cpu];
  return [wasm, { ...native, why: 'wasm cannot train it' }, cpu];
}

const count = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 2 });
