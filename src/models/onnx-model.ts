// Walks an ONNX ModelProto and returns the few facts that decide whether it may be loaded. Every place a
// tensor or an operator can hide is visited: subgraphs, attributes, sparse tensors, functions, training info.
// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { externalDataError, graphLimitError, notOnnxError } from './errors.ts';
import { nextField, openCursor, openNested, stringOf, varintOf } from './protobuf.ts';
import type { ProtoCursor } from './protobuf.ts';
import { checkTrees, isTreeOperator } from './tree-check.ts';

/** Bounds on a model's structure. */
export interface StructureLimits {
  /** Most operator nodes, all graphs together. @default 100000 */
  readonly maxNodes: number;
  /** Deepest nesting of graphs. @default 8 */
  readonly maxGraphDepth: number;
}

/** A graph input or output. */
export interface ValueInfo {
  readonly name: string;
  /** TensorProto.DataType: 1 float32, 7 int64; 0 when it is not a tensor. */
  readonly elementType: number;
  /** Sizes, null where symbolic; undefined when the rank is not declared. */
  readonly shape: readonly (number | null)[] | undefined;
}

/** What the walk found. */
export interface OnnxModel {
  irVersion: number;
  /** Version of each imported operator domain; '' is ai.onnx. */
  readonly opset: ReadonlyMap<string, number>;
  /** Graph inputs that are not initializers. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  nodeCount: number;
  /** Domains of all nodes, functions and imports; '' is ai.onnx. */
  readonly domains: ReadonlySet<string>;
}

interface Walk {
  readonly limits: StructureLimits;
  readonly domains: Set<string>;
  readonly opset: Map<string, number>;
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  readonly initializers: Set<string>;
  irVersion: number;
  nodeCount: number;
  hasGraph: boolean;
}

const EXTERNAL = 1;

/**
 * Decodes the structure of a ModelProto.
 * @throws ModelRejectedError `ERR_MODEL_NOT_ONNX`, `ERR_MODEL_EXTERNAL_DATA`, `ERR_MODEL_TREE` or `ERR_MODEL_LIMIT`
 */
export function decodeOnnxModel(bytes: Uint8Array, limits: StructureLimits): OnnxModel {
  const walk: Walk = {
    limits,
    domains: new Set(),
    opset: new Map(),
    inputs: [],
    outputs: [],
    initializers: new Set(),
    irVersion: 0,
    nodeCount: 0,
    hasGraph: false,
  };
  const model = openCursor(bytes);
  while (nextField(model)) walkModelField(walk, model);
  if (!walk.hasGraph || walk.irVersion === 0) {
    throw notOnnxError('the bytes hold no ONNX graph; export the model again as ONNX');
  }
  const { irVersion, opset, nodeCount, domains, outputs } = walk;
  const inputs = walk.inputs.filter((input) => !walk.initializers.has(input.name));
  return { irVersion, opset, nodeCount, domains, inputs, outputs };
}

function walkModelField(walk: Walk, model: ProtoCursor): void {
  switch (model.field) {
    case 1:
      walk.irVersion = varintOf(model);
      break;
    case 7:
      // Parsers merge a repeated singular message, so a second graph adds to the first here too.
      walk.hasGraph = true;
      walkGraph(walk, openNested(model), 1);
      break;
    case 8:
      walkOpsetImport(walk, openNested(model), walk.opset);
      break;
    case 20:
      walkTrainingInfo(walk, openNested(model));
      break;
    case 25:
      walkFunction(walk, openNested(model));
      break;
    default:
  }
}

function walkOpsetImport(walk: Walk, entry: ProtoCursor, opset: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (nextField(entry)) {
    if (entry.field === 1) domain = normaliseDomain(stringOf(entry));
    if (entry.field === 2) version = varintOf(entry);
  }
  walk.domains.add(domain);
  opset.set(domain, Math.max(version, opset.get(domain) ?? 0));
}

function walkTrainingInfo(walk: Walk, info: ProtoCursor): void {
  while (nextField(info)) {
    if (info.field === 1 || info.field === 2) walkGraph(walk, openNested(info), 2);
  }
}

function walkFunction(walk: Walk, fn: ProtoCursor): void {
  while (nextField(fn)) {
    if (fn.field === 7) walkNode(walk, openNested(fn), 2);
    else if (fn.field === 9) walkOpsetImport(walk, openNested(fn), new Map());
    else if (fn.field === 10) walk.domains.add(normaliseDomain(stringOf(fn)));
    else if (fn.field === 11) walkAttribute(walk, openNested(fn), 2);
  }
}

function walkGraph(walk: Walk, graph: ProtoCursor, depth: number): void {
  if (depth > walk.limits.maxGraphDepth) {
    throw graphLimitError(`its graphs nest deeper than ${walk.limits.maxGraphDepth}; export a flatter model`,
    );
  }
  while (nextField(graph)) {
    if (graph.field === 1) walkNode(walk, openNested(graph), depth);
    else if (graph.field === 5) walkTensor(openNested(graph), depth === 1 ? walk.initializers : undefined);
    else if (graph.field === 15) walkSparseTensor(openNested(graph));
    else if (graph.field === 11 && depth === 1) walk.inputs.push(decodeValueInfo(openNested(graph)));
    else if (graph.field === 12 && depth === 1) walk.outputs.push(decodeValueInfo(openNested(graph)));
  }
}

function walkNode(walk: Walk, node: ProtoCursor, depth: number): void {
  if (++walk.nodeCount > walk.limits.maxNodes) {
    throw graphLimitError(`it has more than ${walk.limits.maxNodes} nodes; export a smaller model`,
    );
  }
  const { opType, domain } = readNodeHead({ ...node });
  walk.domains.add(domain);
  if (opType === 'Loop') {
    throw graphLimitError('it has a Loop, which may never end; export it without loops');
  }
  if (isTreeOperator(opType)) checkTrees({ ...node });
  while (nextField(node)) if (node.field === 5) walkAttribute(walk, openNested(node), depth);
}

function readNodeHead(node: ProtoCursor): { opType: string; domain: string } {
  let opType = '';
  let domain = '';
  while (nextField(node)) {
    if (node.field === 4) opType = stringOf(node);
    else if (node.field === 7) domain = normaliseDomain(stringOf(node));
  }
  return { opType, domain };
}

function walkAttribute(walk: Walk, attribute: ProtoCursor, depth: number): void {
  while (nextField(attribute)) {
    switch (attribute.field) {
      case 5:
      case 10:
        walkTensor(openNested(attribute));
        break;
      case 6:
      case 11:
        walkGraph(walk, openNested(attribute), depth + 1);
        break;
      case 22:
      case 23:
        walkSparseTensor(openNested(attribute));
        break;
      default:
    }
  }
}

function walkSparseTensor(sparse: ProtoCursor): void {
  while (nextField(sparse)) {
    if (sparse.field === 1 || sparse.field === 2) walkTensor(openNested(sparse));
  }
}

function walkTensor(tensor: ProtoCursor, names?: Set<string>): void {
  while (nextField(tensor)) {
    const isExternal = tensor.field === 13 || (tensor.field === 14 && varintOf(tensor) === EXTERNAL);
    if (isExternal) {
      throw externalDataError('a tensor keeps its values in another file; export one self-contained file (external_data=False)',
      );
    }
    if (tensor.field === 8) names?.add(stringOf(tensor));
  }
}

function decodeValueInfo(info: ProtoCursor): ValueInfo {
  let name = '';
  let type: Pick<ValueInfo, 'elementType' | 'shape'> = { elementType: 0, shape: undefined };
  while (nextField(info)) {
    if (info.field === 1) name = stringOf(info);
    else if (info.field === 2) type = decodeTensorType(openNested(info));
  }
  return { name, ...type };
}

function decodeTensorType(type: ProtoCursor): Pick<ValueInfo, 'elementType' | 'shape'> {
  let elementType = 0;
  let shape: (number | null)[] | undefined;
  while (nextField(type)) {
    if (type.field !== 1) continue;
    const tensor = openNested(type);
    while (nextField(tensor)) {
      if (tensor.field === 1) elementType = varintOf(tensor);
      else if (tensor.field === 2) shape = decodeShape(openNested(tensor));
    }
  }
  return { elementType, shape };
}

function decodeShape(shape: ProtoCursor): (number | null)[] {
  const sizes: (number | null)[] = [];
  while (nextField(shape)) {
    if (shape.field !== 1) continue;
    const dimension = openNested(shape);
    let size: number | null = null;
    while (nextField(dimension)) if (dimension.field === 1) size = varintOf(dimension);
    sizes.push(size);
  }
  return sizes;
}

/** 'ai.onnx' and '' are the same domain. */
function normaliseDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
