// The headers of files this writes: what Prophesee's tools need to read them, and the lines a recording had before.
import type { WrittenFormat } from '../encode/index.ts';
import type { Geometry } from '../model/index.ts';
import { encodeTextHeader } from './text-header.ts';
import type { HeaderField } from './text-header.ts';

/** What a written header says. */
export interface WrittenHeader {
  readonly geometry: Geometry;
  /** Lines to keep (serial number, date, anything); those that describe the old file's format are replaced. */
  readonly fields?: readonly Pick<HeaderField, 'key' | 'value'>[];
  /** DAT: what the records are. @default 'events' */
  readonly datKind?: 'events' | 'triggers';
}

/** Formats of RAW files that are written. */
const rawNames: Readonly<Record<Exclude<WrittenFormat, 'dat'>, readonly [name: string, version: string]>> = {
  evt2: ['EVT2', '2.0'],
  evt21: ['EVT21', '2.1'],
  'evt21-legacy': ['EVT21', '2.1'],
  evt3: ['EVT3', '3.0'],
};

/** Lines that say how the data are stored: true of the old file only. */
const describing: ReadonlySet<string> = new Set([
  'format',
  'geometry',
  'evt',
  'endianness',
  'Version',
  'Width',
  'Height',
  'Data',
  'end',
]);

/** Bytes of a RAW file in front of its words, or of a DAT file in front of its records. */
export function encodeRecordingHeader(format: WrittenFormat, header: WrittenHeader): Uint8Array {
  const kept = (header.fields ?? []).filter(({ key }) => !describing.has(key));
  return format === 'dat' ? encodeDatHeader(header, kept) : encodeRawHeader(format, header, kept);
}

function encodeRawHeader(
  format: keyof typeof rawNames,
  { geometry }: WrittenHeader,
  kept: readonly Pick<HeaderField, 'key' | 'value'>[],
): Uint8Array {
  const [name, version] = rawNames[format];
  const width = String(geometry.width);
  const height = String(geometry.height);
  const order = format === 'evt21-legacy' ? 'legacy' : 'little';
  const isOrdered = name === 'EVT21';
  return encodeTextHeader(
    [
      ...kept,
      { key: 'evt', value: version },
      ...(isOrdered ? [{ key: 'endianness', value: order }] : []),
      {
        key: 'format',
        value: `${name};${isOrdered ? `endianness=${order};` : ''}height=${height};width=${width}`,
      },
      { key: 'geometry', value: `${width}x${height}` },
    ],
    format,
  );
}

function encodeDatHeader(
  { geometry, datKind }: WrittenHeader,
  kept: readonly Pick<HeaderField, 'key' | 'value'>[],
): Uint8Array {
  const isTriggers = datKind === 'triggers';
  const text = encodeTextHeader(
    [
      { key: 'Data', value: `file containing ${isTriggers ? 'EventExtTrigger' : 'EventCD'} events.` },
      { key: 'Version', value: '2' },
      ...kept,
      { key: 'Height', value: String(geometry.height) },
      { key: 'Width', value: String(geometry.width) },
    ],
    'dat',
  );
  return Buffer.concat([text, Uint8Array.of(isTriggers ? 0x0e : 0x0c, 8)]);
}
