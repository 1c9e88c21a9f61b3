// The direction table of docs/ARCHITECTURE.md. Each room may import only the rooms named here.
const mayImport = {
  core: [],
  files: ['core'],
  procfs: [],
  collect: ['core', 'procfs'],
  store: ['core', 'files'],
  prepare: ['core'],
  // Dataset publication describes what prepare computed; DataExporter.startStream serves through stream.
  export: ['core', 'files', 'prepare', 'stream'],
  sockets: ['core'],
  bridge: ['core', 'files', 'sockets'],
  stream: ['core', 'files', 'sockets'],
  models: ['core', 'files'],
  train: ['core', 'models'],
  optimize: ['core', 'procfs'],
  // Of the others it reads types and, on first use, export and prepare; the work is the daemon's.
  client: ['core', 'sockets', 'bridge', 'export', 'prepare', 'store', 'models', 'train', 'optimize'],
};

const roomRules = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room}-direction`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'rooms-have-one-door',
      comment: 'other rooms are imported through their index.ts only',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '/index\\.ts$', '-worker\\.ts$'] },
    },
    {
      name: 'kernel-uses-the-package',
      comment: 'the kernel reaches the product by its published name only',
      severity: 'error',
      from: { path: '^kernel/' },
      to: { path: '^src/' },
    },
    {
      name: 'kernel-protocol-knows-no-socket',
      severity: 'error',
      from: { path: '^kernel/protocol/' },
      to: { path: '^(kernel/(server|transport|runtime|language)/|zeromq)' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'src-knows-no-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'only-app-wires',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/app/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
