// A search for the ten nearest of 10,000 patterns of 256 dimensions, beside a scan of all and beside hnswlib, where Python has it,
// at the smallest ef with as good a recall. Vectors in clusters, embeddings of plans, and vectors without any order.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PatternIndex } from '../../src/dag/patterns/index.ts';
import { createVectors } from '../support/dag/vectors.ts';
import type { VectorKind } from '../support/dag/vectors.ts';
import { startJsonChild } from '../support/json-child.ts';
import type { JsonChild } from '../support/json-child.ts';
import { python } from '../support/python.ts';
import { createRandom } from '../support/random.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const DIMS = 256;
const COUNT = 10_000;
const QUERIES = 200;
const GOAL_MS = 2;
const GOAL_RECALL = 0.95;

interface Setting {
  readonly index: PatternIndex;
  readonly trainMs: number;
  readonly queries: readonly Float32Array[];
  readonly vectors: Float32Array;
}

function prepare(kind: VectorKind): Setting {
  const draw = createVectors(kind, DIMS, createRandom(1));
  const index = new PatternIndex({ dims: DIMS });
  const vectors = new Float32Array(COUNT * DIMS);
  for (let i = 0; i < COUNT; i++) {
    const vector = draw();
    vectors.set(vector, i * DIMS);
    index.add(`p${i}`, vector);
  }
  const started = performance.now();
  index.train();
  return {
    index,
    trainMs: performance.now() - started,
    queries: Array.from({ length: QUERIES }, draw),
    vectors,
  };
}

function medianMs(
  queries: readonly Float32Array[],
  search: (query: Float32Array) => unknown,
): Promise<number> {
  const times = queries.map((query) => {
    const started = performance.now();
    search(query);
    return performance.now() - started;
  });
  return Promise.resolve(median(times));
}

/** The peer with the smallest ef that finds as much; null where there is none. */
async function openPeer(
  folder: string,
  { vectors, queries }: Setting,
): Promise<{ child: JsonChild; ef: number; recall: number } | null> {
  const [vectorsFile, queriesFile] = ['vectors', 'queries'].map((name) => join(folder, name));
  await writeFile(vectorsFile!, vectors);
  await writeFile(queriesFile!, Buffer.concat(queries.map(({ buffer }) => Buffer.from(buffer))));
  const child = startJsonChild(python, [join(import.meta.dirname, 'dag-patterns-peer.py')]);
  const { isInstalled } = await child.ask<{ isInstalled: boolean }>(`${vectorsFile} ${queriesFile} ${DIMS}`);
  if (!isInstalled) {
    await child.kill();
    return null;
  }
  for (const ef of [10, 20, 40, 80, 160, 320, 640, 1280, 2560]) {
    const { recall } = await child.ask<{ recall: number }>(String(ef));
    if (recall >= GOAL_RECALL) return { child, ef, recall };
  }
  await child.kill();
  return null;
}

function searchCases(kind: VectorKind, { index, queries, trainMs }: Setting): BenchCase[] {
  const { probes, lists, candidates } = index.training!;
  const shared = { bench: 'dag.patterns', warmup: true } as const;
  return [
    {
      ...shared,
      case: `${kind}: search, p50 (${probes} of ${lists} lists, ${candidates} measured)`,
      unit: 'ms',
      better: 'lower',
      anchorName: 'a scan of all, ours',
      ours: () => medianMs(queries, (query) => index.search(query)),
      anchor: () => medianMs(queries, (query) => index.searchExact(query)),
      goal: (ours) => ours <= GOAL_MS,
    },
    {
      ...shared,
      case: `${kind}: recall@10`,
      unit: 'share',
      better: 'higher',
      anchorName: `the goal; training took ${Math.round(trainMs)} ms`,
      ours: () => Promise.resolve(index.measureRecall(queries)),
      anchor: () => Promise.resolve(GOAL_RECALL),
      goal: (ours) => ours >= GOAL_RECALL,
      runs: 1,
      warmup: false,
    },
  ];
}

async function* cases(): AsyncIterable<BenchCase> {
  for (const kind of ['clustered', 'plans', 'unclustered'] as const) {
    const setting = prepare(kind);
    yield* searchCases(kind, setting);
    const folder = await mkdtemp(join(tmpdir(), 'ruvector-dag-patterns-'));
    const peer = await openPeer(folder, setting);
    try {
      yield {
        bench: 'dag.patterns',
        case: `${kind}: search, p50`,
        unit: 'ms',
        better: 'lower',
        anchorName: peer
          ? `hnswlib, ef ${peer.ef}, recall ${peer.recall.toFixed(3)}`
          : 'hnswlib is not installed, or misses the recall',
        ours: () => medianMs(setting.queries, (query) => setting.index.search(query)),
        anchor: peer && (async () => (await peer.child.ask<{ ms: number }>(String(peer.ef))).ms),
        goal: (ours) => ours <= GOAL_MS,
      };
    } finally {
      await peer?.child.kill();
      await rm(folder, { recursive: true, force: true });
    }
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'dag.patterns', cases }];
