#!/usr/bin/env node
// Starts the command line under Node 24: built JavaScript when installed, the TypeScript sources in a checkout.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const major = Number(process.versions.node.split('.')[0]);
const bundledNode = path('.toolchain/node_modules/node/bin/node');

if (major >= 24) {
  // A command starts in half the CPU time once its modules were compiled.
  nodeModule.enableCompileCache();
  const source = new URL('../src/app/main.ts', import.meta.url);
  const built = new URL('../dist/app/main.js', import.meta.url);
  const { main } = await import(existsSync(source) ? source : built);
  await main(process.argv);
} else if (existsSync(bundledNode)) {
  process.on('SIGINT', () => {});
  const result = spawnSync(bundledNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = result.status ?? 1;
} else {
  process.stderr.write(
    `Cannot run ruvector-memopt on Node ${process.versions.node}: it needs Node 24; ` +
      'in a checkout run `npm run cli` once, elsewhere install Node 24 from https://nodejs.org\n',
  );
  process.exitCode = 1;
}
