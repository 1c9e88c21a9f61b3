// Training samples ⇄ JSON text, as serde_json writes the export document's structs. No I/O.
// A sample with a field this release does not know is refused, never rewritten without it.
import { labels, memoryFeatureFields } from '../../core/index.ts';
import type { Label, MemoryFeatures, TrainingSample } from '../../core/index.ts';
import { samplesJsonError, invalidSampleError } from './errors.ts';
import { float32Text } from './float32-text.ts';

type NumberType = (typeof memoryFeatureFields)[number]['type'];

const largest: Record<Exclude<NumberType, 'f32'>, number> = { u8: 0xff, u32: 0xffff_ffff };
const featureNames: ReadonlySet<string> = new Set(memoryFeatureFields.map((field) => field.name));

/** One sample as compact JSON with the document's field order and number formats. */
export function sampleJson({ features, label }: TrainingSample): string {
  const members = memoryFeatureFields.map(({ name, type }) => {
    const value = features[name];
    return `"${name}":${type === 'f32' ? float32Text(value) : String(value)}`;
  });
  return `{"features":{${members.join(',')}},"label":"${label}"}`;
}

/**
 * Checks a parsed sample and rounds its `f32` fields to 32 bits.
 * @param at position in its list, for the error text
 * @throws RuvectorError `ERR_STORE_APR_SAMPLE` naming the field
 */
export function checkSample(value: unknown, at = 0): TrainingSample {
  const sample = objectOf(value, at, 'the sample');
  refuseUnknown(sample, new Set(['features', 'label']), at);
  const given = objectOf(sample['features'], at, '"features"');
  refuseUnknown(given, featureNames, at);
  const features = Object.fromEntries(
    memoryFeatureFields.map(({ name, type }) => [name, checkNumber(given[name], type, name, at)]),
  ) as MemoryFeatures;
  return { features, label: checkLabel(sample['label'], at) };
}

/**
 * Parses a JSON list of samples.
 * @throws RuvectorError `ERR_STORE_APR_JSON` for what is no JSON list, `ERR_STORE_APR_SAMPLE` for a sample of another shape
 */
export function parseSamples(text: string): TrainingSample[] {
  const list = parseList(text);
  return list.map((value, at) => checkSample(value, at));
}

function parseList(text: string): unknown[] {
  let value: unknown;
  try {
    // Editors of some systems begin a file with a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw samplesJsonError('it is not JSON', cause);
  }
  if (!Array.isArray(value)) throw samplesJsonError('it is not a list');
  return value as unknown[];
}

function checkNumber(value: unknown, type: NumberType, name: string, at: number): number {
  if (typeof value !== 'number')
    throw invalidSampleError(at, `"${name}" is ${describe(value)}, wanted a number`);
  if (type === 'f32') {
    const single = Math.fround(value);
    if (Number.isFinite(single)) return single;
    throw invalidSampleError(at, `"${name}" is ${value}, wanted a finite 32-bit float`);
  }
  if (Number.isInteger(value) && value >= 0 && value <= largest[type]) return value;
  throw invalidSampleError(at, `"${name}" is ${value}, wanted a whole number from 0 to ${largest[type]}`);
}

function checkLabel(value: unknown, at: number): Label {
  const label = labels.find((known) => known === value);
  if (label) return label;
  throw invalidSampleError(at, `"label" is ${describe(value)}, wanted one of ${labels.join(', ')}`);
}

function refuseUnknown(value: object, known: ReadonlySet<string>, at: number): void {
  const unknown = Object.keys(value).find((key) => !known.has(key));
  if (unknown !== undefined)
    throw invalidSampleError(at, `"${unknown}" is a field this release does not know`);
}

function objectOf(value: unknown, at: number, what: string): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) throw invalidSampleError(at, `${what} is ${describe(value)}, wanted an object`);
  return value as Record<string, unknown>;
}

function describe(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60);
}
