import { expect, it } from 'vitest';
import { parseLayers } from '../../../src/app/commands/layers.ts';

it('parseLayers() reads numbers by their place, words as the activation, and names', () => {
  expect(
    parseLayers('dense:32:relu, dropout:0.2,conv1d:8:3:tanh,gru:units=4:returnSequences=true,flatten'),
  ).toEqual([
    { type: 'dense', units: 32, activation: 'relu' },
    { type: 'dropout', rate: 0.2 },
    { type: 'conv1d', filters: 8, kernelSize: 3, activation: 'tanh' },
    { type: 'gru', units: 4, returnSequences: true },
    { type: 'flatten' },
  ]);
});

it('parseLayers() refuses a layer without a type', () => {
  expect(() => parseLayers('dense:32,,dense:4')).toThrow(/layers like/);
});
