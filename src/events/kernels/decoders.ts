// Which decoders a reading uses: the kernels' where the engine has what they need, else their twins in TypeScript.
import { scriptDecoders } from '../decode/index.ts';
import type { DecoderFactory } from '../decode/index.ts';
import { createEventSlot, eventSlotBytes } from '../model/index.ts';
import { KernelDecoder } from './kernel-decoder.ts';
import { compileKernels, KernelMemory } from './kernel-memory.ts';
import { webAssembly } from './web-assembly.ts';

/** Decoders of one reading, and what decodes. */
export interface SelectedDecoders extends DecoderFactory {
  readonly engine: 'wasm' | 'typescript';
  /** Why it is TypeScript; absent for WebAssembly. */
  readonly reason?: string;
  /** Bytes to read a file into, which decoders take without a copy. */
  createInput(sizeBytes: number): Uint8Array;
}

/** Options of {@link selectDecoders}. */
export interface SelectOptions {
  /** @default wasm where it works */
  readonly engine?: 'wasm' | 'typescript';
}

/** Why kernels cannot run here; null when they can. */
export function findKernelObstacle(): string | null {
  if (!webAssembly) return 'this engine has no WebAssembly';
  if (typeof SharedArrayBuffer !== 'function') return 'this engine has no shared memory';
  try {
    compileKernels();
    return null;
  } catch (error) {
    return `the kernels do not compile: ${(error as Error).message}`;
  }
}

/** Decoders for one reading; its memory goes when the last slot and decoder are gone. */
export function selectDecoders(options: SelectOptions = {}): SelectedDecoders {
  const reason = options.engine === 'typescript' ? 'TypeScript was asked for' : findKernelObstacle();
  if (reason !== null) {
    return {
      ...scriptDecoders,
      engine: 'typescript',
      reason,
      createInput: (sizeBytes) => new Uint8Array(sizeBytes),
    };
  }
  return createKernelDecoders(new KernelMemory());
}

/** Decoders by kernels over `memory`. */
export function createKernelDecoders(memory: KernelMemory): SelectedDecoders {
  return {
    engine: 'wasm',
    createDecoder: (format, options) => new KernelDecoder(memory, format, options),
    createSlot(capacity) {
      const at = memory.tryAllocate(eventSlotBytes(capacity));
      return at === null ? createEventSlot(capacity) : createEventSlot(capacity, memory.buffer, at);
    },
    createInput(sizeBytes) {
      const at = memory.tryAllocate(sizeBytes);
      return at === null ? new Uint8Array(sizeBytes) : new Uint8Array(memory.buffer, at, sizeBytes);
    },
  };
}
