// Small ONNX graphs → bytes: as much of ModelProto as a few operators over float32 and int64 tensors need. Field
// numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. What reads such bytes is models/onnx-model.ts.
//
//   field   varint: number << 3 | wire type, then
//   VARINT  seven bits a byte, the lowest first, 0x80 where more follow
//   LENGTH  varint n, then n bytes: a message or a text

/** TensorProto.DataType. */
export const elementTypes = { float32: 1, int64: 7 } as const;

/** One operator. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** A number is an INT, a list INTS. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** A constant. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** An input or output; a size that is text is symbolic. */
export interface OnnxValue {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  readonly shape: readonly (number | string)[];
}

/** A whole graph. */
export interface OnnxGraph {
  readonly name: string;
  readonly opset: number;
  readonly irVersion: number;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

type Bytes = readonly number[];

const [VARINT, LENGTH] = [0, 2];

/** Encodes a graph as a ModelProto. The same graph gives the same bytes. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const body = [
    ...graph.nodes.flatMap((node) => message(1, encodeNode(node))),
    ...text(2, graph.name),
    ...graph.constants.flatMap((constant) => message(5, encodeConstant(constant))),
    ...graph.inputs.flatMap((value) => message(11, encodeValue(value))),
    ...graph.outputs.flatMap((value) => message(12, encodeValue(value))),
  ];
  const opset = [...text(1, ''), ...whole(2, graph.opset)];
  return Uint8Array.from([...whole(1, graph.irVersion), ...message(7, body), ...message(8, opset)]);
}

function encodeNode({ operator, inputs, outputs, attributes = {} }: OnnxNode): Bytes {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, operator),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, encodeAttribute(name, value))),
  ];
}

function encodeAttribute(name: string, value: number | readonly number[]): Bytes {
  const [INT, INTS] = [2, 7];
  return typeof value === 'number'
    ? [...text(1, name), ...whole(3, value), ...whole(20, INT)]
    : [...text(1, name), ...value.flatMap((item) => whole(8, item)), ...whole(20, INTS)];
}

function encodeConstant({ name, type, shape, values }: OnnxConstant): Bytes {
  const data =
    type === 'float32' ? Float32Array.from(values) : BigInt64Array.from(values, (value) => BigInt(value));
  return [
    ...shape.flatMap((size) => whole(1, size)),
    ...whole(2, elementTypes[type]),
    ...text(8, name),
    ...message(9, [...new Uint8Array(data.buffer)]),
  ];
}

function encodeValue({ name, type, shape }: OnnxValue): Bytes {
  const dimensions = shape.flatMap((size) =>
    message(1, typeof size === 'number' ? whole(1, size) : text(2, size)),
  );
  const tensor = [...whole(1, elementTypes[type]), ...message(2, dimensions)];
  return [...text(1, name), ...message(2, message(1, tensor))];
}

function whole(field: number, value: number): Bytes {
  return [...varint(BigInt((field << 3) | VARINT)), ...varint(BigInt(value))];
}

const text = (field: number, value: string): Bytes => message(field, [...new TextEncoder().encode(value)]);

function message(field: number, body: Bytes): Bytes {
  return [...varint(BigInt((field << 3) | LENGTH)), ...varint(BigInt(body.length)), ...body];
}

/** Seven bits a byte, least significant first; negative numbers as 64-bit two's complement. */
function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
