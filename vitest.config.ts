// Vitest projects: unit tests are pure and run in parallel; the others own sockets and processes.
import { defineConfig } from 'vitest/config';

const serial = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };

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
