// `dag sync run` and `dag sync serve`: one round, or rounds until stopped.
import { Option } from 'commander';
import type { Command } from 'commander';
import { createNatsTransport, openPatternSync, openZmqTransport, serveSync } from '../../steer/index.ts';
import type {
  LocalPattern,
  PatternSync,
  PatternSyncOptions,
  SyncRound,
  SyncTransport,
} from '../../steer/index.ts';
import { configError } from '../errors.ts';
import { makeHome } from '../home.ts';
import { syncFolderOf } from '../steer/state-paths.ts';
import { readLocalPatterns } from '../steer/local-patterns.ts';
import { abortOnSignals, formatSeconds, print, printJson, tell } from '../terminal.ts';
import { homeOf, parseDuration, parseNumber, parsePositive } from './options.ts';

interface RoundOptions {
  readonly state?: string;
  readonly patterns?: string;
  readonly nats?: string;
  readonly listen?: string;
  readonly privacy: 'on' | 'off';
  readonly epsilon?: number;
  readonly epsilonPerDay?: number;
  readonly maturity?: number;
  readonly resend?: number;
  readonly batch?: number;
  readonly minInterval?: number;
  readonly maxInterval?: number;
  readonly json?: boolean;
}

const LEAST_INTERVAL_MS = 60_000;
const MOST_INTERVAL_MS = 3_600_000;

/** Adds `run` and `serve` to `dag sync`. */
export function addDagSyncRounds(sync: Command): void {
  addRound(sync, 'run', 'one round: fetch, release what is mature and the budget holds, hand over what waits')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag sync run --nats nats://127.0.0.1:4222')
    .action(runOnce);
  addRound(
    sync,
    'serve',
    'rounds every minute to every hour, sooner with news and later without; Ctrl-C ends it',
  )
    .option('--min-interval <duration>', 'shortest pause, from 1m (default: 1m)', parseDuration)
    .option('--max-interval <duration>', 'longest pause, up to 1h (default: 1h)', parseDuration)
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag sync serve --listen tcp://127.0.0.1:7741')
    .action(serve);
}

function addRound(sync: Command, name: string, description: string): Command {
  return sync
    .command(name)
    .description(description)
    .option(
      '--state <file>',
      'share the votes of this state file of `dag steer` (default: of all in the home)',
    )
    .option('--patterns <file>', 'share the patterns of this JSON file: docs/steer.md')
    .addOption(
      new Option('--nats <url>', 'fetch from and hand over to this NATS server with JetStream').env(
        'RUVECTOR_SYNC_NATS',
      ),
    )
    .option('--listen <endpoint>', 'take bundles over ZeroMQ here, tcp://address:port')
    .addOption(
      new Option('--privacy <mode>', 'off shares exact values, for hosts of one owner')
        .choices(['on', 'off'])
        .default('on'),
    )
    .option('--epsilon <number>', 'epsilon of one pattern (default: 1)', parsePositive)
    .option('--epsilon-per-day <number>', 'epsilon of all patterns of a day (default: 8)', parseNumber)
    .option(
      '--maturity <duration>',
      'how long a pattern is known before it leaves (default: 5m)',
      parseDuration,
    )
    .option('--resend <duration>', 'how long before a pattern leaves again (default: 24h)', parseDuration)
    .option('--batch <count>', 'patterns of a round (default: 100)', parsePositive)
    .option('--json', 'print JSON');
}

async function runOnce(options: RoundOptions, self: Command): Promise<void> {
  await using running = await openRounds(options, self);
  const { sync, transports, readPatterns } = running;
  const round = await sync.runOnce(await readPatterns(), transports);
  if (options.json) printJson(toPlain(round));
  else print(renderRound(round));
  // What the budget holds back is said as an error only where nothing else could leave.
  if (round.budgetError && round.released === 0) throw round.budgetError;
  if (round.failures.length > 0) process.exitCode = 1;
}

async function serve(options: RoundOptions, self: Command): Promise<void> {
  const bounds = readIntervals(options);
  await using running = await openRounds(options, self);
  using stop = abortOnSignals();
  if (running.address !== null) tell(`listening on ${running.address}`);
  await serveSync(running.sync, {
    ...bounds,
    transports: running.transports,
    signal: stop.signal,
    readPatterns: running.readPatterns,
    onRound: (round, pauseMs) => {
      if (options.json) process.stdout.write(`${JSON.stringify({ ...toPlain(round), pauseMs })}\n`);
      else print(`${renderRound(round)}; next in ${formatSeconds(pauseMs / 1000)}`);
    },
  });
}

/** @throws RuvectorError `ERR_APP_CONFIG` */
function readIntervals(options: RoundOptions): {
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
} {
  const { minInterval: min = LEAST_INTERVAL_MS, maxInterval: max = MOST_INTERVAL_MS } = options;
  if (min < LEAST_INTERVAL_MS || max > MOST_INTERVAL_MS || min > max)
    throw configError(['--min-interval and --max-interval are from 1m to 1h, the first the shorter one']);
  return { minIntervalMs: min, maxIntervalMs: max };
}

interface OpenRounds extends AsyncDisposable {
  readonly sync: PatternSync;
  readonly transports: readonly SyncTransport[];
  readonly readPatterns: () => Promise<LocalPattern[]>;
  /** Where it listens, null where it does not. */
  readonly address: string | null;
}

async function openRounds(options: RoundOptions, self: Command): Promise<OpenRounds> {
  const home = homeOf(self);
  makeHome(home);
  await using stack = new AsyncDisposableStack();
  const sync = stack.use(await openPatternSync({ folder: syncFolderOf(home), ...readSyncOptions(options) }));
  const transports: SyncTransport[] = [];
  if (options.nats !== undefined)
    transports.push(
      stack.use(createNatsTransport({ url: options.nats, fingerprint: sync.keys.card.fingerprint })),
    );
  const listen = options.listen ?? null;
  const direct = stack.use(await openZmqTransport({ listen, take: (bundle) => sync.take(bundle) }));
  transports.push(direct);
  const ending = stack.move();
  return {
    sync,
    transports,
    readPatterns: () => readLocalPatterns({ home, state: options.state, patterns: options.patterns }),
    address: listen === null ? null : direct.address,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

function readSyncOptions(options: RoundOptions): Omit<PatternSyncOptions, 'folder' | 'nowMs'> {
  const { privacy, epsilon, epsilonPerDay, maturity, resend, batch } = options;
  return {
    privacy:
      privacy === 'off'
        ? 'off'
        : {
            ...(epsilon !== undefined && { epsilonPerVote: epsilon, epsilonPerVector: epsilon }),
            ...(epsilonPerDay !== undefined && { epsilonPerDay }),
          },
    ...(maturity !== undefined && { maturityMs: maturity }),
    ...(resend !== undefined && { resendMs: resend }),
    ...(batch !== undefined && { batchLimit: batch }),
  };
}

function toPlain({ budgetError, ...round }: SyncRound): object {
  return { ...round, budgetError: budgetError && `${budgetError.code}: ${budgetError.message}` };
}

function renderRound({
  released,
  heldByBudget,
  delivered,
  waiting,
  taken,
  refused,
  failures,
}: SyncRound): string {
  const held = heldByBudget > 0 ? `, ${heldByBudget} held back by the budget of the day` : '';
  const parts = [
    `released ${released} patterns${held}`,
    `${delivered} bundles handed over, ${waiting} wait`,
    `${taken} taken, ${refused} refused`,
    ...failures,
  ];
  return parts.join('; ');
}
