// The append journal beside an APR2 file: samples recorded since the file was last written whole.
// All integers little-endian. No I/O; damaged input is data, not an error.
//
//   0   4  magic "APJ1"
//   4   4  samples in the .apr file this journal belongs to, 0 when there was none
//   8   4  that file's CRC-32, 0 when there was none
//   12  4  samples recorded since the last training, as of the head
//   16  4  crc32 of the 16 bytes before
//   20     frames:  0 4 length of the payload
//                   4 4 crc32 of the payload
//                   8 n JSON: a sample, or {"trained":true}
//
// Count and CRC tie the journal to its file: after a crash between replacing the file and starting a new
// journal, the old journal belongs to no file any more and its samples are not counted twice.
import { crc32 } from 'node:zlib';
import type { TrainingSample } from '../../core/index.ts';
import { checkSample, sampleJson } from './sample-json.ts';

const magic = Buffer.from('APJ1', 'latin1');
const FRAME_HEAD_BYTES = 8;
/** Bytes before the first frame. */
export const JOURNAL_HEAD_BYTES = 20;
/** How every payload begins; by it the next frame behind damage is found. */
const payloadStart = '{"';
const trainedPayload = '{"trained":true}';

/** What the head says. */
export interface JournalHead {
  readonly baseCount: number;
  readonly baseCrc: number;
  readonly sinceTrained: number;
}

/** A journal read back. */
export interface DecodedJournal {
  /** Null when the head itself cannot be read. */
  readonly head: JournalHead | null;
  readonly samples: readonly TrainingSample[];
  /** Samples recorded since the last training. */
  readonly sinceTrained: number;
  /** Offset after the last whole frame; what follows is a torn tail. */
  readonly goodEnd: number;
  /** True when bytes before the tail were changed. */
  readonly isDamaged: boolean;
}

/** The head of a journal. */
export function encodeJournalHead({ baseCount, baseCrc, sinceTrained }: JournalHead): Buffer {
  const head = Buffer.alloc(JOURNAL_HEAD_BYTES);
  magic.copy(head);
  head.writeUInt32LE(baseCount, 4);
  head.writeUInt32LE(baseCrc, 8);
  head.writeUInt32LE(sinceTrained, 12);
  head.writeUInt32LE(crc32(head.subarray(0, 16)), 16);
  return head;
}

/** One frame a sample, one after the other. */
export function encodeSampleFrames(samples: readonly TrainingSample[]): Buffer {
  return Buffer.concat(samples.map((sample) => encodeFrame(sampleJson(sample))));
}

/** The frame that says that a training took all samples so far. */
export function encodeTrainedFrame(): Buffer {
  return encodeFrame(trainedPayload);
}

function encodeFrame(payload: string): Buffer {
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + body.length);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32(body), 4);
  body.copy(frame, FRAME_HEAD_BYTES);
  return frame;
}

/** Decodes a whole journal; frames before and after damage are kept. */
export function decodeJournal(bytes: Uint8Array): DecodedJournal {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = decodeHead(file);
  const samples: TrainingSample[] = [];
  let sinceTrained = head?.sinceTrained ?? 0;
  let isDamaged = head === null && file.length >= JOURNAL_HEAD_BYTES;
  let at = Math.min(JOURNAL_HEAD_BYTES, file.length);
  while (at < file.length) {
    const frame = readFrame(file, at);
    if (frame === null) {
      const next = findFrame(file, at + 1);
      if (next === null) break;
      isDamaged = true;
      at = next;
      continue;
    }
    at = frame.end;
    if (frame.sample === 'trained') sinceTrained = 0;
    else {
      samples.push(frame.sample);
      sinceTrained++;
    }
  }
  return { head, samples, sinceTrained, goodEnd: at, isDamaged: isDamaged || hasDamagedTail(file, at) };
}

function decodeHead(file: Buffer): JournalHead | null {
  if (file.length < JOURNAL_HEAD_BYTES || !file.subarray(0, 4).equals(magic)) return null;
  if (crc32(file.subarray(0, 16)) !== file.readUInt32LE(16)) return null;
  return {
    baseCount: file.readUInt32LE(4),
    baseCrc: file.readUInt32LE(8),
    sinceTrained: file.readUInt32LE(12),
  };
}

function readFrame(file: Buffer, at: number): { sample: TrainingSample | 'trained'; end: number } | null {
  const start = at + FRAME_HEAD_BYTES;
  if (start > file.length) return null;
  const end = start + file.readUInt32LE(at);
  if (end > file.length) return null;
  const body = file.subarray(start, end);
  if (crc32(body) !== file.readUInt32LE(at + 4)) return null;
  const sample = parsePayload(body.toString());
  return sample === null ? null : { sample, end };
}

function parsePayload(text: string): TrainingSample | 'trained' | null {
  if (text === trainedPayload) return 'trained';
  try {
    return checkSample(JSON.parse(text));
  } catch {
    return null; // not one of ours, though its checksum holds: counted as damage
  }
}

/** Where the next whole frame begins, or null. */
function findFrame(file: Buffer, from: number): number | null {
  let at = file.indexOf(payloadStart, from + FRAME_HEAD_BYTES);
  while (at !== -1) {
    if (readFrame(file, at - FRAME_HEAD_BYTES) !== null) return at - FRAME_HEAD_BYTES;
    at = file.indexOf(payloadStart, at + 1);
  }
  return null;
}

/** A killed writer leaves a prefix of a frame, or zeros; a frame that is all there but changed is damage. */
function hasDamagedTail(file: Buffer, at: number): boolean {
  if (at + FRAME_HEAD_BYTES > file.length) return false;
  if (file.subarray(at).every((byte) => byte === 0)) return false;
  return at + FRAME_HEAD_BYTES + file.readUInt32LE(at) <= file.length;
}
