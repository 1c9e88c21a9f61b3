// Vitest projects: unit tests are pure and run in parallel; the others own sockets and processes.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Processes that tests start keep their compiled sources here: a command starts in half the CPU time. */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compile') };
const serial = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000, env };

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...serial } },
      { test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], ...serial } },
    ],
  },
});
