import { describe, expect, it } from 'vitest';
import { withOwnRefaults } from '../../../src/app/sampling.ts';
import { snapshot } from '../../support/memory-rows.ts';

const memory = snapshot({ own_refault_file: null, own_refault_anon: null, pswpin: 7 });
const sample = { memory, monotonicMs: 5, processes: null, health: [] };

describe('withOwnRefaults()', () => {
  it('fills the columns of the optimizer and leaves the rest', () => {
    const filled = withOwnRefaults(sample, { filePages: 12, anonPages: 0 });
    expect(filled).toEqual({
      ...sample,
      memory: { ...memory, own_refault_file: 12, own_refault_anon: 0 },
    });
    expect(Object.keys(filled.memory)).toEqual(Object.keys(memory));
  });

  it('leaves them null where no optimizer tells', () => {
    expect(withOwnRefaults(sample, null)).toBe(sample);
  });
});
