// A running host and one Python process that fits, exports and deploys trainers to it, one after the other, on the data
// set of this repository: what the matrix of the tests and its benchmark look at.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildConfig } from '../../../src/app/host/config.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { ModelManifest } from '../../../src/models/index.ts';
import { createSession } from '../../../src/models/session.ts';
import { featureSpecSha256, withWindow } from '../../../src/prepare/index.ts';
import { findPython } from '../../../src/train/index.ts';
import { createTestHome } from '../daemon.ts';
import { until } from '../until.ts';

/** Windows of trainers that look at some. */
const window = { steps: 4, everyMs: 1000 };
const root = join(import.meta.dirname, '../../..');

/** One trainer of a matrix. */
export interface MatrixTrainer {
  /** As `ruvector.fit` takes it. */
  readonly name: string;
  /** @default {} */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Whether its rows are windows of the history. @default false */
  readonly window?: boolean;
}

/** What came of one. */
export interface MatrixLine {
  readonly name: string;
  readonly error?: string;
  readonly rows: number;
  readonly fitSeconds: number;
  /** To ONNX, with the proof of parity. */
  readonly exportMs: number;
  /** To the host, which verifies, warms up and swaps. */
  readonly deployMs: number;
  /** Largest |Δ| / (1 + |y|) of ONNX and the framework in Python. */
  readonly maxDifference: number;
  readonly version: string;
  readonly isLive: boolean;
  readonly manifest: ModelManifest;
}

/** A matrix that was run; its host still answers. */
export interface TrainerMatrix extends AsyncDisposable {
  readonly host: Host;
  readonly lines: ReadonlyMap<string, MatrixLine>;
  /** What Python wrote beside. */
  readonly log: string;
  /** Largest |Δ| / (1 + |y|) of what Node answers to the rows, and what the framework does. */
  compareInNode(line: MatrixLine): Promise<number>;
}

/** Runs all of them. */
export async function runTrainerMatrix(trainers: readonly MatrixTrainer[]): Promise<TrainerMatrix> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-matrix-'));
  const home = await createTestHome();
  const host = await openHost(home, buildConfig({ hz: 20, processIntervalMs: 60_000 }));
  const stop = new AbortController();
  const sampling = host.run(stop.signal);
  await until(() => host.latest?.features != null, 'the host had its first features');
  const asked = {
    root: join(root, 'datasets/memory-pressure-1hz'),
    folder,
    bridgeFile: home.bridgeFile,
    host: {
      featureNames: host.spec.names,
      sha256: featureSpecSha256(host.spec),
      windowSha256: featureSpecSha256(withWindow(host.spec, window)),
    },
    trainers,
  };
  const { lines, log } = await fitAll(asked);
  return {
    host,
    lines,
    log,
    compareInNode: (line) => compareInNode(folder, line),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await sampling;
      await host.close();
      await home[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function fitAll(asked: object): Promise<{ lines: Map<string, MatrixLine>; log: string }> {
  const script = join(import.meta.dirname, 'trainer-matrix.py');
  const child = spawn(await findPython(), [script, JSON.stringify(asked)], {
    env: { ...process.env, OMP_NUM_THREADS: '1', KERAS_BACKEND: 'torch', TORCHDYNAMO_DISABLE: '1' },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const lines = new Map<string, MatrixLine>();
  for await (const line of createInterface({ input: child.stdout })) {
    const found = JSON.parse(line) as MatrixLine;
    lines.set(found.name, found);
  }
  return { lines, log };
}

async function compareInNode(folder: string, { name, manifest, rows }: MatrixLine): Promise<number> {
  const read = (kind: string): Promise<Buffer> => readFile(join(folder, `${name}.${kind}`));
  const floats = async (kind: string): Promise<Float32Array> => {
    const bytes = await read(kind);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };
  const session = createSession(await read('onnx'), manifest);
  const expected = await floats('y');
  const { values } = session.run(await floats('x'), rows);
  session.release();
  if (values.length !== expected.length) {
    throw new Error(`Cannot compare "${name}": ${values.length} values beside ${expected.length}`);
  }
  return Math.max(...values.map((value, i) => Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!))));
}
