#!/usr/bin/env node
// Starts the command line under Node 24: built JavaScript when installed, the TypeScript sources in a checkout.
// `serve` gets a heap fit for a process that stays: flags that V8 reads at its start only.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { become } from './become.mjs';
import { missingDaemonFlags } from './daemon-flags.mjs';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const major = Number(process.versions.node.split('.')[0]);
const bundledNode = path('.toolchain/node_modules/node/bin/node');
const args = process.argv.slice(2);
const flags = missingDaemonFlags(args, process.execArgv);
const call = [...flags, fileURLToPath(import.meta.url), ...args];

if (major >= 24 && (flags.length === 0 || !process.execve || process.channel)) {
  // A command starts in half the CPU time once its modules were compiled; workers find the folder here.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const source = new URL('../src/app/main.ts', import.meta.url);
  const built = new URL('../dist/app/main.js', import.meta.url);
  const { main } = await import(existsSync(source) ? source : built);
  await main(process.argv);
} else if (major >= 24) {
  become(process.execPath, [...process.execArgv, ...call]);
} else if (existsSync(bundledNode)) {
  become(bundledNode, call);
} else {
  process.stderr.write(
    `Cannot run ruvector-memopt on Node ${process.versions.node}: it needs Node 24; ` +
      'in a checkout run `npm run cli` once; elsewhere install Node 24 from https://nodejs.org, or let npm bring it: ' +
      '`npx -p node@24 -c "npm install ruvector-memopt node@24"`, since an npm of an older Node leaves out packages\n',
  );
  process.exitCode = 1;
}
