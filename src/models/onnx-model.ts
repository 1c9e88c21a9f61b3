// Walks an ONNX ModelProto and returns the few facts that decide whether it may be loaded. Every place a
// tensor or an operator can hide is visited: subgraphs, attributes, sparse tensors, functions, training info.
// Every other field is passed over. Bytes of fields: protobuf.ts. What is visited of
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, where [] is a repeated field:
//
//   Model ┬ irVersion
//         ├ opsetImport [] ── domain, version
//         ├ graph ┬ node [] ┬ opType, domain
//         │       │         └ attribute [] ── t, tensors [], g, graphs [], sparseTensor, sparseTensors []
//         │       ├ initializer [], sparseInitializer []
//         │       └ input [], output [] ── name, type ── tensorType ── elemType, shape ── dim [] ── dimValue
//         ├ trainingInfo [] ── initialization, algorithm: graphs
//         └ functions [] ── node [], opsetImport [], domain, attributeProto []
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

/** Field numbers of onnx.proto, by message. */
const Model = { irVersion: 1, graph: 7, opsetImport: 8, trainingInfo: 20, functions: 25 } as const;
const OpsetId = { domain: 1, version: 2 } as const;
const TrainingInfo = { initialization: 1, algorithm: 2 } as const;
const Func = { node: 7, opsetImport: 9, domain: 10, attributeProto: 11 } as const;
const Graph = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const Node = { opType: 4, attribute: 5, domain: 7 } as const;
const Attribute = { t: 5, g: 6, tensors: 10, graphs: 11, sparseTensor: 22, sparseTensors: 23 } as const;
const SparseTensor = { values: 1, indices: 2 } as const;
const Tensor = { name: 8, externalData: 13, dataLocation: 14 } as const;
const Value = { name: 1, type: 2 } as const;
const Type = { tensorType: 1 } as const;
const TensorType = { elemType: 1, shape: 2 } as const;
const Shape = { dim: 1 } as const;
const Dimension = { value: 1 } as const;

/** TensorProto.DataLocation */
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
    case Model.irVersion:
      walk.irVersion = varintOf(model);
      break;
    case Model.graph:
      // Parsers merge a repeated singular message, so a second graph adds to the first here too.
      walk.hasGraph = true;
      walkGraph(walk, openNested(model), 1);
      break;
    case Model.opsetImport:
      walkOpsetImport(walk, openNested(model), walk.opset);
      break;
    case Model.trainingInfo:
      walkTrainingInfo(walk, openNested(model));
      break;
    case Model.functions:
      walkFunction(walk, openNested(model));
      break;
    default:
  }
}

function walkOpsetImport(walk: Walk, entry: ProtoCursor, opset: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (nextField(entry)) {
    if (entry.field === OpsetId.domain) domain = normaliseDomain(stringOf(entry));
    if (entry.field === OpsetId.version) version = varintOf(entry);
  }
  walk.domains.add(domain);
  opset.set(domain, Math.max(version, opset.get(domain) ?? 0));
}

function walkTrainingInfo(walk: Walk, info: ProtoCursor): void {
  while (nextField(info)) {
    if (info.field === TrainingInfo.initialization || info.field === TrainingInfo.algorithm)
      walkGraph(walk, openNested(info), 2);
  }
}

function walkFunction(walk: Walk, fn: ProtoCursor): void {
  while (nextField(fn)) {
    if (fn.field === Func.node) walkNode(walk, openNested(fn), 2);
    else if (fn.field === Func.opsetImport) walkOpsetImport(walk, openNested(fn), new Map());
    else if (fn.field === Func.domain) walk.domains.add(normaliseDomain(stringOf(fn)));
    else if (fn.field === Func.attributeProto) walkAttribute(walk, openNested(fn), 2);
  }
}

function walkGraph(walk: Walk, graph: ProtoCursor, depth: number): void {
  if (depth > walk.limits.maxGraphDepth) {
    throw graphLimitError(`its graphs nest deeper than ${walk.limits.maxGraphDepth}; export a flatter model`,
    );
  }
  while (nextField(graph)) {
    if (graph.field === Graph.node) walkNode(walk, openNested(graph), depth);
    else if (graph.field === Graph.initializer) walkTensor(openNested(graph), depth === 1 ? walk.initializers : undefined);
    else if (graph.field === Graph.sparseInitializer) walkSparseTensor(openNested(graph));
    else if (graph.field === Graph.input && depth === 1) walk.inputs.push(decodeValueInfo(openNested(graph)));
    else if (graph.field === Graph.output && depth === 1) walk.outputs.push(decodeValueInfo(openNested(graph)));
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
  while (nextField(node)) if (node.field === Node.attribute) walkAttribute(walk, openNested(node), depth);
}

function readNodeHead(node: ProtoCursor): { opType: string; domain: string } {
  let opType = '';
  let domain = '';
  while (nextField(node)) {
    if (node.field === Node.opType) opType = stringOf(node);
    else if (node.field === Node.domain) domain = normaliseDomain(stringOf(node));
  }
  return { opType, domain };
}

function walkAttribute(walk: Walk, attribute: ProtoCursor, depth: number): void {
  while (nextField(attribute)) {
    switch (attribute.field) {
      case Attribute.t:
      case Attribute.tensors:
        walkTensor(openNested(attribute));
        break;
      case Attribute.g:
      case Attribute.graphs:
        walkGraph(walk, openNested(attribute), depth + 1);
        break;
      case Attribute.sparseTensor:
      case Attribute.sparseTensors:
        walkSparseTensor(openNested(attribute));
        break;
      default:
    }
  }
}

function walkSparseTensor(sparse: ProtoCursor): void {
  while (nextField(sparse)) {
    if (sparse.field === SparseTensor.values || sparse.field === SparseTensor.indices) walkTensor(openNested(sparse));
  }
}

function walkTensor(tensor: ProtoCursor, names?: Set<string>): void {
  while (nextField(tensor)) {
    const isExternal = tensor.field === Tensor.externalData || (tensor.field === Tensor.dataLocation && varintOf(tensor) === EXTERNAL);
    if (isExternal) {
      throw externalDataError('a tensor keeps its values in another file; export one self-contained file (external_data=False)',
      );
    }
    if (tensor.field === Tensor.name) names?.add(stringOf(tensor));
  }
}

function decodeValueInfo(info: ProtoCursor): ValueInfo {
  let name = '';
  let type: Pick<ValueInfo, 'elementType' | 'shape'> = { elementType: 0, shape: undefined };
  while (nextField(info)) {
    if (info.field === Value.name) name = stringOf(info);
    else if (info.field === Value.type) type = decodeTensorType(openNested(info));
  }
  return { name, ...type };
}

function decodeTensorType(type: ProtoCursor): Pick<ValueInfo, 'elementType' | 'shape'> {
  let elementType = 0;
  let shape: (number | null)[] | undefined;
  while (nextField(type)) {
    if (type.field !== Type.tensorType) continue;
    const tensor = openNested(type);
    while (nextField(tensor)) {
      if (tensor.field === TensorType.elemType) elementType = varintOf(tensor);
      else if (tensor.field === TensorType.shape) shape = decodeShape(openNested(tensor));
    }
  }
  return { elementType, shape };
}

function decodeShape(shape: ProtoCursor): (number | null)[] {
  const sizes: (number | null)[] = [];
  while (nextField(shape)) {
    if (shape.field !== Shape.dim) continue;
    const dimension = openNested(shape);
    let size: number | null = null;
    while (nextField(dimension)) if (dimension.field === Dimension.value) size = varintOf(dimension);
    sizes.push(size);
  }
  return sizes;
}

/** 'ai.onnx' and '' are the same domain. */
function normaliseDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
