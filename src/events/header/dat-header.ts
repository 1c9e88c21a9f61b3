// What stands between a DAT file's text header and its records, and what the header says about them.
//
//   0 1  type: 0x00 Event2D, 0x0C EventCD, 0x0E external trigger (0x28, optical flow, is not read)
//   1 1  size of a record in bytes: 8
import type { DatRecords } from '../decode/index.ts';
import { eventHeaderError } from '../model/index.ts';
import type { Geometry } from '../model/index.ts';
import { buildGeometry } from './raw-header.ts';
import { findField } from './text-header.ts';
import type { HeaderField, TextHeader } from './text-header.ts';

const kinds: ReadonlyMap<number, DatRecords['kind']> = new Map([
  [0x00, 'events'],
  [0x0c, 'events'],
  [0x0e, 'triggers'],
]);

const RECORD_BYTES = 8;

/** What the records are and how large the sensor was. */
export interface DatDescription {
  readonly dat: DatRecords;
  readonly geometry: Geometry | undefined;
  readonly dataOffset: number;
}

/** True when a header has the keys of a DAT file. */
export const isDatHeader = (fields: readonly HeaderField[]): boolean =>
  fields.some(
    ({ key, value }) =>
      key === 'Version' ||
      key === 'Width' ||
      key === 'Height' ||
      (key === 'Data' && value.startsWith('file ')),
  );

/** True when type and size at `at` are those of records that are read. */
export const hasDatType = (bytes: Uint8Array, at: number): boolean =>
  kinds.has(bytes[at] ?? -1) && bytes[at + 1] === RECORD_BYTES;

/**
 * Reads what a DAT file's header says.
 * @param versionUnsaid version of records whose header has no Version line
 */
export function describeDat(
  header: TextHeader,
  bytes: Uint8Array,
  source: string,
  versionUnsaid: 1 | 2,
): DatDescription {
  const { fields, dataOffset } = header;
  const version = findField(fields, 'Version');
  const geometry = buildGeometry(findField(fields, 'Width')?.value, findField(fields, 'Height')?.value);
  const isOld = version === undefined ? versionUnsaid === 1 : Number.parseFloat(version.value) < 2;
  const records = (kind: DatRecords['kind']): DatRecords => ({ kind, version: isOld ? 1 : 2 });
  // Files without any header are older than type and size: events from the first byte on.
  if (dataOffset === 0) return { dat: records('events'), geometry, dataOffset };
  const kind = kinds.get(bytes[dataOffset] ?? -1);
  if (kind !== undefined && bytes[dataOffset + 1] === RECORD_BYTES) {
    return { dat: records(kind), geometry, dataOffset: dataOffset + 2 };
  }
  throw eventHeaderError(
    source,
    { byte: dataOffset },
    describeType(bytes[dataOffset], bytes[dataOffset + 1]),
    'only events (types 0 and 12) and triggers (type 14) of 8 bytes are read',
  );
}

function describeType(type: number | undefined, size: number | undefined): string {
  if (type === undefined || size === undefined) return 'type and size of the records are missing';
  return `the records are of type ${String(type)} and ${String(size)} bytes`;
}
