// `--layers dense:32:relu,dropout:0.2`: a network of tf.js on the command line. What a layer takes, and whether there is such
// a layer, is said where it is trained.
import { InvalidArgumentError } from 'commander';
import type { TfjsLayer } from '../../train/index.ts';

/** What a value without a name is, by its place; a word is the activation. */
const places: Readonly<Record<string, readonly string[]>> = {
  conv1d: ['filters', 'kernelSize'],
  dropout: ['rate'],
  averagePooling1d: ['poolSize'],
  maxPooling1d: ['poolSize'],
};

/** Parses layers separated by commas, each a type and its values separated by colons. */
export function parseLayers(text: string): readonly TfjsLayer[] {
  return text.split(',').map((layer) => {
    const [type = '', ...values] = layer.trim().split(':');
    if (type === '') throw new InvalidArgumentError('It must be layers like dense:32:relu,dropout:0.2.');
    const free = [...(places[type] ?? ['units'])];
    const options = values.map((value): [string, unknown] => {
      const at = value.indexOf('=');
      if (at > 0) return [value.slice(0, at), valueOf(value.slice(at + 1))];
      const number = Number(value);
      return Number.isNaN(number) || value === '' ? ['activation', value] : [free.shift() ?? 'units', number];
    });
    return { type, ...Object.fromEntries(options) };
  });
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
