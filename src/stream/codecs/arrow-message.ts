// What the Arrow encoder and decoder share: places in the metadata of IPC messages, and the columns that
// are not a table's own. A frame of a data stream is one IPC stream, little-endian throughout:
//
//   message    schema: which event, which table, which columns
//   message    record batch: one row an event (of a hello one a table); any number of them
//   0xFFFFFFFF 0x00000000, the end
//
//   message    0    4  0xFFFFFFFF
//              4    4  m, size of the metadata with its padding, i32; 0 ends the stream
//              8    m  Message of Message.fbs, a FlatBuffer (flatbuffer.ts), padded to 8 bytes
//              8+m  b  body of b = Message.bodyLength bytes: the buffers of the columns, each padded to 8 bytes
//
//   buffers of a column        n rows
//     validity                 n bits, the first the lowest of its byte, 1 where there is a value
//     integers, floats, times  n values of 8, 4 or 1 bytes      | bool: n bits
//     utf8                     n + 1 offsets i32, then the texts one behind the other
//
// https://arrow.apache.org/docs/format/Columnar.html#format-ipc
import { optional, required } from '../../core/index.ts';
import type { RecordKind } from '../../core/index.ts';

/** Keys of the schema's metadata. */
export const MetadataKey = { EVENT: 'ruvector.event', TABLE: 'ruvector.table' } as const;

/** Before the metadata of every message: continuation and size. */
export const PREFIX_BYTES = 8;
export const CONTINUATION = -1;

/**
 * Slots of the tables of https://github.com/apache/arrow/blob/main/format/Message.fbs:
 *
 *   Message      0 version i16  1 type of the header u8  2 header, a table  3 bodyLength i64
 *   RecordBatch  0 length i64   1 nodes, FieldNode each  2 buffers, Buffer each  3 compression, a table
 */
export const MessageSlot = { HEADER_TYPE: 1, HEADER: 2, BODY_LENGTH: 3 } as const;
export const HeaderType = { SCHEMA: 1, RECORD_BATCH: 3 } as const;
export const BatchSlot = { LENGTH: 0, NODES: 1, BUFFERS: 2, COMPRESSION: 3 } as const;
/**
 * Structs of a batch, one behind the other in their vectors:
 *
 *   FieldNode  0 8 rows of a column, i64            8 8 how many of them are null, i64
 *   Buffer     0 8 offset of a buffer in the body   8 8 its size without padding
 */
export const STRUCT_BYTES = 16;

const SEQUENCE = 'sequence number of the stream';

/** First column of every table of records. */
export const sequenceField = required('sequence', 'int64', SEQUENCE, 'stream');

/** One row a gap. */
export const gapKind: RecordKind = {
  name: 'gap',
  version: 1,
  fields: [
    required('table', 'utf8', 'table', 'stream'),
    required('from_sequence', 'int64', SEQUENCE, 'stream'),
    required('to_sequence', 'int64', SEQUENCE, 'stream'),
    required('dropped', 'int64', 'records', 'stream'),
    required('reason', 'utf8', 'overflow or expired', 'stream'),
  ],
};

/** One row a table of the subscription, with its position. */
export const helloKind: RecordKind = {
  name: 'hello',
  version: 1,
  fields: [
    required('epoch', 'utf8', "the server's run", 'stream'),
    required('anonymized', 'bool', 'names are hashed', 'stream'),
    required('table', 'utf8', 'table', 'stream'),
    optional('sequence', 'int64', SEQUENCE, 'stream'),
    optional('timestamp', 'timestamp', 'ms since epoch', 'stream'),
    optional('repeats', 'int64', 'records', 'stream'),
  ],
};
