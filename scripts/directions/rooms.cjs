// Which room may import which: the table of docs/ARCHITECTURE.md, with what is used and no more.

/** Rooms of src, and who may import whom by its door, index.ts. */
const src = {
  core: [],
  files: ['core'],
  procfs: ['core'],
  collect: ['core', 'procfs'],
  store: ['core', 'files'],
  // Its memory part watches the host's; sockets are some of its sources and sinks.
  pipeline: ['core', 'files', 'procfs', 'sockets'],
  // Its stages; the rest needs no pipeline.
  prepare: ['core', 'pipeline'],
  // Dataset publication describes what prepare computed; DataExporter.startStream serves through stream.
  export: ['core', 'files', 'pipeline', 'prepare', 'stream'],
  sockets: ['core', 'files'],
  // Who may reach a daemon from another host.
  keys: ['core', 'files'],
  // Files in memory between two processes; the kernel has it by its published name.
  'shared-memory': ['core'],
  bridge: ['core', 'files', 'keys', 'shared-memory', 'sockets'],
  stream: ['core', 'files', 'sockets'],
  // A training report as HTML and SVG; the browser's half of the page has it too.
  pictures: [],
  // The live page: streams are what its newest samples come by.
  page: ['core', 'files', 'sockets', 'stream'],
  // Types of a stage.
  models: ['core', 'files', 'pipeline'],
  // A trainer without Python gets its rows from the daemon and persistence from prepare.
  train: ['core', 'files', 'models', 'pipeline', 'prepare', 'bridge'],
  optimize: ['core', 'procfs'],
  // Query plans as graphs. Its parts have a table of their own.
  dag: ['core'],
  // Acts on what src/dag understands: a database's plans, a pipeline's options, other hosts' patterns. Parts: below.
  steer: ['core', 'files', 'dag', 'sockets'],
  // Many hosts over NATS; coarse sizes are prepare's.
  fleet: ['core', 'files', 'prepare', 'sockets'],
  // Recordings of event cameras; what is available of memory is procfs's to say.
  events: ['core', 'files', 'procfs', 'pipeline'],
  // Of the others it reads types and, on first use, export and prepare; the work is the daemon's.
  client: ['core', 'files', 'sockets', 'bridge', 'export', 'prepare', 'store', 'models', 'train', 'optimize'],
};

/** Parts of src/dag, and which part may import which by its door, index.ts; src/dag/index.ts is the door of them all. */
const dag = {
  graph: [],
  cost: ['graph'],
  cut: ['graph'],
  attention: ['graph', 'cut'],
  sona: ['graph'],
  // What it reads of a min cut is a few numbers.
  healing: [],
  patterns: [],
};

/** Parts of src/steer; src/steer/index.ts is the door of them all. */
const steer = {
  // Pure: latencies in, arms out.
  policy: [],
  tune: [],
  sql: ['policy'],
  // What it receives is judged by a callback.
  sync: [],
};

/**
 * Second doors: without anything of Node's, for what runs in a browser too; without Arrow, for threads that must start
 * fast; what only publication needs; the runtime that answers with a model; the files of a pipeline without the rest of it; what
 * prepare brings to pipelines; and networks, which a host loads late.
 */
const innerDoors = [
  'core/portable',
  'core/plain',
  'export/options',
  'export/publish',
  'models/runtime',
  'pipeline/files',
  'prepare/stages',
  'train/tfjs',
];

/** The only room without a door, because nobody imports it: it may import all of src. */
const wiring = 'app';

/** Rooms of the kernel, which have no doors: they are few and import each other's files. */
const kernel = {
  // Pure: no other room, no file, no socket.
  protocol: [],
  runtime: ['protocol'],
  // What a magic is, is the runtime's.
  language: ['protocol', 'runtime'],
  debugger: ['protocol', 'runtime'],
  server: ['protocol', 'language'],
  transport: ['protocol', 'language', 'debugger', 'server'],
};

module.exports = { src, dag, steer, innerDoors, wiring, kernel };
