// Reads the JSON form of a graph, which may come from anywhere: everything is looked at, and what is wrong is named.
import { isRuvectorError } from '../../core/portable/index.ts';
import { documentError } from './errors.ts';
import { OperatorNode, operatorFactNames } from './operator-node.ts';
import type { OperatorOptions } from './operator-node.ts';
import type { OperatorType } from './operator-type.ts';
import { QueryDag } from './query-dag.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The inverse of `JSON.stringify(dag)`.
 * @param document text, or what `JSON.parse` made of it
 * @throws RuvectorError `ERR_DAG_DOCUMENT` with the place, or what a graph says of an operator or an edge
 */
export function parseDag(document: unknown): QueryDag {
  const { format, version, nodes, edges } = takeObject('document', fromText(document));
  if (format !== 'ruvector-dag') throw documentError('format', `it is ${show(format)}, not "ruvector-dag"`);
  if (version !== 1) throw documentError('version', `it is ${show(version)}; version 1 is known`);
  const dag = new QueryDag();
  takeList('nodes', nodes).forEach((node, at) => dag.addNode(parseNode(`nodes[${at}]`, node)));
  takeList('edges', edges).forEach((edge, at) => addEdge(dag, `edges[${at}]`, edge));
  return dag;
}

function fromText(document: unknown): unknown {
  if (typeof document !== 'string') return document;
  try {
    return JSON.parse(document);
  } catch (error) {
    throw documentError('document', 'it is no JSON', error);
  }
}

function parseNode(place: string, value: unknown): OperatorNode {
  const { id, type, facts = {}, details = {} } = takeObject(place, value);
  const known = takeObject(`${place}.facts`, facts);
  const stray = Object.keys(known).find((name) => !operatorFactNames.some((fact) => fact === name));
  if (stray !== undefined) throw documentError(`${place}.facts.${stray}`, 'there is no such fact');
  const options = { ...known, details: takeObject(`${place}.details`, details) } as OperatorOptions;
  return placed(place, () => new OperatorNode(id as number, type as OperatorType, options));
}

function addEdge(dag: QueryDag, place: string, value: unknown): void {
  const { from, to, rate = Infinity } = takeObject(place, value);
  if (typeof rate !== 'number') throw documentError(`${place}.rate`, `it is ${show(rate)}, no number`);
  placed(place, () => {
    if (dag.hasEdge(from as number, to as number)) throw documentError(place, 'it stands there twice');
    dag.addEdge(from as number, to as number, { rate });
  });
}

/** Says where in the document it was, and what was wrong with it. */
function placed<T>(place: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isRuvectorError(error) || error.code === 'ERR_DAG_DOCUMENT') throw error;
    throw documentError(place, error.message, error);
  }
}

function takeObject(place: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw documentError(place, `it is ${show(value)}, no object`);
}

function takeList(place: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw documentError(place, `it is ${show(value)}, no list`);
}

const show = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? 'a list'
      : 'an object'
    : typeof value === 'string'
      ? JSON.stringify(value.slice(0, 40))
      : String(value);
