// The browser build: bytes that travel.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleForBrowsers } from '../support/dag/bundle-browser.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

async function* cases(): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  try {
    yield {
      bench: 'dag.bundle',
      case: 'gzipped',
      unit: 'bytes',
      better: 'lower',
      anchorName: "the source document's WebAssembly build",
      ours: async () => gzipSync(await readFile(await bundleForBrowsers(folder)), { level: 9 }).byteLength,
      anchor: async () => 58_000,
      goal: (bytes) => bytes <= 58_000,
      runs: 1,
      warmup: false,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'dag.bundle', cases }];
