// Writes small ONNX ModelProto bytes by hand, for structures no exporter makes.
// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

/** A length-delimited field: a message or text. */
export function bytesField(field: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const body = concat(
    parts.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part)),
  );
  return concat([varint(field * 8 + 2), varint(body.length), body]);
}

/** An integer field. */
export function intField(field: number, value: number): Uint8Array {
  return concat([varint(field * 8), varint(value)]);
}

/** Joins byte arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

/** A graph input or output; a null size is symbolic. */
export function valueInfo(name: string, elementType: number, shape: readonly (number | null)[]): Uint8Array {
  const sizes = shape.map((size) => bytesField(1, size === null ? bytesField(2, 'N') : intField(1, size)));
  const tensor = bytesField(1, intField(1, elementType), bytesField(2, ...sizes));
  return concat([bytesField(1, name), bytesField(2, tensor)]);
}

/** A node with an optional domain and attributes. */
export function node(domain: string, ...attributes: readonly Uint8Array[]): Uint8Array {
  return concat([
    bytesField(1, 'X'),
    bytesField(2, 'Y'),
    bytesField(4, 'Identity'),
    bytesField(7, domain),
    ...attributes.map((attribute) => bytesField(5, attribute)),
  ]);
}

/** What a test changes about an otherwise acceptable model of two features and two classes. */
export interface OnnxParts {
  readonly irVersion?: number;
  readonly opset?: readonly (readonly [string, number])[];
  readonly inputs?: readonly Uint8Array[];
  readonly outputs?: readonly Uint8Array[];
  readonly nodes?: readonly Uint8Array[];
  /** More fields of the graph and of the model. */
  readonly graph?: readonly Uint8Array[];
  readonly model?: readonly Uint8Array[];
}

/** Builds the bytes of a model. */
export function onnxBytes(parts: OnnxParts = {}): Uint8Array {
  const {
    irVersion = 8,
    opset = [
      ['', 18],
      ['ai.onnx.ml', 3],
    ],
    inputs = [valueInfo('X', 1, [null, 2])],
    outputs = [valueInfo('label', 7, [null]), valueInfo('probabilities', 1, [null, 2])],
    nodes = [node('')],
    graph = [],
    model = [],
  } = parts;
  return concat([
    intField(1, irVersion),
    ...opset.map(([domain, version]) => bytesField(8, bytesField(1, domain), intField(2, version))),
    bytesField(
      7,
      ...nodes.map((part) => bytesField(1, part)),
      ...inputs.map((part) => bytesField(11, part)),
      ...outputs.map((part) => bytesField(12, part)),
      ...graph,
    ),
    ...model,
  ]);
}
