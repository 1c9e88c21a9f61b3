// What the Arrow encoder and decoder share: places in the metadata of IPC messages, and the columns that
// are not a table's own. https://arrow.apache.org/docs/format/Columnar.html#format-ipc
import { optional, required } from '../../core/index.ts';
import type { RecordKind } from '../../core/index.ts';

/** Keys of the schema's metadata. */
export const MetadataKey = { EVENT: 'ruvector.event', TABLE: 'ruvector.table' } as const;

/** Before the metadata of every message: 0xFFFFFFFF and the metadata's size, both i32; 0 ends a stream. */
export const PREFIX_BYTES = 8;
export const CONTINUATION = -1;

/** https://github.com/apache/arrow/blob/main/format/Message.fbs, slots of the tables */
export const MessageSlot = { HEADER_TYPE: 1, HEADER: 2, BODY_LENGTH: 3 } as const;
export const HeaderType = { SCHEMA: 1, RECORD_BATCH: 3 } as const;
export const BatchSlot = { LENGTH: 0, NODES: 1, BUFFERS: 2, COMPRESSION: 3 } as const;
/** FieldNode {length i64, null_count i64} and Buffer {offset i64, length i64}. */
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
