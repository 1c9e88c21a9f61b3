// A graph of ONNX operators while it is being built, and its bytes: a ModelProto of one graph, with its weights inside.
// What is read of such a file: src/models/onnx-model.ts. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Versions that every trainer of the product writes: python/src/ruvector/_training/onnx_export.py. */
export const OPSET = 18;
const IR_VERSION = 8;

/** TensorProto.DataType */
const DataType = { FLOAT: 1, INT64: 7 } as const;
/** AttributeProto.AttributeType */
const AttributeType = { FLOAT: 1, INT: 2, STRING: 3, FLOATS: 6, INTS: 7, STRINGS: 8 } as const;

/** Field numbers of onnx.proto, by message. */
const Model = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, metadata: 14 } as const;
const Entry = { key: 1, value: 2 } as const;
const OpsetId = { domain: 1, version: 2 } as const;
const Graph = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const Node = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 } as const;
const Attribute = { name: 1, f: 2, i: 3, s: 4, floats: 7, ints: 8, strings: 9, type: 20 } as const;
const Tensor = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const;
const Value = { name: 1, type: 2 } as const;
const TensorType = { elemType: 1, shape: 2 } as const;
const Dimension = { value: 1, param: 2 } as const;

/** A number that ONNX has as a float: 1 alone is taken for an integer. */
export interface Float {
  readonly float: number;
}

/** Value of an attribute. */
export type AttributeValue =
  number | Float | string | readonly number[] | readonly string[] | { readonly floats: readonly number[] };

/** An input or output of the graph; null is the number of rows. */
export interface GraphValue {
  readonly name: string;
  readonly type: keyof typeof DataType;
  readonly shape: readonly (number | null)[];
}

/** Facts that travel in the file. */
export interface GraphFacts {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Collects nodes and weights; every value has a name of its own. */
export class NetworkGraph {
  readonly #nodes: Uint8Array[] = [];
  readonly #weights: Uint8Array[] = [];
  readonly #names = new Set<string>();

  /** Adds a node of one output and returns the output's name. An empty input name leaves an optional input out. */
  add(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = this.reserve(opType.toLowerCase()),
  ): string {
    this.addNode(opType, inputs, [output], attributes);
    return output;
  }

  /** Adds a node whose outputs have names. */
  addNode(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): void {
    const writer = new BinaryWriter();
    for (const input of inputs) writeText(writer, Node.input, input);
    for (const output of outputs) writeText(writer, Node.output, output);
    writeText(
      writer,
      Node.name,
      outputs.find((name) => name !== '')!,
    );
    writeText(writer, Node.opType, opType);
    for (const [name, value] of Object.entries(attributes)) {
      writeBytes(writer, Node.attribute, encodeAttribute(name, value));
    }
    this.#nodes.push(writer.finish());
  }

  /** Adds float32 values and returns their name. */
  addFloats(hint: string, values: Float32Array, shape: readonly number[]): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#addTensor(hint, DataType.FLOAT, shape, bytes);
  }

  /** Adds int64 values and returns their name. */
  addIntegers(hint: string, values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#addTensor(hint, DataType.INT64, [values.length], bytes);
  }

  /** A name that nothing of the graph has. */
  reserve(hint: string): string {
    let name = hint;
    for (let i = 1; this.#names.has(name); i++) name = `${hint}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Encodes the whole model. */
  encode({ inputs, outputs, metadata }: GraphFacts): Uint8Array {
    const graph = new BinaryWriter();
    for (const node of this.#nodes) writeBytes(graph, Graph.node, node);
    writeText(graph, Graph.name, 'ruvector');
    for (const weight of this.#weights) writeBytes(graph, Graph.initializer, weight);
    for (const input of inputs) writeBytes(graph, Graph.input, encodeValue(input));
    for (const output of outputs) writeBytes(graph, Graph.output, encodeValue(output));
    const model = new BinaryWriter();
    model.tag(Model.irVersion, WireType.Varint).int64(IR_VERSION);
    writeText(model, Model.producerName, 'ruvector-memopt');
    writeBytes(model, Model.graph, graph.finish());
    const opset = new BinaryWriter();
    writeText(opset, OpsetId.domain, '');
    opset.tag(OpsetId.version, WireType.Varint).int64(OPSET);
    writeBytes(model, Model.opsetImport, opset.finish());
    for (const [key, value] of Object.entries(metadata)) {
      const entry = new BinaryWriter();
      writeText(entry, Entry.key, key);
      writeText(entry, Entry.value, value);
      writeBytes(model, Model.metadata, entry.finish());
    }
    return model.finish();
  }

  #addTensor(hint: string, type: number, shape: readonly number[], bytes: Uint8Array): string {
    const name = this.reserve(hint);
    const writer = new BinaryWriter();
    writePacked(writer, Tensor.dims, (packed) => {
      for (const size of shape) packed.int64(size);
    });
    writer.tag(Tensor.dataType, WireType.Varint).int32(type);
    writeText(writer, Tensor.name, name);
    // Little-endian, as every machine that Node runs on has it.
    writeBytes(writer, Tensor.rawData, bytes);
    this.#weights.push(writer.finish());
    return name;
  }
}

function encodeAttribute(name: string, value: AttributeValue): Uint8Array {
  const writer = new BinaryWriter();
  writeText(writer, Attribute.name, name);
  const type = writeAttributeValue(writer, value);
  writer.tag(Attribute.type, WireType.Varint).int32(type);
  return writer.finish();
}

/** @returns its AttributeType */
function writeAttributeValue(writer: BinaryWriter, value: AttributeValue): number {
  if (typeof value === 'number') {
    writer.tag(Attribute.i, WireType.Varint).int64(value);
    return AttributeType.INT;
  }
  if (typeof value === 'string') {
    writeText(writer, Attribute.s, value);
    return AttributeType.STRING;
  }
  if ('float' in value) {
    writer.tag(Attribute.f, WireType.Bit32).float(value.float);
    return AttributeType.FLOAT;
  }
  if ('floats' in value) {
    writePacked(writer, Attribute.floats, (packed) => {
      for (const each of value.floats) packed.float(each);
    });
    return AttributeType.FLOATS;
  }
  if (value.every((each) => typeof each === 'string')) {
    for (const each of value) writeText(writer, Attribute.strings, each);
    return AttributeType.STRINGS;
  }
  writePacked(writer, Attribute.ints, (packed) => {
    for (const each of value) packed.int64(each);
  });
  return AttributeType.INTS;
}

/** ValueInfoProto → TypeProto → Tensor → TensorShapeProto → Dimension, each a message in the one before. */
function encodeValue({ name, type, shape }: GraphValue): Uint8Array {
  const shapeWriter = new BinaryWriter();
  for (const size of shape) {
    const dimension = new BinaryWriter();
    if (size === null) writeText(dimension, Dimension.param, 'rows');
    else dimension.tag(Dimension.value, WireType.Varint).int64(size);
    writeBytes(shapeWriter, 1, dimension.finish());
  }
  const tensor = new BinaryWriter().tag(TensorType.elemType, WireType.Varint).int32(DataType[type]);
  writeBytes(tensor, TensorType.shape, shapeWriter.finish());
  const typeWriter = new BinaryWriter();
  writeBytes(typeWriter, 1, tensor.finish());
  const value = new BinaryWriter();
  writeText(value, Value.name, name);
  writeBytes(value, Value.type, typeWriter.finish());
  return value.finish();
}

function writeText(writer: BinaryWriter, field: number, text: string): void {
  writer.tag(field, WireType.LengthDelimited).string(text);
}

function writeBytes(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

function writePacked(writer: BinaryWriter, field: number, write: (packed: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}
