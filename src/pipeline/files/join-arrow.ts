// One Arrow IPC file, or stream, out of its parts: record batches are copied as they are, under one schema. The first
// part becomes the file itself where its schema leaves room for the one of the file, and is changed in place.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
//
//   part    "ARROW1\0\0" schema, batches, end of stream, footer: length, "ARROW1"
//   whole   "ARROW1\0\0" schema, batches of all parts, end of stream, footer: length, "ARROW1"
//   stream  schema, batches of all parts, end of stream
//
// Polars writes texts with 64-bit offsets (large_string). Here they are strings, as in the schema: the offsets become
// 32-bit ones in the first half of their own buffer, which leaves all others where they are.
import { rm } from 'node:fs/promises';
import * as arrow from 'apache-arrow';
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { readArrowBlocks, readArrowFooter } from './arrow-file.ts';
import { ARROW_MAGIC, END_OF_STREAM, encodeArrowSchema } from './arrow-message.ts';
import type { PartJoiner, PartOutput } from './part-output.ts';

const HEAD = Buffer.concat([ARROW_MAGIC, Buffer.alloc(2)]);
/** Continuation marker and metadata length. */
const PREFIX_BYTES = 8;

/**
 * Names for the columns of a part, so long that its schema takes more bytes than the one of the file: then it can be
 * replaced where it stands. Nobody reads them.
 */
export function buildRoomyNames(schema: arrow.Schema): Record<string, string> {
  const padding = '_'.repeat(Math.ceil(encodeArrowSchema(schema).length / schema.fields.length));
  return Object.fromEntries(schema.fields.map(({ name }) => [name, `${name}${padding}`]));
}

/** Joins Arrow files. */
export function joinArrow(output: PartOutput, schema: arrow.Schema | undefined): PartJoiner {
  const blocks: FileBlock[] = [];
  let written: arrow.Schema | null = null;
  return {
    append: async (path) => {
      const footer = await readArrowFooter(path);
      const isFirst = written === null;
      written ??= schema ?? new arrow.Schema(footer.schema.fields.map(withSmallText), footer.schema.metadata);
      if (isFirst && (await adoptPart(output, path, footer, written))) {
        blocks.push(...footer.recordBatches());
        return;
      }
      if (isFirst) {
        if (!output.isStream) await output.write(HEAD);
        await output.write(encodeArrowSchema(written));
      }
      blocks.push(...(await copyBatches(output, path, footer)));
      await rm(path);
    },
    finish: async () => {
      await output.write(output.isStream ? END_OF_STREAM : encodeEnd(written!, blocks));
      await output.finish();
    },
  };
}

/** Makes a part the file itself. False where it cannot be: it is left as it was. */
async function adoptPart(
  output: PartOutput,
  path: string,
  footer: Footer,
  schema: arrow.Schema,
): Promise<boolean> {
  const [first, last] = [footer.getRecordBatch(0), footer.getRecordBatch(footer.numRecordBatches - 1)];
  if (!first || !last) return false;
  const message = encodeArrowSchema(schema);
  const room = first.offset - HEAD.length;
  if (message.length > room || !(await output.adopt(path))) return false;
  // What is longer than it has to be is padding.
  const head = Buffer.alloc(room);
  head.set(message);
  head.writeInt32LE(room - PREFIX_BYTES, 4);
  await output.rewrite(HEAD.length, head);
  await output.truncate(last.offset + last.metaDataLength + last.bodyLength);
  const texts = findTextOffsets(footer.schema.fields);
  if (texts.length === 0) return true;
  for (const block of footer.recordBatches()) {
    const metadata = await output.read(block.offset, block.metaDataLength);
    const { buffers } = readBatchHead(metadata);
    for (const index of texts) {
      const { offset, length } = buffers[index]!;
      const at = block.offset + block.metaDataLength + offset;
      const bytes = await output.read(at, length);
      narrowOffsets(bytes);
      await output.rewrite(at, bytes.subarray(0, length >> 1));
    }
  }
  return true;
}

/** Copies all batches of a part. @returns where they are now */
async function copyBatches(output: PartOutput, path: string, footer: Footer): Promise<FileBlock[]> {
  const texts = findTextOffsets(footer.schema.fields);
  const blocks: FileBlock[] = [];
  for await (const { block, bytes } of readArrowBlocks(path, footer)) {
    const { metaDataLength, bodyLength } = block;
    if (texts.length > 0) {
      const { buffers } = readBatchHead(bytes.subarray(0, metaDataLength));
      for (const index of texts) {
        const { offset, length } = buffers[index]!;
        narrowOffsets(bytes.subarray(metaDataLength + offset, metaDataLength + offset + length));
      }
    }
    blocks.push(new FileBlock(metaDataLength, bodyLength, BigInt(output.bytes)));
    await output.write(bytes);
  }
  return blocks;
}

function encodeEnd(schema: arrow.Schema, blocks: FileBlock[]): Uint8Array {
  const footer = Footer.encode(new Footer(schema, arrow.MetadataVersion.V5, blocks, []));
  const length = Buffer.alloc(4);
  length.writeInt32LE(footer.byteLength);
  return Buffer.concat([END_OF_STREAM, footer, length, ARROW_MAGIC]);
}

function withSmallText(field: arrow.Field): arrow.Field {
  if (arrow.DataType.isLargeUtf8(field.type)) return field.clone({ type: new arrow.Utf8() });
  const { children } = field.type as arrow.DataType;
  if (children === null || children === undefined || children.length === 0) return field;
  const type = Object.assign(
    Object.create(Object.getPrototypeOf(field.type) as object) as arrow.DataType,
    field.type,
    {
      children: children.map(withSmallText),
    },
  );
  return field.clone({ type });
}

/** Which buffers of a batch hold offsets of texts, in the order of the format. */
function findTextOffsets(fields: readonly arrow.Field[]): number[] {
  const found: number[] = [];
  let at = 0;
  const visit = ({ type }: { readonly type: arrow.DataType }): void => {
    if (arrow.DataType.isLargeUtf8(type)) found.push(at + 1);
    at += bufferCount(type);
    for (const child of type.children ?? []) visit(child);
  };
  for (const field of fields) visit(field);
  return found;
}

/** Buffers of a column itself, those of its children not counted. */
function bufferCount(type: arrow.DataType): number {
  if (arrow.DataType.isNull(type)) return 0;
  if (arrow.DataType.isStruct(type) || arrow.DataType.isFixedSizeList(type)) return 1;
  const hasOffsetsAndValues =
    arrow.DataType.isUtf8(type) ||
    arrow.DataType.isLargeUtf8(type) ||
    arrow.DataType.isBinary(type) ||
    arrow.DataType.isLargeBinary(type);
  return hasOffsetsAndValues ? 3 : 2;
}

/** Where the buffers of a batch lie in its body. */
interface BatchHead {
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
}

const readBatchHead = (metadata: Buffer): BatchHead =>
  Message.decode(metadata.subarray(PREFIX_BYTES)).header() as BatchHead;

/** Turns 64-bit offsets into 32-bit ones, in the first half of their buffer. */
function narrowOffsets(bytes: Buffer): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  if ((words.at(-1) ?? 0) !== 0 || (words.at(-2) ?? 0) < 0) {
    throw new RangeError('a batch holds more than 2 GiB of text in one column');
  }
  for (let i = 1; i < words.length >> 1; i++) words[i] = words[i * 2]!;
}
