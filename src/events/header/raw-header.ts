// What the header of a RAW file says: format, order of bytes and size of the sensor. Old files name neither; then the
// number of the camera system decides, as in Prophesee's own reader (hal_psee_plugins, psee_raw_file_header.cpp).
import { eventFormatError, eventHeaderError } from '../model/index.ts';
import type { Geometry, WordFormat } from '../model/index.ts';
import { findField } from './text-header.ts';
import type { HeaderField, TextHeader } from './text-header.ts';

/** Formats by the names that `format` and `evt` lines give them. */
const formatNames: Readonly<Record<string, WordFormat>> = {
  evt2: 'evt2',
  'evt2.0': 'evt2',
  evt21: 'evt21',
  'evt2.1': 'evt21',
  evt3: 'evt3',
  'evt3.0': 'evt3',
  evt4: 'evt4',
  'evt4.0': 'evt4',
};

/** The first camera system whose EVT2.1 is in little-endian order when its header does not say. */
const FIRST_LITTLE_ENDIAN_SYSTEM = 0x37;

const VGA: Geometry = { width: 640, height: 480 };
const HD: Geometry = { width: 1280, height: 720 };

/** What a camera system writes. */
interface CameraSystem {
  readonly format: WordFormat;
  readonly geometry: Geometry;
}

const systems: ReadonlyMap<number, CameraSystem> = new Map(
  (
    [
      ['evt2', VGA, [0x15, 0x17, 0x19, 0x1c, 0x1d, 0x21, 0x22, 0x23, 0x29, 0x97, 0x99, 0xa1, 0xa2]],
      ['evt2', HD, [0x1a, 0x1f, 0x27]],
      ['evt3', VGA, [0x28]],
      ['evt3', HD, [0x1e, 0x2e, 0x30, 0x31, 0x32]],
    ] as const
  ).flatMap(([format, geometry, ids]) => ids.map((id) => [id, { format, geometry }] as const)),
);

/** Format and size of the sensor; the size may be unknown. */
export interface RawDescription {
  readonly format: WordFormat;
  readonly geometry: Geometry | undefined;
}

/** Keys that only RAW headers have and that decide the format. */
export const isRawHeader = (fields: readonly HeaderField[]): boolean =>
  findField(fields, 'format', 'evt') !== undefined || findSystem(fields) !== undefined;

/**
 * Reads what a RAW header says about its data.
 * @param declared the format the caller says it is, which wins over the header
 */
export function describeRaw(header: TextHeader, source: string, declared?: WordFormat): RawDescription {
  const { fields } = header;
  const format = declared ?? readFormat(header, source);
  return { format, geometry: readGeometry(fields) ?? findSystem(fields)?.geometry };
}

function readFormat(header: TextHeader, source: string): WordFormat {
  const { fields, dataOffset } = header;
  const line = findField(fields, 'format') ?? findField(fields, 'evt');
  if (line === undefined) {
    const system = findSystem(fields);
    if (system !== undefined) return system.format;
    const state = 'the header names neither a format nor a known system_ID';
    throw eventFormatError(source, { byte: dataOffset }, state, 'name the format with --format');
  }
  const name = line.value.split(';', 1)[0]!.trim().toLowerCase();
  const format = formatNames[line.key === 'evt' ? `evt${name}` : name];
  if (format === undefined) {
    const state = `the header names the format "${line.value}"`;
    throw eventFormatError(
      source,
      { byte: line.byte },
      state,
      'convert it with its own tools, or name another with --format',
    );
  }
  return format === 'evt21' && isLegacyOrder(fields, source) ? 'evt21-legacy' : format;
}

function isLegacyOrder(fields: readonly HeaderField[], source: string): boolean {
  const option = readFormatOption(fields, 'endianness');
  const line = findField(fields, 'endianness');
  const order = option ?? line?.value;
  if (order === undefined) {
    const id = readSystemId(fields);
    return id !== undefined && id > 0 && id < FIRST_LITTLE_ENDIAN_SYSTEM;
  }
  if (order === 'little' || order === 'legacy') return order === 'legacy';
  const { byte } = (option === undefined ? line : findField(fields, 'format'))!;
  throw eventHeaderError(
    source,
    { byte },
    `the endianness is "${order}", not little or legacy`,
    'name the format with --format evt21 or evt21-legacy',
  );
}

/** Value of `name=` in `format EVT3;height=720;width=1280`. */
function readFormatOption(fields: readonly HeaderField[], name: string): string | undefined {
  const options = findField(fields, 'format')?.value.split(';').slice(1) ?? [];
  const option = options.map((text) => text.split('=')).findLast(([key]) => key?.trim() === name);
  return option?.[1]?.trim();
}

function readGeometry(fields: readonly HeaderField[]): Geometry | undefined {
  const [, width, height] = /^(\d+)\s*x\s*(\d+)$/i.exec(findField(fields, 'geometry')?.value ?? '') ?? [];
  return (
    buildGeometry(readFormatOption(fields, 'width'), readFormatOption(fields, 'height')) ??
    buildGeometry(width, height) ??
    buildGeometry(findField(fields, 'Width', 'width')?.value, findField(fields, 'Height', 'height')?.value)
  );
}

/** Undefined when a side is missing, no number, 0 or more than events can have. */
export function buildGeometry(width: string | undefined, height: string | undefined): Geometry | undefined {
  const isSide = (text: string | undefined): text is string => /^\d{1,5}$/.test(text ?? '');
  if (!isSide(width) || !isSide(height)) return undefined;
  const geometry = { width: Number(width), height: Number(height) };
  return geometry.width > 0 && geometry.height > 0 ? geometry : undefined;
}

/** Number of the camera system when Prophesee gave it; others number their systems as they like. */
function readSystemId(fields: readonly HeaderField[]): number | undefined {
  const integrators = ['camera_integrator_name', 'plugin_integrator_name', 'integrator_name']
    .map((key) => findField(fields, key)?.value)
    .filter((name) => name !== undefined && name !== '');
  if (integrators.some((name) => name !== 'Prophesee')) return undefined;
  const text = findField(fields, 'system_ID')?.value ?? '';
  return /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : undefined;
}

function findSystem(fields: readonly HeaderField[]): CameraSystem | undefined {
  const id = readSystemId(fields);
  return id === undefined ? undefined : systems.get(id);
}
