// `dag sync`: keys and peers of pattern sync, rounds by hand or for good, what waits and what was spent.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { adviseOnReading } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { addPeer, formatCard, openPatternSync, parseCard, readPeers, removePeer } from '../../steer/index.ts';
import type { LedgerDay, PatternSync, SyncStatus } from '../../steer/index.ts';
import { configError } from '../errors.ts';
import { makeHome } from '../home.ts';
import { syncFolderOf } from '../steer/state-paths.ts';
import { formatRows, print, printJson } from '../terminal.ts';
import { addDagSyncRounds } from './dag-sync-rounds.ts';
import { homeOf } from './options.ts';

const examples = `
Examples:
  $ ruvector-memopt dag sync keys > card.txt
  $ ruvector-memopt dag sync peers add berlin berlin-card.txt --endpoint tcp://10.0.0.7:7741
  $ ruvector-memopt dag sync serve --listen tcp://10.0.0.5:7741
  $ ruvector-memopt dag sync ledger`;

interface JsonOption {
  readonly json?: boolean;
}

/** Adds `sync` to `dag`. */
export function addDagSync(dag: Command): void {
  const sync = dag
    .command('sync')
    .description(
      'share which arm is fastest with hosts whose cards are pinned here, hidden, sealed and signed',
    )
    .addHelpText('after', examples);
  addKeys(sync);
  addPeers(sync);
  addDagSyncRounds(sync);
  addShow(sync, 'status', 'who the peers are, what waits, what came', (found) => renderStatus(found));
  addShow(sync, 'ledger', 'what was spent of the privacy budget, day by day', ({ days }) =>
    renderLedger(days),
  );
}

function addKeys(sync: Command): void {
  sync
    .command('keys')
    .description(
      'print the card of this host, and its fingerprint on standard error; makes the keys when there are none',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag sync keys > card.txt')
    .action(async ({ json }: JsonOption, self: Command) => {
      using opened = await openSync(homeOf(self));
      const { card } = opened.keys;
      if (json) {
        printJson({ fingerprint: card.fingerprint, card: formatCard(card) });
        return;
      }
      process.stderr.write(`fingerprint ${card.fingerprint}\n`);
      print(formatCard(card));
    });
}

interface AddOptions extends JsonOption {
  readonly endpoint?: string;
  readonly fingerprint?: string;
}

function addPeers(sync: Command): void {
  const peers = sync
    .command('peers')
    .description('hosts that are listened to, by the card that each of them printed')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag sync peers list');
  peers
    .command('add <name> <card>')
    .description('pin a host by the file its card is in; "-" reads standard input')
    .option('--endpoint <endpoint>', 'where it listens over ZeroMQ, tcp://host:port')
    .option('--fingerprint <hex>', 'refuse the card unless it has this fingerprint')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt dag sync peers add berlin berlin-card.txt --endpoint tcp://10.0.0.7:7741',
    )
    .action(async (name: string, path: string, options: AddOptions, self: Command) => {
      const card = parseCard(await readCard(path));
      const { fingerprint } = card;
      if (options.fingerprint !== undefined && options.fingerprint.toLowerCase() !== fingerprint)
        throw configError([`the card of "${path}" has the fingerprint ${fingerprint}`]);
      using opened = await openSync(homeOf(self));
      await addPeer(opened.peersFile, { name, card, endpoint: options.endpoint ?? null });
      if (options.json) printJson({ name, fingerprint });
      else
        print(
          `${name} is pinned. Compare its fingerprint with what \`dag sync keys\` says there:\n${fingerprint}`,
        );
    });
  peers
    .command('list')
    .description('list pinned hosts')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag sync peers list')
    .action(async ({ json }: JsonOption, self: Command) => {
      const found = (await readPeers(join(syncFolderOf(homeOf(self)), 'peers.json'))).map(
        ({ name, card, endpoint }) => ({ name, fingerprint: card.fingerprint, endpoint }),
      );
      if (json) printJson(found);
      else if (found.length === 0) print('No peers; `dag sync peers add` pins one.');
      else
        print(
          formatRows(
            found.map(({ name, fingerprint, endpoint }) => [name, `${fingerprint}  ${endpoint ?? ''}`]),
          ),
        );
    });
  peers
    .command('remove <name>')
    .description('stop listening to a host, named or by its fingerprint; what it said is dropped')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag sync peers remove berlin')
    .action(async (named: string, { json }: JsonOption, self: Command) => {
      using opened = await openSync(homeOf(self));
      const peer = await removePeer(opened.peersFile, named);
      opened.forget(peer);
      if (json) printJson({ name: peer.name, fingerprint: peer.card.fingerprint });
      else print(`${peer.name} is removed, and what it said is dropped.`);
    });
}

async function readCard(path: string): Promise<string> {
  try {
    return path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw configError([`the card "${path}" cannot be read: ${adviseOnReading(error).state}`]);
  }
}

function addShow(
  sync: Command,
  name: string,
  description: string,
  render: (status: SyncStatus) => string,
): void {
  sync
    .command(name)
    .description(description)
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  $ ruvector-memopt dag sync ${name}`)
    .action(async ({ json }: JsonOption, self: Command) => {
      using opened = await openSync(homeOf(self));
      const status = await opened.status();
      if (json) printJson(name === 'ledger' ? status.days : status);
      else print(render(status));
    });
}

function openSync(home: Home): Promise<PatternSync> {
  makeHome(home);
  return openPatternSync({ folder: syncFolderOf(home) });
}

function renderStatus({ fingerprint, peers, patterns, days }: SyncStatus): string {
  const rows: (readonly [string, string])[] = [
    ['fingerprint', fingerprint],
    ['patterns of peers', String(patterns)],
    ['spent', days[0] ? `epsilon ${days[0].epsilon} on ${days[0].day}` : 'nothing'],
    ...peers.map(
      ({ name, waiting, taken, accepted, rejected, isMuted }) =>
        [
          `peer ${name}`,
          `${waiting} bundles wait, ${taken} came, ${accepted} proposals accepted, ${rejected} rejected${isMuted ? ', muted' : ''}`,
        ] as const,
    ),
  ];
  return formatRows(rows);
}

function renderLedger(days: readonly LedgerDay[]): string {
  if (days.length === 0) return 'Nothing was spent.';
  return formatRows(
    days.map(({ day, epsilon, delta, patterns, releases }) => [
      day,
      `epsilon ${epsilon}, delta ${delta}, ${patterns} patterns in ${releases} releases`,
    ]),
  );
}
