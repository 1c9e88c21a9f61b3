// Text out of its parts: CSV and JSON Lines follow each other as they are, packed ones as gzip members or zstd frames,
// which are concatenable (RFC 1952, RFC 8878). An array takes the lines' ends for its commas, and is packed here.
import { open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import type { FileCompression } from './file-format.ts';
import type { PartJoiner } from './part-joiner.ts';
import type { PartOutput } from './part-output.ts';

/** Joins parts that follow each other as they are. */
export function joinText(output: PartOutput): PartJoiner {
  return {
    append: async (path) => {
      if (await output.adopt(path)) return;
      await appendPart(output, path);
    },
    finish: () => output.finish(),
  };
}

const LINE_FEED = 0x0a;
const COMMA = 0x2c;

const packers: Partial<Record<FileCompression, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  gzip: promisify(gzip),
  zstd: promisify(zstdCompress),
};

/** Joins JSON Lines to one array, in one line as it always was. */
export function joinJsonArray(output: PartOutput, compression: FileCompression): PartJoiner {
  const pack = packers[compression];
  const write = async (bytes: Uint8Array): Promise<void> => output.write(pack ? await pack(bytes) : bytes);
  let between = '[';
  return {
    append: async (path) => {
      await appendPart(output, path, async (piece, isLast) => {
        for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) {
          piece[at] = COMMA;
        }
        // A comma only where another row follows.
        const rows = isLast ? piece.subarray(0, -1) : piece;
        const bytes = between === '' ? rows : Buffer.concat([Buffer.from(between), rows]);
        between = isLast ? ',' : '';
        return pack ? pack(bytes) : bytes;
      });
    },
    finish: async () => {
      await write(Buffer.from(between === '[' ? '[]\n' : ']\n'));
      await output.finish();
    },
  };
}

async function appendPart(
  output: PartOutput,
  path: string,
  change?: Parameters<PartOutput['copy']>[3],
): Promise<void> {
  {
    await using part = await open(path);
    await output.copy(part, 0, (await part.stat()).size, change);
  }
  await rm(path);
}
