// Bytes as a graph: they may come from anywhere, so nothing is reserved for what a count claims, and what is wrong is
// told with the byte where it stands. dag-bytes.ts says where each byte lies.
import { isRuvectorError } from '../../core/portable/index.ts';
import { dagMagic, dagVersion, detailKinds } from './dag-bytes.ts';
import { bytesError } from './errors.ts';
import { OperatorNode, operatorFactNames } from './operator-node.ts';
import type { OperatorOptions } from './operator-node.ts';
import { operatorTypes } from './operator-type.ts';
import { QueryDag } from './query-dag.ts';

type Detail = OperatorNode['details'][string];

/** The inverse of `encodeDag`. @throws RuvectorError `ERR_DAG_BYTES` with the byte */
export function decodeDag(bytes: Uint8Array): QueryDag {
  const from = new StateReader(bytes);
  for (const byte of dagMagic)
    if (from.byte() !== byte) throw from.errorHere('it does not begin with "RVDG"');
  const version = from.byte();
  if (version !== dagVersion)
    throw from.errorHere(`it is of version ${version}; version ${dagVersion} is known`);
  const dag = new QueryDag();
  for (let left = from.count(); left > 0; left--) {
    const start = from.offset;
    placed(start, () => dag.addNode(decodeNode(from)));
  }
  const ids = dag.nodes().map(({ id }) => id);
  for (let left = from.count(); left > 0; left--) decodeEdge(from, dag, ids);
  if (from.offset < bytes.length) throw bytesError(from.offset, 'it should end here');
  return dag;
}

function decodeNode(from: StateReader): OperatorNode {
  const id = from.count();
  const typeNumber = from.byte();
  const type = operatorTypes[typeNumber];
  if (type === undefined) throw from.errorHere(`operator ${id} has type ${typeNumber}, which is not known`);
  const bits = from.count();
  if (bits >= 2 ** operatorFactNames.length)
    throw from.errorHere(`operator ${id} has facts that are not known`);
  const names = operatorFactNames.filter((_name, at) => bits & (1 << at));
  const facts = Object.fromEntries(names.map((name) => [name, from.float()]));
  const details: [string, Detail][] = [];
  const seen = new Set<string>();
  for (let left = from.count(); left > 0; left--) {
    const name = from.text();
    if (seen.has(name)) throw from.errorHere(`operator ${id} has the detail "${name}" twice`);
    seen.add(name);
    details.push([name, decodeDetail(from)]);
  }
  const options: OperatorOptions = { ...facts, details: Object.fromEntries(details) };
  return new OperatorNode(id, type, options);
}

function decodeDetail(from: StateReader): Detail {
  const number = from.byte();
  const kind = detailKinds[number];
  if (kind === undefined) throw from.errorHere(`a detail is of kind ${number}, which is not known`);
  if (kind === 'text') return from.text();
  if (kind === 'number') return from.float();
  if (kind !== 'texts') return kind === 'true';
  const texts: string[] = [];
  for (let left = from.count(); left > 0; left--) texts.push(from.text());
  return texts;
}

function decodeEdge(from: StateReader, dag: QueryDag, ids: readonly number[]): void {
  const start = from.offset;
  const first = from.count();
  const [source, target] = [ids[Math.floor(first / 2)], ids[from.count()]];
  if (source === undefined || target === undefined) throw bytesError(start, 'an edge has no operator there');
  const rate = first % 2 === 1 ? from.float() : Infinity;
  if (dag.hasEdge(source, target)) throw bytesError(start, `edge ${source} → ${target} stands there twice`);
  placed(start, () => dag.addEdge(source, target, { rate }));
}

/** Says at which byte it was, and what the graph says of it. */
function placed(offset: number, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isRuvectorError(error) || error.code === 'ERR_DAG_BYTES') throw error;
    throw bytesError(offset, error.message, error);
  }
}

class StateReader {
  offset = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Of what was read last. */
  errorHere(state: string): Error {
    return bytesError(Math.max(this.offset - 1, 0), state);
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** Unsigned LEB128, up to 2⁵³ − 1. */
  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value) || (byte === 0 && scale > 1)) throw this.errorHere('it is no count');
      if (byte < 0x80) return value;
    }
  }

  float(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  text(): string {
    const size = this.count();
    const start = this.#advance(size);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.#bytes.subarray(start, this.offset),
      );
    } catch (error) {
      throw bytesError(start, 'it is no UTF-8', error);
    }
  }

  #advance(size: number): number {
    const start = this.offset;
    if (size > this.#bytes.length - start) throw bytesError(start, 'the bytes end before it does');
    this.offset += size;
    return start;
  }
}
