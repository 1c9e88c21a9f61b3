// Columns ↔ fields of proto/ruvector/telemetry/v1/stream.proto: which number and which wire form a
// column has. The generated descriptors are the only place that knows numbers. What encoder and decoder share:
//
//   frame      varint n, then n bytes: a DataEvent
//   DataEvent  0x08 varint                    sequence = 1; left out when 0
//              tag varint n, then n bytes     memory = 2, process = 3, optimization = 4, gap = 5 or hello = 6
//   record     for each column that is set: its tag, and its value
//   tag        varint: field number << 3 | wire type
//
//   wire type  value
//   0 VARINT   int64, int32, int8, bool: seven bits a byte, the lowest first, 0x80 where more follow
//   1 I64      float64, uint64: 8 bytes, little-endian
//   2 LEN      utf8, timestamp: varint n, then n bytes
//   5 I32      float32: 4 bytes, little-endian
//
// https://protobuf.dev/programming-guides/encoding
import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { Field, FieldType } from '../../core/index.ts';
import {
  DataEventSchema,
  MemorySnapshotSchema,
  OptimizationEventSchema,
  ProcessRecordSchema,
} from './generated/stream_pb.ts';
import type { StreamKinds, StreamTable } from '../stream-contract.ts';

const messages: Readonly<Record<StreamTable, DescMessage>> = {
  memory: MemorySnapshotSchema,
  process: ProcessRecordSchema,
  optimization: OptimizationEventSchema,
};

/** Tag of `sequence` in a DataEvent: field 1, a varint. */
export const SEQUENCE_TAG = 0x08;

/**
 * Tags of google.protobuf.Timestamp, both varints. Nanos are 0 to 999,999,999 and count forward, also before 1970; a
 * field that is 0 is left out.
 *
 *   0x08 varint  seconds = 1, int64
 *   0x10 varint  nanos = 2, int32
 */
export const TimestampTag = { SECONDS: 0x08, NANOS: 0x10 } as const;

/** https://protobuf.dev/programming-guides/encoding/#structure */
export const WireType = { VARINT: 0, I64: 1, LEN: 2, I32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** How a column type is written; `scalar` is null for google.protobuf.Timestamp. */
const forms: Readonly<Record<FieldType, { wireType: WireType; scalar: ScalarType | null }>> = {
  timestamp: { wireType: WireType.LEN, scalar: null },
  int64: { wireType: WireType.VARINT, scalar: ScalarType.INT64 },
  uint64: { wireType: WireType.I64, scalar: ScalarType.FIXED64 },
  int32: { wireType: WireType.VARINT, scalar: ScalarType.INT32 },
  int8: { wireType: WireType.VARINT, scalar: ScalarType.INT32 },
  float32: { wireType: WireType.I32, scalar: ScalarType.FLOAT },
  float64: { wireType: WireType.I64, scalar: ScalarType.DOUBLE },
  bool: { wireType: WireType.VARINT, scalar: ScalarType.BOOL },
  utf8: { wireType: WireType.LEN, scalar: ScalarType.STRING },
};

export interface ProtobufColumn {
  readonly name: string;
  readonly type: FieldType;
  readonly number: number;
  readonly wireType: WireType;
}

/**
 * The columns of a table with their fields, in the order of the field numbers.
 * @throws TypeError for a column without a field of its name and type
 */
export function protobufColumnsOf(table: StreamTable, kinds: StreamKinds): ProtobufColumn[] {
  const message = messages[table];
  return kinds[table].fields.map((field) => bindField(field, message)).sort((a, b) => a.number - b.number);
}

function bindField({ name, type }: Field, message: DescMessage): ProtobufColumn {
  const field = message.fields.find((candidate) => candidate.name === name);
  const { wireType, scalar } = forms[type];
  if (!field || scalarOf(field) !== scalar) {
    const state = field ? 'the field has another type' : 'it has no field';
    throw new TypeError(
      `Cannot write column "${name}" as ${message.typeName}: ${state}; add one with a new number to stream.proto`,
    );
  }
  return { name, type, number: field.number, wireType };
}

function scalarOf(field: DescField): ScalarType | null | undefined {
  if (field.fieldKind === 'scalar') return field.scalar;
  return field.fieldKind === 'message' ? null : undefined;
}

/** Number of the field of DataEvent that holds a table's record. */
export function recordNumberOf(table: StreamTable): number {
  return DataEventSchema.field[table].number;
}
