// An input whose first bytes were looked at and are given again.
import type { ByteInput } from './byte-input.ts';

/** @param bytes what was read of `input` so far */
export function rewindInput(input: ByteInput, bytes: Uint8Array): ByteInput {
  let rest = bytes;
  return {
    source: input.source,
    sizeBytes: input.sizeBytes,
    get atByte() {
      return input.atByte - rest.length;
    },
    async read(target, signal) {
      if (rest.length === 0) return input.read(target, signal);
      const given = rest.subarray(0, target.length);
      target.set(given);
      rest = rest.subarray(given.length);
      return given.length;
    },
    readGrowth: () => input.readGrowth(),
    [Symbol.asyncDispose]: async () => input[Symbol.asyncDispose](),
  };
}
