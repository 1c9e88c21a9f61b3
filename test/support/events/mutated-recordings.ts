// Files of every word format, damaged in every way chance finds: the whole path from the first byte to the last event
// either reads them or fails with an error that names the byte. `npm test` reads some, `npm run soak -- events` 100,000.
import { isDeepStrictEqual } from 'node:util';
import { createSeededRandom, isRuvectorError } from '../../../src/core/index.ts';
import { parseRecordingHeader } from '../../../src/events/header/index.ts';
import type { RecordingHeader } from '../../../src/events/header/index.ts';
import { WORD_BYTES } from '../../../src/events/model/index.ts';
import type { WordFormat } from '../../../src/events/model/index.ts';
import { decodeAll } from './drive.ts';
import { readByOracle } from './oracle.ts';
import { buildWordStream } from './word-streams.ts';

type Random = () => number;

const formats = Object.keys(WORD_BYTES) as WordFormat[];

const headers: Readonly<Record<WordFormat, string>> = {
  evt2: '% date 2026-01-01\n% evt 2.0\n% geometry 640x480\n% system_ID 21\n% end\n',
  evt21: '% format EVT21;endianness=little;height=720;width=1280\n% end\n',
  'evt21-legacy': '% evt 2.1\n% system_ID 49\n% integrator_name Prophesee\n',
  evt3: '% format EVT3;height=720;width=1280\r\n% serial_number 1\r\n% end\r\n',
  evt4: '% format EVT4;height=320;width=320\n% end\n',
  dat: '% Data file containing Event2D events.\n% Version 2\n% Height 240\n% Width 304\n\u0000\u0008',
};

/** What came of reading one damaged file. */
export type Outcome = 'read' | 'refused';

/** How many of each outcome; anything else was thrown as it is. */
export interface MutationSummary {
  read: number;
  refused: number;
  formats: Set<string>;
}

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** Each of these changes a file somewhere. */
const mutations: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => {
    bytes[below(random, bytes.length)] = below(random, 256);
    return bytes;
  },
  (bytes, random) => {
    const at = below(random, bytes.length);
    bytes[at] = bytes[at]! ^ (1 << below(random, 8));
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  (bytes, random) => bytes.subarray(below(random, bytes.length + 1)),
  (bytes, random) => {
    const at = below(random, bytes.length);
    const end = at + below(random, 40);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
  },
  (bytes, random) => {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(random, bytes.length))]);
  },
  (bytes, random) => {
    const at = below(random, bytes.length);
    const added = Buffer.from(Array.from({ length: below(random, 20) }, () => below(random, 256)));
    return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = below(random, bytes.length);
    return bytes.fill(
      [0x00, 0xff, 0x25, 0x0a, 0x99][below(random, 5)]!,
      at,
      Math.min(bytes.length, at + below(random, 30)),
    );
  },
];

function buildMutatedFile(random: Random): { bytes: Buffer; format: WordFormat } {
  const format = formats[below(random, formats.length)]!;
  const data = buildWordStream(format, random, 1 + below(random, 60));
  let bytes: Buffer = Buffer.concat([Buffer.from(headers[format], 'latin1'), data]);
  const turns = 1 + below(random, 4);
  for (let turn = 0; turn < turns && bytes.length > 0; turn++) {
    // Half of the damage goes where the header is.
    const mutate = mutations[below(random, mutations.length)]!;
    const isEarly = random() < 0.5;
    bytes = mutate(bytes, isEarly ? () => random() ** 4 : random);
  }
  return { bytes, format };
}

/** Reads one file. @returns 'refused' after a typed error that names the byte; throws anything that must not happen */
function readMutated(bytes: Buffer, declared: WordFormat | undefined, random: Random): Outcome {
  let header: RecordingHeader | undefined;
  try {
    header = parseRecordingHeader(bytes, { source: 'mutated', isWhole: true, format: declared });
  } catch (error) {
    if (
      isRuvectorError(error) &&
      error.code.startsWith('ERR_EVENTS_') &&
      /: byte \d+: /.test(error.message)
    ) {
      const byte = error.details['byte'] as number;
      if (byte <= bytes.length) return 'refused';
    }
    throw error;
  }
  if (header === undefined) throw new Error('the header of a whole file asks for more');
  if (!Object.hasOwn(WORD_BYTES, header.format)) return 'read';
  const format = header.format as WordFormat;
  const dat = header.dat ?? { kind: 'events', version: 2 };
  const data = bytes.subarray(header.dataOffset);
  const pieces = {
    cuts: [1 + below(random, 90)],
    events: 1 + below(random, 70),
    triggers: 1 + below(random, 5),
  };
  const geometry = header.geometry;
  const decoded = decodeAll(format, data, pieces, { geometry, dat });
  const { events, triggers, counts } = readByOracle(format, data, dat);
  const { width, height } = geometry ?? { width: 65_536, height: 65_536 };
  const eventsOutside = events.filter(({ x, y }) => x >= width || y >= height).length;
  if (!isDeepStrictEqual(decoded, { events, triggers, counts: { ...counts, eventsOutside } })) {
    throw new Error(`${format} decoded differently from the oracle`);
  }
  return 'read';
}

/** Reads `count` damaged files. A failure names the seed that makes its file again. */
export function readMutatedRecordings(count: number, seed: number): MutationSummary {
  const summary: MutationSummary = { read: 0, refused: 0, formats: new Set() };
  for (let at = 0; at < count; at++) {
    const random = createSeededRandom(seed + at);
    const { bytes, format } = buildMutatedFile(random);
    const declared = random() < 0.3 ? format : undefined;
    try {
      summary[readMutated(bytes, declared, random)]++;
    } catch (error) {
      throw new Error(`A damaged ${format} file was neither read nor refused: seed ${seed + at}`, {
        cause: error,
      });
    }
    summary.formats.add(format);
  }
  return summary;
}
