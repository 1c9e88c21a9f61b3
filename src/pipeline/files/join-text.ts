// Text out of its parts: CSV and JSON Lines follow each other as they are, gzipped ones as members. What becomes one
// zstd frame is packed here, and so is an array, which takes the lines' ends for its commas.
import { open, rm } from 'node:fs/promises';
import { writeAll } from '../../files/index.ts';
import type { CsvHead } from './csv-head.ts';
import type { FileCompression } from './file-format.ts';
import type { PartJoiner, PartOutput } from './part-output.ts';
import { createTextPacker } from './text-packer.ts';

/** Joins parts that follow each other as they are; those of gzip were packed when they were written. */
export function joinText(output: PartOutput, compression: FileCompression): PartJoiner {
  const packer = compression === 'zstd' ? createTextPacker(compression) : null;
  return {
    append: async (path) => {
      if (packer) await appendPart(output, path, (piece) => packer.pack(piece));
      else if (!(await output.adopt(path))) await appendPart(output, path);
    },
    finish: async () => {
      if (packer) await output.write(await packer.end());
      await output.finish();
    },
  };
}

/**
 * Joins parts of CSV. The first one begins with a line as long as the head, which takes its place; those of gzip have
 * none.
 */
export function joinCsv(output: PartOutput, compression: FileCompression, head: () => CsvHead): PartJoiner {
  const lines = joinText(output, compression);
  const packer = compression === 'gzip' ? createTextPacker(compression) : null;
  let isFirst = true;
  return {
    append: async (path) => {
      if (isFirst && packer) await output.write(await packer.pack(head().bytes));
      else if (isFirst) await replaceStart(path, head().bytes);
      isFirst = false;
      await lines.append(path);
    },
    finish: () => lines.finish(),
  };
}

async function replaceStart(path: string, bytes: Uint8Array): Promise<void> {
  await using part = await open(path, 'r+');
  await writeAll(part, bytes, 0);
}

const LINE_FEED = 0x0a;
const COMMA = 0x2c;

/** Joins JSON Lines to one array, in one line as it always was. */
export function joinJsonArray(output: PartOutput, compression: FileCompression): PartJoiner {
  const packer = createTextPacker(compression);
  const pack = async (bytes: Uint8Array): Promise<Uint8Array> => (packer ? packer.pack(bytes) : bytes);
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
        return pack(bytes);
      });
    },
    finish: async () => {
      await output.write(await pack(Buffer.from(between === '[' ? '[]\n' : ']\n')));
      if (packer) await output.write(await packer.end());
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
