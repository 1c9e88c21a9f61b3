// What a newcomer asks first, and the file that answers. A question has one answer: the file whose code (comments and
// import lists aside) matches every pattern. Patterns name symbols and texts, never paths, so that they find the
// answer wherever it moves; after a rename change the pattern here.

/** `part` is where the reader looks. */
const questions = [
  { ask: 'Where is the HMAC of a kernel message checked?', part: 'kernel', all: [/timingSafeEqual\(/] },
  {
    ask: 'Where does the kernel interrupt spinning code?',
    part: 'kernel',
    all: [/'Runtime\.terminateExecution'/],
  },
  { ask: 'Where is /proc/<pid>/stat parsed?', part: 'src', all: [/function parseProcessStat\(/] },
  {
    ask: 'Where is a file made durable (write, fsync, rename)?',
    part: 'src',
    all: [/\.sync\(\)|\bfsync(Sync)?\(/, /\brename(Sync)?\(/],
  },
  { ask: 'Where is a batch of the history merged?', part: 'src', all: [/function\* mergeSources\(/] },
  {
    ask: 'Where is k = 5 the default?',
    part: 'src',
    all: [/\b(k|DEFAULT_K)\b( \?\?=?| =|: (number|int) =|:) 5\b|'--k\b.*\b5\b|\bk: \{[^}]*\bdefault: 5\b/],
  },
  {
    ask: 'Where are the export options declared?',
    part: 'src',
    all: [/\binclude_?processes\b/i, /\bsample_?interval/i],
  },
  {
    ask: "Where does a slow stream reader's overflow policy live?",
    part: 'src',
    all: [/policy [!=]== 'block'|overflow [!=]== 'block'/],
  },
  { ask: 'Where is MessagePack encoded for a stream?', part: 'src', all: [/function encodeMsgpack\(/] },
  {
    ask: 'Where does the ZeroMQ bridge server answer requests?',
    part: 'src',
    all: [/Object\.hasOwn\(requests, name\)/],
  },
  { ask: 'Where does a model go live (hot swap)?', part: 'src', all: [/swapUs = \(?performance\.now\(\)/] },
  { ask: 'Where is an optimisation decision made?', part: 'src', all: [/function createDecider\(/] },
  { ask: 'Where does `serve` put its parts together?', part: 'src', all: [/function openHost\(/] },
  { ask: 'Where does Python find a running daemon?', part: 'python', all: [/\/ "run\/bridge\.json"/] },
  { ask: 'Where is a training job fitted in Python?', part: 'python', all: [/\bdef fit_here\(\s*estimator/] },
];

/** @returns [{ask, files}]: every file that answers; one is right, none or more is a finding */
export function answerQuestions(files) {
  const sources = files
    .filter(({ isGenerated }) => !isGenerated)
    .map(({ path, part, plain }) => ({ path, part, code: plain.map(([, text]) => text).join('\n') }));
  return questions.map(({ ask, part, all }) => ({
    ask,
    files: sources
      .filter((source) => source.part === part && all.every((pattern) => pattern.test(source.code)))
      .map(({ path }) => path),
  }));
}
