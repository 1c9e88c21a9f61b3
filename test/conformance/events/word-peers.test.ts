// RAW and DAT files as other readers see them: equal where a peer is right, and a list of where it is not. The versions
// are pinned; a defect that is gone fails its test and leaves the list.
//
// Not here because they would never come back: expelliarmus 1.1.12 hangs on data that begin with "%".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { createSeededRandom } from '../../../src/core/index.ts';
import { createEncoder } from '../../../src/events/encode/index.ts';
import type { WrittenFormat } from '../../../src/events/encode/index.ts';
import { encodeRecordingHeader, parseRecordingHeader } from '../../../src/events/header/index.ts';
import { buildRecording, buildTriggers } from '../../support/events/recordings.ts';
import { decodeAll } from '../../support/events/drive.ts';
import type { Decoded } from '../../support/events/drive.ts';
import { python } from '../../support/python.ts';

type Rows = [t: number, x: number, y: number, p: number][];
type Job = readonly [peer: string, format: string, path: string];

const geometry = { width: 640, height: 480 };
const folder = mkdtempSync(join(tmpdir(), 'events-peers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What each peer gave: null when it refused the file, a text when it cannot be installed here. */
const answers = new Map<string, Rows | string | null>();
const files = new Map<string, Buffer>();
const jobs: Job[] = [];

/** A file that `peers` are to read. */
function addFile(name: string, format: WrittenFormat, data: Uint8Array, peers: readonly string[]): void {
  const file = Buffer.concat([encodeRecordingHeader(format, { geometry }), data]);
  const path = join(folder, `${name}.${format === 'dat' ? 'dat' : 'raw'}`);
  writeFileSync(path, file);
  files.set(name, file);
  for (const peer of peers) jobs.push([peer, format, path]);
}

/** What this project reads. */
function decodeFile(name: string): Decoded {
  const file = files.get(name)!;
  const header = parseRecordingHeader(file, { source: name, isWhole: true })!;
  return decodeAll(header.format as WrittenFormat, file.subarray(header.dataOffset));
}

const readOurs = (name: string): Rows =>
  decodeFile(name).events.map(({ t, x, y, p }) => [Number(t), x, y, p]);

function readPeer(peer: string, name: string, { skip }: TestContext): Rows | null {
  const answer = answers.get(`${peer} ${name}`)!;
  return typeof answer === 'string' ? skip(`${peer} ${answer}`) : answer;
}

const agreeing: Record<WrittenFormat, readonly string[]> = {
  evt2: ['evlib', 'evutils', 'expelliarmus', 'faery'],
  evt21: ['evlib'],
  'evt21-legacy': ['evutils'],
  evt3: ['evlib', 'evutils'],
  dat: ['evutils', 'expelliarmus', 'faery'],
};

/** Formats whose triggers evutils reads, too; those of EVT2.1 it takes from the wrong half of the word: id and value are 0. */
const withTriggers: readonly string[] = ['evt2', 'evt3'];

const u16 = (...words: number[]): Uint8Array => new Uint8Array(Uint16Array.from(words).buffer);
const u32 = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
const high2 = (value: number): number => 0x8000_0000 + value;
const MAX = 2 ** 28 - 1;
const [ON1, ON2] = [0x1040_0801, 0x1080_0801];

/** Where peers are wrong: bytes, and the events they are by the published format. */
const defects: [
  name: string,
  format: 'evt2' | 'evt3',
  data: Uint8Array,
  events: Rows,
  wrong: readonly string[],
  right: readonly string[],
][] = [
  [
    'takes a TIME_LOW that falls for a wrap, holds the time still, or sorts',
    'evt3',
    u16(0x8005, 0x6009, 1, 0x2001, 0x6003, 0x2002, 0x6009, 0x2003),
    [
      [20489, 1, 1, 0],
      [20483, 2, 1, 0],
      [20489, 3, 1, 0],
    ],
    ['expelliarmus', 'faery', 'evlib'],
    ['evutils'],
  ],
  [
    'refuses external triggers',
    'evt3',
    u16(0x8005, 0x6009, 1, 0xa101, 0x2001),
    [[20489, 1, 1, 0]],
    ['expelliarmus'],
    ['evutils', 'faery', 'evlib'],
  ],
  [
    'takes the polarity of a vector, or its base, from a single event',
    'evt3',
    u16(0x8005, 0x6009, 1, 0x3800, 0x2064, 0x4001, 0x4000, 0x5000),
    [
      [20489, 100, 1, 0],
      [20489, 0, 1, 1],
    ],
    ['expelliarmus', 'faery'],
    ['evutils', 'evlib'],
  ],
  [
    'never unwraps, or unwraps twice',
    'evt2',
    u32(high2(MAX), ON1, high2(0), ON2, high2(1), ON2),
    [
      [MAX * 64 + 1, 1, 1, 1],
      [2 ** 34 + 2, 1, 1, 1],
      [2 ** 34 + 66, 1, 1, 1],
    ],
    ['expelliarmus', 'evlib'],
    ['evutils', 'faery'],
  ],
  [
    'takes any TIME_HIGH that falls for a wrap, or sorts',
    'evt2',
    u32(high2(1000), ON1, high2(999), ON2),
    [
      [64_001, 1, 1, 1],
      [63_938, 1, 1, 1],
    ],
    ['evutils', 'faery', 'evlib'],
    ['expelliarmus'],
  ],
  [
    'refuses reserved words',
    'evt2',
    u32(high2(1), 0x2000_0000, ON1),
    [[65, 1, 1, 1]],
    ['expelliarmus'],
    ['evutils', 'faery', 'evlib'],
  ],
];

beforeAll(() => {
  for (const [format, peers] of Object.entries(agreeing) as [WrittenFormat, readonly string[]][]) {
    const events = buildRecording(createSeededRandom(14), { count: 4000, largest: 479, step: 300 });
    const encoder = createEncoder(format);
    addFile(format, format, Buffer.concat([encoder.encode(events), encoder.finish()]), peers);
    if (!withTriggers.includes(format)) continue;
    const triggers = buildTriggers(createSeededRandom(15), events, 50);
    const merging = createEncoder(format);
    const data = Buffer.concat([merging.encode(events, triggers), merging.finish()]);
    addFile(`${format}-triggers`, format, data, ['evutils-triggers']);
  }
  for (const [name, format, data, , wrong, right] of defects)
    addFile(name, format, data, [...wrong, ...right]);
  const script = join(import.meta.dirname, 'read_words.py');
  const { stdout, stderr, status } = spawnSync(python, ['-W', 'ignore', script], {
    input: JSON.stringify(jobs),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  // A peer writes to the same output before us.
  const read = JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as (Rows | string | null)[];
  const names = new Map([...files.keys()].map((name) => [join(folder, name), name]));
  for (const [at, [peer, , path]] of jobs.entries()) {
    answers.set(`${peer} ${names.get(path.replace(/\.\w+$/, ''))!}`, read[at]!);
  }
});

describe.each(Object.entries(agreeing))('createDecoder() of %s', (format, peers) => {
  it.for(peers)('reads like %s what createEncoder() wrote', (peer, context) => {
    const ours = readOurs(format);
    expect(ours).toHaveLength(4000);
    expect(readPeer(peer, format, context)).toStrictEqual(ours);
  });
});

describe.each(withTriggers)('createDecoder() of %s', (format) => {
  it('reads triggers like evutils', (context) => {
    const name = `${format}-triggers`;
    const { triggers } = decodeFile(name);
    const ours = triggers.map(({ t, id, value }) => [Number(t), id, 0, value]);
    expect(ours).toHaveLength(50);
    expect(readPeer('evutils-triggers', name, context)).toStrictEqual(ours);
  });
});

describe.each(defects)('createDecoder() beside a peer that %s', (name, _, __, events, wrong, right) => {
  it('follows the published format', () => {
    expect(readOurs(name)).toStrictEqual(events);
  });

  it.for(wrong)('is not %s', (peer, context) => {
    expect(readPeer(peer, name, context)).not.toStrictEqual(events);
  });

  it.for(right)('agrees with %s', (peer, context) => {
    expect(readPeer(peer, name, context)).toStrictEqual(events);
  });
});
