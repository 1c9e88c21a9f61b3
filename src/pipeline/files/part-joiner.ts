// What joins the parts of one file, which plans wrote. Knows no plans.
import type * as arrow from 'apache-arrow';
import type { FileKind } from './file-format.ts';
import { joinArrow } from './join-arrow.ts';
import { joinParquet } from './join-parquet.ts';
import { joinJsonArray, joinText } from './join-text.ts';
import { PartOutput } from './part-output.ts';
import type { PartTarget } from './part-output.ts';

/** Joins parts in their order. Whoever does not finish it closes its output. */
export interface PartJoiner {
  /** Takes over a part and removes it. */
  append(path: string): Promise<void>;
  /** Completes the file, durable. It needs one part at least, which may have no rows. */
  finish(): Promise<void>;
}

/** A file in the making. */
export interface JoinedFile extends PartJoiner {
  /** So far. */
  readonly bytes: number;
  /** Ends it without completing. */
  close(): Promise<void>;
}

/** @param schema what columns are called, hold and mean beyond what a part says; unset is as the first part says */
export function createJoinedFile(
  kind: FileKind,
  target: PartTarget,
  schema: arrow.Schema | undefined,
): JoinedFile {
  const output = new PartOutput(target);
  const joiner = createJoiner(kind, output, schema);
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
  schema: arrow.Schema | undefined,
): PartJoiner {
  if (format === 'parquet') return joinParquet(output, schema);
  if (format === 'arrow') return joinArrow(output, schema);
  return format === 'json' ? joinJsonArray(output, compression) : joinText(output);
}
