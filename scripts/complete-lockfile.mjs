// Adds the optional platform packages that `npm install` leaves out of package-lock.json
// (https://github.com/npm/cli/issues/4828); `npm ci` refuses a lockfile without them.
// Run after every change of dependencies: node scripts/complete-lockfile.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const systems = [
  'android',
  'darwin',
  'linux',
  'win32',
  'freebsd',
  'openharmony',
  'aix',
  'sunos',
  'netbsd',
  'openbsd',
];
const cpus = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

/** The lockfile entry of an optional package, its platform read from its name. */
function buildEntry(name, range, isDev) {
  const parts = name.split(/[-/]/);
  const cpu = parts.find((part) => cpus.includes(part));
  const system = parts.find((part) => systems.includes(part));
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu && { cpu: [cpu] }),
    ...(isDev && { dev: true }),
    optional: true,
    ...(system && { os: [system] }),
  };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { packages } = lock;
let added = 0;
for (const [folder, entry] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = packages[`${folder}/node_modules/${name}`] ?? packages[`node_modules/${name}`];
    const isExact = /^\d/.test(range);
    if (found && (!isExact || found.version === range)) continue;
    // Two versions of a package have platform packages of their own: the second goes below its parent.
    packages[found ? `${folder}/node_modules/${name}` : `node_modules/${name}`] = buildEntry(
      name,
      range,
      entry.dev,
    );
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional packages added`);
