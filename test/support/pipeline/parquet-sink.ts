// The smallest native sink: parts of a Parquet file beside each other, joined by a plan.
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import polars from 'nodejs-polars';
import type { NativeSink } from '../../../src/pipeline/index.ts';

/** Writes a Parquet file; `append` and `finish` join its parts. */
export function parquetSink(path: string, partRows = 2 ** 22): NativeSink {
  const parts: string[] = [];
  let folder: string | null = null;
  return {
    name: path,
    partRows,
    open: async () => {
      await mkdir(dirname(path), { recursive: true });
      folder = await mkdtemp(`${path}.parts-`);
      return folder;
    },
    write: (frame, part) => Promise.resolve(frame.sinkParquet(part)),
    append: async (part) => void parts.push(part),
    finish: async () => {
      const whole = join(folder!, 'whole');
      if (parts.length === 1) await rename(parts[0]!, whole);
      else
        await polars
          .concat(parts.map((part) => polars.scanParquet(part)))
          .sinkParquet(whole)
          .collect();
      await rename(whole, path);
      await rm(folder!, { recursive: true });
      return [];
    },
    abort: async () => {
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}
