// The V8 flags of a daemon: what it keeps for garbage, and code that is compiled again rather than kept.
// Measured by the bench app.idle; they can only be given when a process starts.

const daemonFlags = [
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--single-threaded-gc',
  '--v8-pool-size=1',
];

/**
 * The flags to start again with: none for other commands than `serve`, or when they are given.
 * @param {readonly string[]} args of the command line, without node and script
 * @param {readonly string[]} execArgv as process.execArgv
 */
export function missingDaemonFlags(args, execArgv) {
  if (commandOf(args) !== 'serve' || args.some((arg) => oneShot.has(arg))) return [];
  return daemonFlags.filter((flag) => !execArgv.some((given) => nameOf(given) === nameOf(flag)));
}

/** Options with which `serve` prints and ends. */
const oneShot = new Set(['--help', '-h', '--print-unit']);

const nameOf = (flag) => flag.replaceAll('_', '-').split('=')[0];

/** The first word that is neither an option nor the value of --home. */
function commandOf(args) {
  const at = args.findIndex((arg, i) => !arg.startsWith('-') && args[i - 1] !== '--home');
  return args[at];
}
