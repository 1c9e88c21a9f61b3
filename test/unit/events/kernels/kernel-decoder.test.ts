// Kernels against their twins in TypeScript: the same bytes give the same events, triggers, counts and state, however
// they are cut and whatever they hold.
import { describe, expect, it } from 'vitest';
import { scriptDecoders } from '../../../../src/events/decode/word-decoders.ts';
import type { DecoderOptions } from '../../../../src/events/decode/contract.ts';
import { createKernelDecoders } from '../../../../src/events/kernels/decoders.ts';
import { KernelMemory } from '../../../../src/events/kernels/kernel-memory.ts';
import { createEventSlot, WORD_BYTES } from '../../../../src/events/model/index.ts';
import type { WordFormat } from '../../../../src/events/model/index.ts';
import { decodeAll } from '../../../support/events/decode-all.ts';
import { drawWords, mutateBytes } from '../../../support/events/random-words.ts';
import { createRandom } from '../../../support/random.ts';

const formats = Object.keys(WORD_BYTES) as WordFormat[];
const kernels = createKernelDecoders(new KernelMemory());
/** One of each size, because kernel memory is not given back before the reading ends. */
const slots = [1, 2, 7, 47, 300, 5000].flatMap((capacity) => [
  kernels.createSlot(capacity),
  createEventSlot(capacity),
]);

function drawOptions(draw: () => number): DecoderOptions {
  return {
    polarity: draw() < 0.5 ? 'signed' : 'unsigned',
    geometry: draw() < 0.5 ? { width: 640, height: 480 } : undefined,
    dropOutside: draw() < 0.5,
    dat: { kind: draw() < 0.2 ? 'triggers' : 'events', version: draw() < 0.3 ? 1 : 2 },
  };
}

describe.each(formats)('KernelDecoder of %s', (format) => {
  it('decode() gives what the TypeScript decoder gives for random and mutated words, any cut and any slot', () => {
    const random = createRandom(formats.indexOf(format) + 1);
    for (let round = 0; round < 60; round++) {
      const draw = (): number => random();
      const words = drawWords(
        format,
        draw,
        20 + Math.floor(draw() * (format.startsWith('evt21') ? 600 : 3000)),
      );
      const bytes = mutateBytes(words, draw).subarray(0, words.length - Math.floor(draw() * 8));
      const options = drawOptions(draw);
      const largest = draw() < 0.3 ? 5 : draw() < 0.5 ? 100 : 1e6;
      const cuts = {
        nextPiece: () => 1 + Math.floor(draw() * largest),
        slot: slots[Math.floor(draw() * slots.length)]!,
        triggerCapacity: 1 + Math.floor(draw() * 10),
      };
      const ours = kernels.createDecoder(format, options);
      const twin = scriptDecoders.createDecoder(format, options);
      const got = decodeAll(ours, bytes, cuts);
      const wanted = decodeAll(twin, bytes, { nextPiece: () => bytes.length });
      expect(got, `round ${String(round)}, ${JSON.stringify(options)}`).toEqual(wanted);
      expect(ours.state()).toEqual(twin.state());
    }
  });
});
