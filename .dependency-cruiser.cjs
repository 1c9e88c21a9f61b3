// The direction rules. Which room may import which: scripts/directions/rooms.cjs. That every permission there is used,
// that every folder is in it, that every room has its door: scripts/directions/judge.mjs.
const { src, dag, steer, innerDoors, wiring, kernel } = require('./scripts/directions/rooms.cjs');

const doors = `^src/(${innerDoors.join('|')}|(?!${wiring}/)[^/]+)/index\\.ts$`;

const roomRules = (part, rooms) =>
  Object.entries(rooms).map(([room, allowed]) => ({
    name: `${part}/${room}-direction`,
    severity: 'error',
    from: { path: `^${part}/${room}/` },
    to: { path: `^${part}/`, pathNot: `^${part}/(${[room, ...allowed].join('|')})/` },
  }));

module.exports = {
  forbidden: [
    ...roomRules('src', src),
    ...roomRules('src/dag', dag),
    ...roomRules('src/steer', steer),
    ...roomRules('kernel', kernel),
    {
      name: 'rooms-have-one-door',
      comment: 'other rooms are imported through their index.ts only, or that of an inner door',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', doors] },
    },
    {
      name: 'parts-of-dag-have-one-door',
      severity: 'error',
      from: { path: '^src/dag/([^/]+)/' },
      to: { path: '^src/dag/', pathNot: ['^src/dag/$1/', '^src/dag/[^/]+/index\\.ts$'] },
    },
    {
      name: 'parts-of-steer-have-one-door',
      severity: 'error',
      from: { path: '^src/steer/([^/]+)/' },
      to: { path: '^src/steer/', pathNot: ['^src/steer/$1/', '^src/steer/[^/]+/index\\.ts$'] },
    },
    {
      name: 'steer-through-doors',
      comment: 'src/steer/index.ts takes what is public from the doors of its parts',
      severity: 'error',
      from: { path: '^src/steer/index\\.ts$' },
      to: { path: '^src/', pathNot: '^src/steer/[^/]+/index\\.ts$' },
    },
    {
      name: 'steer-policy-is-pure',
      severity: 'error',
      from: { path: '^src/steer/policy/' },
      to: { pathNot: '^src/(steer/policy|core|dag)/' },
    },
    {
      name: 'dag-through-doors',
      comment: 'src/dag/index.ts takes what is public from the doors of its parts',
      severity: 'error',
      from: { path: '^src/dag/index\\.ts$' },
      to: { path: '^src/', pathNot: '^src/dag/[^/]+/index\\.ts$' },
    },
    {
      name: 'dag-runs-in-browsers',
      comment:
        'nothing of Node and no package; what learns in a worker thread is apart, in src/dag/sona/worker',
      severity: 'error',
      from: { path: '^src/dag/', pathNot: '^src/dag/sona/worker/' },
      to: { pathNot: '^src/(dag/|core/portable/)' },
    },
    {
      name: 'portable-core-runs-in-browsers',
      severity: 'error',
      from: { path: '^src/core/(portable/index|errors|bytes|seeded-random)\\.ts$' },
      to: { pathNot: '^src/core/(errors|bytes|seeded-random)\\.ts$' },
    },
    {
      name: 'public-api-through-doors',
      comment:
        'src/index.ts takes what is public from the doors; nobody takes from it, and app wires for itself',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/', pathNot: doors },
    },
    {
      name: 'nobody-imports-app',
      comment: 'the room that wires the others together',
      severity: 'error',
      from: { pathNot: `^src/${wiring}/` },
      to: { path: `^src/${wiring}/` },
    },
    {
      name: 'kernel-uses-the-package',
      comment: 'the kernel reaches the product by its published name only',
      severity: 'error',
      from: { path: '^kernel/' },
      to: { path: '^src/' },
    },
    {
      name: 'src-knows-no-kernel',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^kernel/' },
    },
    {
      name: 'kernel-protocol-is-pure',
      comment: 'bytes, shapes and order of messages: no files, no sockets, no processes',
      severity: 'error',
      from: { path: '^kernel/protocol/' },
      to: { pathNot: '^(kernel/protocol/|crypto$)' },
    },
    {
      name: 'kernel-sockets-in-transport',
      comment: 'beside the transport only the channel to %%python cells is a socket',
      severity: 'error',
      from: { path: '^kernel/', pathNot: '^kernel/(transport|runtime/python)/' },
      to: { path: 'node_modules/zeromq' },
    },
    {
      name: 'stream-codecs-know-no-transport',
      comment: 'codecs are pure bytes, transports know no formats',
      severity: 'error',
      from: { path: '^src/stream/codecs/' },
      to: { path: ['^src/stream/(transports|hub|client)/', 'node_modules/(zeromq|ws)/', '^(net|fs|http)$'] },
    },
    {
      name: 'decoders-and-encoders-part',
      comment: 'decode-x and encode-x mirror each other and do not import each other',
      severity: 'error',
      from: { path: '/decode-[^/]+\\.ts$' },
      to: { path: '/encode-[^/]+\\.ts$' },
    },
    {
      name: 'encoders-and-decoders-part',
      severity: 'error',
      from: { path: '/encode-[^/]+\\.ts$' },
      to: { path: '/decode-[^/]+\\.ts$' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'sources-know-no-test',
      severity: 'error',
      from: { path: '^(src|kernel)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
