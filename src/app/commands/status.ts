// `status`: what runs on this home; `--watch` redraws every second.
import { connectDaemon } from '../../bridge/index.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Outcome } from '../../optimize/index.ts';
import { describeTasks } from '../models/task-texts.ts';
import { describeRetention } from '../host/retention-text.ts';
import { describeOutlets } from '../serve/outlets-status.ts';
import type { HostStatus } from '../host/status-types.ts';
import {
  abortOnSignals,
  formatBytes,
  countNoun,
  formatRows,
  formatSeconds,
  print,
  printJson,
} from '../terminal.ts';
import { homeOf } from './options.ts';

/** Adds the command. */
export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show what a running host does: rate, history, live model, last decision and outcome')
    .option('--watch', 'redraw every second until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt status --watch')
    .action(async (options: { watch?: boolean; json?: boolean }, command: Command) => {
      await using client = await connectDaemon(homeOf(command).bridgeFile);
      const read = async (): Promise<HostStatus> => (await client.request('status')).result as HostStatus;
      if (options.watch) await watch(read);
      else if (options.json) printJson(await read());
      else print(renderStatus(await read()));
    });
}

async function watch(read: () => Promise<HostStatus>): Promise<void> {
  using stop = abortOnSignals();
  while (!stop.signal.aborted) {
    const text = renderStatus(await read());
    print(process.stdout.isTTY ? `\u001B[2J\u001B[H${text}` : `${text}\n`);
    await sleep(1000, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

/** The status as a page of text. */
export function renderStatus(status: HostStatus): string {
  const rows: [string, string][] = [
    ['host', `pid ${status.pid}, up ${formatSeconds(status.uptimeSeconds)}, home ${status.home}`],
    ['sampling', describeSampling(status)],
    ...describeBadColumns(status),
    ['memory', describeMemory(status)],
    ['own memory', describeOwn(status)],
    ...Object.entries(status.history.kinds).map(([kind, stats]): [string, string] => [
      `history ${kind}`,
      `${stats.rows} rows, ${formatBytes(stats.sealedBytes)} sealed in ${stats.segments} segments, ` +
        `${formatBytes(stats.walBytes)} in the log`,
    ]),
    ...describeRetention(status),
    ...describeHistoryHealth(status),
    ['model', describeModel(status)],
    ...describeLastDeployment(status),
    ['training', describeTraining(status)],
    ['samples', describeSamples(status)],
    ['decisions', describeDecisions(status)],
    ['last decision', describeLast(status)],
    ...describeTasks(status.tasks),
    ['last outcome', describeOutcome(status)],
    ['gain and cost', describeBalance(status)],
    [
      'bridge',
      `${countNoun(status.bridge.clients, 'client')}, ${countNoun(status.bridge.openStreams, 'stream')}; batches by "${status.bridge.sharedMemory.transport}"`,
    ],
    ...describeRemote(status.remote),
    ...describeOutlets(status.outlets),
    ...describeTrouble(status),
  ];
  return formatRows(rows);
}

function describeRemote(remote: HostStatus['remote']): [string, string][] {
  if (!remote) return [];
  const { endpoint, trust, allowedClients, bridge } = remote;
  const { clients, unknownKeys, refused, tampered, replayed, malformed } = bridge;
  const who = allowedClients === null ? 'by token' : `${allowedClients} keys allowed`;
  const how = trust === 'none' ? 'encrypted' : `unencrypted: ${trust}`;
  const refusals = `${unknownKeys} unknown keys, ${refused} unauthenticated, ${tampered} tampered, ${replayed} replayed, ${malformed} malformed`;
  return [['other hosts', `${endpoint}, ${how}, ${who}, ${clients} connected; refused: ${refusals}`]];
}

function describeSampling({ config, samples, missed, skipped, health }: HostStatus): string {
  const failing = health.filter((part) => part.success === 0);
  const { count, last } = skipped;
  const why =
    last && `, the last at ${new Date(last.timestamp).toISOString()} (${last.stage}): ${last.reason}`;
  return (
    `${config.hz} Hz, ${samples} samples, ${missed} missed, ${count} skipped${why ?? ''}` +
    failing.map((part) => `; ${part.name} failing: ${part.lastError}`).join('')
  );
}

/** Columns that hold null because their values could not be used. */
function describeBadColumns({ health }: HostStatus): [string, string][] {
  return health.flatMap(({ name, badColumns }) =>
    badColumns.map(({ column, count, lastText }): [string, string] => [
      `null ${column}`,
      `${count} unusable values from ${name}, the last ${JSON.stringify(lastText)}`,
    ]),
  );
}

/** Only what should not be: errors that nobody caught, and lines of the log that could not be written. */
function describeTrouble({ faults, log }: HostStatus): [string, string][] {
  const count = faults.uncaughtErrors + faults.unhandledRejections;
  return [
    ...(count > 0
      ? [['unexpected', `${count} errors that nobody caught, last: ${faults.last}`] as [string, string]]
      : []),
    ...(log.lost > 0 ? [['log', `${log.lost} lines could not be written`] as [string, string]] : []),
  ];
}

function describeMemory({ memory }: HostStatus): string {
  if (!memory) return 'not sampled yet';
  return `${formatBytes(memory.availableKib * 1024)} of ${formatBytes(memory.totalKib * 1024)} available`;
}

function describeOwn({ memory }: HostStatus): string {
  if (!memory) return 'not sampled yet';
  const { own, paysOff } = memory;
  const shared = own.pssKib === null ? '' : `, ${formatBytes(own.pssKib * 1024)} of it its own share`;
  return `${formatBytes(own.rssKib * 1024)}${shared}; ${paysOff.reason}`;
}

function describeHistoryHealth({ historyHealth }: HostStatus): [string, string][] {
  const { problem, sinceMs, pendingRows, droppedRows } = historyHealth;
  const dropped = droppedRows > 0 ? `${formatRowCount(droppedRows)} given up` : '';
  if (problem === null) return dropped === '' ? [] : [['history', dropped]];
  const seconds = (Date.now() - (sinceMs ?? Date.now())) / 1000;
  const waiting = `${formatRowCount(pendingRows)} waiting${dropped && `, ${dropped}`}`;
  return [
    ['history', `NOT WRITTEN for ${formatSeconds(seconds)}: ${waiting}; ${problem.code}: ${problem.message}`],
  ];
}

const formatRowCount = (rows: number): string => `${rows} row${rows === 1 ? '' : 's'}`;

function describeModel(status: HostStatus): string {
  const { aliasesBehind } = status.model;
  const behind = aliasesBehind && `; on disk still ${aliasesBehind.onDisk}: ${aliasesBehind.reason}`;
  return `${describeLive(status)}${behind ?? ''}`;
}

function describeLive({ model: { live, isBaseline } }: HostStatus): string {
  if (live === null) return 'none yet: decisions follow the rule (run `ruvector-memopt train`)';
  return isBaseline ? `${live}, the rule (\`ruvector-memopt train\` makes a model of this host)` : live;
}

function describeLastDeployment({ model: { lastDeployment } }: HostStatus): [string, string][] {
  if (lastDeployment === null) return [];
  const { reference, isLive, reason } = lastDeployment;
  return [[isLive ? 'went live' : 'candidate', `${reference}: ${reason}`]];
}

function describeTraining({ training }: HostStatus): string {
  if (training.running) return 'running';
  return training.lastError
    ? `last one failed: ${training.lastError}`
    : (training.lastModel ?? 'none since start');
}

function describeSamples({ trainingSamples }: HostStatus): string {
  const { count, samplesSinceTrained, retrainThreshold, feedback, lastError } = trainingSamples;
  const due = retrainThreshold > 0 ? ` of ${retrainThreshold}` : '';
  const wrong =
    feedback?.errorRate == null
      ? ''
      : `, ${(100 * feedback.errorRate).toFixed(0)} % of the last ${feedback.windowCount} decisions missed the label seen later`;
  const failure = lastError === null ? '' : `; not written: ${lastError}`;
  return `${count}, ${samplesSinceTrained}${due} since the last training${wrong}${failure}`;
}

function describeDecisions({ decisions, acting }: HostStatus): string {
  const latency =
    decisions.p50Us === null
      ? ''
      : `, p50 ${decisions.p50Us.toFixed(0)} µs, p99 ${decisions.p99Us?.toFixed(0)} µs`;
  return `${decisions.decisions} (${decisions.failures} failed)${latency}, ${decisions.actions} actions, ${acting ? 'acting' : 'dry run'}`;
}

function describeLast({ decisions: { lastDecision } }: HostStatus): string {
  if (!lastDecision) return 'none yet';
  const refusals = lastDecision.refusals
    .map((refusal) => `; held back by ${refusal.rule}: ${refusal.reason}`)
    .join('');
  return `${lastDecision.label} by ${lastDecision.modelVersion ?? 'the rule'}, ${lastDecision.mode}${refusals}`;
}

function describeOutcome({ decisions: { lastOutcome } }: HostStatus): string {
  if (!lastOutcome) return 'no action yet';
  const { freedKib, takenKib, error, windowMs } = lastOutcome;
  if (freedKib === null) return `freed: unknown (${error})`;
  return `${kib(freedKib)} of ${kib(takenKib)} taken were free after ${(windowMs / 1000).toFixed(1)} s${crossCheck(lastOutcome)}`;
}

function crossCheck({ hostFreedKib, hostNoiseKib }: Outcome): string {
  return hostFreedKib === null
    ? ''
    : `; the host's own figures say ${kib(hostFreedKib)} ± ${kib(hostNoiseKib ?? 0)}`;
}

/** Gain and cost of all actions together. */
function describeBalance({ decisions: { outcomes, ownRefaults } }: HostStatus): string {
  if (outcomes.actions === 0) return 'nothing taken yet';
  const unknown = outcomes.unknown > 0 ? ` (${outcomes.unknown} of ${outcomes.actions} unknown)` : '';
  const pages = ownRefaults.filePages + ownRefaults.anonPages;
  return (
    `freed ${kib(outcomes.freedKib)} of ${kib(outcomes.takenKib)} taken in ${outcomes.actions} actions${unknown}; ` +
    `${pages} pages came back since, ${(outcomes.stallUs / 1000).toFixed(0)} ms waited within the windows`
  );
}

const kib = (size: number): string => formatBytes(size * 1024);
