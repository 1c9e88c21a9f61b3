// Vitest projects: unit tests are pure; the others own sockets and processes, and mostly wait, except for those that
// measure memory, load or time, which run alone. scripts/test.mjs runs integration and conformance tests beside Python's.
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * Processes that tests start keep their compiled sources here: a command starts in half the CPU time. What notebooks
 * show is compared without colours, but for the tests of those.
 */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compile'), NO_COLOR: '1' };
/**
 * A test that hangs is ended; one on a slow machine is waited for. What fails is tried once more: the end of `npm test`
 * names it all the same.
 */
const patient = { testTimeout: 120_000, hookTimeout: 120_000, retry: 1, env };

/** Modules are loaded by Node itself, as they are when a user runs them, and its cache of compiled sources is theirs too. */
const native = { experimental: { viteModuleRunner: false, nodeLoader: false } };

/** Tests that would measure their neighbours. */
const measured = [
  'test/integration/collect/host.test.ts',
  'test/integration/prepare/labels-oom.test.ts',
  'test/integration/optimize/*.test.ts',
  'test/conformance/collect/collect.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      // They touch nothing outside of themselves: modules are loaded once a worker, not once a file.
      // By itself Vitest leaves one core to others.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
          maxWorkers: 2,
          testTimeout: 30_000,
        },
      },
      { test: { name: 'measured', include: measured, fileParallelism: false, ...patient } },
      ...['integration', 'conformance', 'scenario'].map((name) => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          exclude: measured,
          maxWorkers: 2,
          ...patient,
        },
      })),
    ].map((project, groupOrder) => ({ test: { ...project.test, ...native, sequence: { groupOrder } } })),
  },
});
