// A graph as bytes: docs/dag.md and dag-bytes.ts say where each of them lies.
import { dagMagic, dagVersion, detailKinds } from './dag-bytes.ts';
import { operatorFactNames } from './operator-node.ts';
import type { OperatorNode } from './operator-node.ts';
import { operatorTypes } from './operator-type.ts';
import type { QueryDag } from './query-dag.ts';

type Detail = OperatorNode['details'][string];

/** The compact form of a graph; `decodeDag` reads it. A cost model is no data and stays out. */
export function encodeDag(dag: QueryDag): Uint8Array {
  const out = new ByteList();
  for (const byte of [...dagMagic, dagVersion]) out.byte(byte);
  const nodes = dag.nodes();
  out.count(nodes.length);
  for (const node of nodes) encodeNode(out, node);
  const placeOf = new Map(nodes.map(({ id }, place) => [id, place]));
  out.count(dag.edgeCount);
  for (const { from, to, rate } of dag.edges()) {
    out.count(placeOf.get(from)! * 2 + Number(rate !== Infinity));
    out.count(placeOf.get(to)!);
    if (rate !== Infinity) out.float(rate);
  }
  return out.bytes();
}

function encodeNode(out: ByteList, { id, type, facts, details }: OperatorNode): void {
  out.count(id);
  out.byte(operatorTypes.indexOf(type));
  const present = operatorFactNames.filter((name) => facts[name] !== undefined);
  out.count(present.reduce((bits, name) => bits + 2 ** operatorFactNames.indexOf(name), 0));
  for (const name of present) out.float(facts[name]!);
  const entries = Object.entries(details);
  out.count(entries.length);
  for (const [name, value] of entries) {
    out.text(name);
    encodeDetail(out, value);
  }
}

function encodeDetail(out: ByteList, value: Detail): void {
  const kind =
    typeof value === 'string'
      ? 'text'
      : typeof value === 'object'
        ? 'texts'
        : typeof value === 'boolean'
          ? (`${value}` as const)
          : 'number';
  out.byte(detailKinds.indexOf(kind));
  if (typeof value === 'string') out.text(value);
  else if (typeof value === 'number') out.float(value);
  else if (typeof value === 'object') {
    out.count(value.length);
    for (const text of value) out.text(text);
  }
}

/** Bytes that grow. */
class ByteList {
  #held = new Uint8Array(256);
  #view = new DataView(this.#held.buffer);
  #size = 0;

  bytes(): Uint8Array {
    return this.#held.slice(0, this.#size);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#held[this.#size++] = value;
  }

  /** Unsigned LEB128, up to 2⁵³ − 1: shifts would cut it to 32 bits. */
  count(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest % 0x80) + 0x80);
    this.byte(rest);
  }

  float(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#size, value, true);
    this.#size += 8;
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.count(bytes.length);
    this.#reserve(bytes.length);
    this.#held.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#held.length) return;
    const grown = new Uint8Array(Math.max(this.#held.length * 2, this.#size + more));
    grown.set(this.#held);
    this.#held = grown;
    this.#view = new DataView(grown.buffer);
  }
}
