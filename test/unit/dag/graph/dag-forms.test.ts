// JSON and the binary form: what comes back is what was written, and what is broken is told with its place.
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/index.ts';
import { decodeDag, encodeDag, OperatorNode, parseDag, QueryDag } from '../../../../src/dag/index.ts';
import { createRandomDag } from '../../../support/dag/random-dag.ts';
import { createPrintedRandom } from '../../../support/random.ts';

/** Everything that a form keeps: operators, edges, and the order of inputs and of consumers. */
function contentOf(dag: QueryDag): object {
  const nodes = dag.nodes().map(({ id, type, facts, details }) => ({ id, type, facts, details }));
  const around = nodes.map(({ id }) => ({ parents: dag.parents(id), children: dag.children(id) }));
  return { nodes, around, edges: dag.edges() };
}

const small = (): QueryDag => {
  const dag = new QueryDag();
  dag.addNode(OperatorNode.seqScan(0, 't').with({ actualRows: 5 }));
  dag.addNode(OperatorNode.sort(300, ['a', 'b']));
  dag.addEdge(0, 300, { rate: 2 });
  return dag;
};

describe('parseDag()', () => {
  const random = createPrintedRandom('parseDag()');

  it('gives back what JSON.stringify() wrote of 500 random graphs', () => {
    for (let run = 0; run < 500; run++) {
      const dag = createRandomDag(random, 25);
      expect(contentOf(parseDag(JSON.stringify(dag)))).toEqual(contentOf(dag));
    }
  });

  it('gives a graph or a typed error that names the place for each of 10,000 broken documents', () => {
    const values: unknown[] = [null, -1, 1e999, 'x', [], {}, true, 0.5, 7, '__proto__', [{}]];
    let refused = 0;
    for (let run = 0; run < 10_000; run++) {
      const document = JSON.parse(JSON.stringify(createRandomDag(random, 6))) as Record<string, unknown>;
      const holder = pickHolder(random, document);
      const keys = Object.keys(holder);
      const key = keys[Math.floor(random() * keys.length)] ?? 'more';
      if (random() < 0.3) delete holder[key];
      else holder[key] = values[Math.floor(random() * values.length)];
      refused += Number(isRefused(() => parseDag(document), 'ERR_DAG_DOCUMENT', 'place'));
    }
    expect(refused).toBeGreaterThan(1000);
  }, 60_000);

  it.each([
    ['{', 'document', 'it is no JSON'],
    [JSON.stringify({ ...small().toJSON(), version: 2 }), 'version', 'version 1 is known'],
    [
      JSON.stringify(small()).replace('"actualRows":5', '"actualRows":-5'),
      'nodes[0]',
      '"0" (seq_scan): actualRows is -5',
    ],
    [JSON.stringify(small()).replace('"to":300', '"to":3'), 'edges[0]', 'Cannot find operator "3"'],
    [JSON.stringify(small()).replace('"rate":2', '"rate":"2"'), 'edges[0].rate', 'it is "2", no number'],
  ])('says of %s where and what is wrong', (text, place, state) => {
    expect(() => parseDag(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_DAG_DOCUMENT',
        message: expect.stringContaining(state) as string,
        details: { place },
      }),
    );
  });
});

function pickHolder(random: () => number, document: object): Record<string, unknown> {
  let holder = document as Record<string, unknown>;
  while (random() < 0.75) {
    const inner = Object.values(holder).filter((value) => typeof value === 'object' && value !== null);
    if (inner.length === 0) break;
    holder = inner[Math.floor(random() * inner.length)] as Record<string, unknown>;
  }
  return holder;
}

function isRefused(act: () => QueryDag, code: string, detail: string): boolean {
  try {
    act().topologicalOrder();
    return false;
  } catch (error) {
    if (!isRuvectorError(error, code) || !(detail in error.details)) throw error;
    return true;
  }
}

describe('decodeDag()', () => {
  const random = createPrintedRandom('decodeDag()');

  it('gives back what encodeDag() wrote of 500 random graphs, in less room than JSON', () => {
    let [bytes, text] = [0, 0];
    for (let run = 0; run < 500; run++) {
      const dag = createRandomDag(random, 25);
      const encoded = encodeDag(dag);
      bytes += encoded.length;
      text += JSON.stringify(dag).length;
      expect(contentOf(decodeDag(encoded))).toEqual(contentOf(dag));
      // Of a part of a buffer, too.
      const within = new Uint8Array(encoded.length + 9).fill(255);
      within.set(encoded, 5);
      expect(contentOf(decodeDag(within.subarray(5, 5 + encoded.length)))).toEqual(contentOf(dag));
    }
    expect(bytes).toBeLessThan(text * 0.6);
  });

  it('gives a graph or a typed error that names the byte for each of 10,000 broken messages', () => {
    let refused = 0;
    for (let run = 0; run < 10_000; run++) {
      const bytes = encodeDag(createRandomDag(random, 6));
      for (let left = 1 + Math.floor(random() * 3); left > 0; left--)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const size = random() < 0.2 ? Math.floor(random() * bytes.length) : bytes.length;
      refused += Number(isRefused(() => decodeDag(bytes.subarray(0, size)), 'ERR_DAG_BYTES', 'offset'));
    }
    expect(refused).toBeGreaterThan(1000);
  }, 60_000);

  it('refuses each beginning of a message, and bytes after its end', () => {
    const bytes = encodeDag(small());
    for (let size = 0; size < bytes.length; size++)
      expect(isRefused(() => decodeDag(bytes.subarray(0, size)), 'ERR_DAG_BYTES', 'offset')).toBe(true);
    expect(() => decodeDag(Uint8Array.from([...bytes, 0]))).toThrow(
      `Cannot decode DAG at byte "${bytes.length}": it should end here`,
    );
  });

  it('reserves nothing for a count that the bytes do not hold', () => {
    const claim = Uint8Array.from([0x52, 0x56, 0x44, 0x47, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07]);
    expect(() => decodeDag(claim)).toThrow('Cannot decode DAG at byte "12": the bytes end before it does');
  });

  it('names the operator and its byte when a fact cannot be', () => {
    const dag = new QueryDag();
    dag.addNode(OperatorNode.result(9).with({ actualRows: 1 }));
    const bytes = encodeDag(dag);
    new DataView(bytes.buffer).setFloat64(9, NaN, true);
    expect(() => decodeDag(bytes)).toThrow(
      expect.objectContaining({
        code: 'ERR_DAG_BYTES',
        message: expect.stringContaining('operator "9" (result): actualRows is NaN') as string,
        details: { offset: 6 },
      }),
    );
  });
});
