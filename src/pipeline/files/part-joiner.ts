// What joins the parts of one file, which plans wrote. Knows no plans.
import type * as arrow from 'apache-arrow';
import type { FileKind } from './file-format.ts';
import { joinArrow } from './join-arrow.ts';
import { joinParquet } from './join-parquet.ts';
import { joinCsv, joinJsonArray, joinText } from './join-text.ts';
import { PartOutput } from './part-output.ts';
import type { PartJoiner, PartTarget } from './part-output.ts';
import type { PartWriter } from './part-writer.ts';

/** A file in the making. */
export interface JoinedFile extends PartJoiner {
  /** So far. */
  readonly bytes: number;
  /** Ends it without completing. */
  close(): Promise<void>;
}

/** What a joined file has beside its parts. */
export interface FileStart {
  /** What columns are called, hold and mean beyond what a part says. @default as the first part says */
  readonly schema?: arrow.Schema | undefined;
  /** Who wrote the parts: it knows the first line of a CSV file once it has written one. */
  readonly writer: PartWriter;
}

export function createJoinedFile(kind: FileKind, target: PartTarget, start: FileStart): JoinedFile {
  const output = new PartOutput(target);
  const joiner = createJoiner(kind, output, start);
  return {
    append: (path) => joiner.append(path),
    finish: () => joiner.finish(),
    close: () => output.close(),
    get bytes() {
      return output.bytes;
    },
  };
}

function createJoiner(
  { format, compression = 'none' }: FileKind,
  output: PartOutput,
  { schema, writer }: FileStart,
): PartJoiner {
  if (format === 'parquet') return joinParquet(output, schema);
  if (format === 'arrow') return joinArrow(output, schema);
  if (format === 'csv') return joinCsv(output, compression, () => writer.head!);
  return format === 'json' ? joinJsonArray(output, compression) : joinText(output, compression);
}
