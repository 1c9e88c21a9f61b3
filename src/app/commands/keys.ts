// `keys`: the daemon's key, keys of clients, and whom the daemon allows. Files only: a running daemon follows them.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  DAEMON_NAME,
  allowClient,
  createKeyFile,
  ensureNetworkToken,
  keyPath,
  readClients,
  readKeyFile,
  revokeClient,
} from '../../keys/index.ts';
import type { AllowedClient } from '../../keys/index.ts';
import type { Home } from '../../core/index.ts';
import { makeHome } from '../home.ts';
import { ensureDaemonKey } from '../remote/remote-bridge.ts';
import { formatRows, print, printJson } from '../terminal.ts';
import { homeOf } from './options.ts';

interface KeysOptions {
  json?: boolean;
  daemon?: string;
}

const HELP_AFTER = `
Examples, for a daemon on db1 and a client on laptop:
  db1$    ruvector-memopt keys list                        # makes the daemon's key, prints its public half
  laptop$ ruvector-memopt keys make laptop --daemon KEY    # prints the client's public half
  db1$    ruvector-memopt keys allow laptop KEY
  db1$    ruvector-memopt serve --listen tcp://0.0.0.0:7700
  laptop$ python -c 'import ruvector; print(ruvector.connect("tcp://db1:7700", key="laptop").status())'`;

/** Adds the command and its sub-commands. */
export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('keys by which clients of other hosts reach the daemon: make, list, allow, revoke')
    .addHelpText('after', HELP_AFTER);
  addMake(keys);
  addList(keys);
  addAllow(keys);
  addRevoke(keys);
  keys
    .command('token')
    .description(
      'the token of a trusted network and of streams that other hosts reach; made when there is none',
    )
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt keys token')
    .action(async (_options: KeysOptions, command: Command) => {
      print(await ensureNetworkToken(homeWithKeys(command).keys));
    });
}

function addMake(keys: Command): void {
  keys
    .command('make <name>')
    .description('make a key for a client on this host, and print its public half')
    .requiredOption('--daemon <key>', 'public key of the daemon that it is for, from `keys list` over there')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  $ ruvector-memopt keys make laptop --daemon ${'3f'.repeat(32)}`)
    .action(async (name: string, { daemon, json }: KeysOptions, command: Command) => {
      const folder = homeWithKeys(command).keys;
      const { publicKey } = await createKeyFile(folder, name, daemon ?? null);
      const file = keyPath(folder, name);
      if (json) printJson({ name, publicKey, file });
      else
        print(
          `${publicKey}\nkept in ${file}; on the daemon's host: ruvector-memopt keys allow ${name} ${publicKey}`,
        );
    });
}

function addList(keys: Command): void {
  keys
    .command('list')
    .description(
      "the daemon's public key, made when there is none, the keys of this host and the allowed ones",
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt keys list')
    .action(async ({ json }: KeysOptions, command: Command) => {
      const folder = homeWithKeys(command).keys;
      const { publicKey } = await ensureDaemonKey(folder);
      const own = await readOwnKeys(folder);
      const clients = readClients(folder);
      if (json) printJson({ daemon: publicKey, own, clients });
      else print(renderList(publicKey, own, clients));
    });
}

function addAllow(keys: Command): void {
  keys
    .command('allow <name> <key>')
    .description('allow the public key of a client; a running daemon takes it at once')
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  $ ruvector-memopt keys allow laptop ${'a1'.repeat(32)}`)
    .action(async (name: string, key: string, { json }: KeysOptions, command: Command) => {
      const client = await allowClient(homeWithKeys(command).keys, name, key);
      if (json) printJson(client);
      else print(`allowed ${client.name}: it may do whatever the owner of this home may through the daemon`);
    });
}

function addRevoke(keys: Command): void {
  keys
    .command('revoke <name>')
    .description('revoke a key by its name or itself: its connections end within a second')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt keys revoke laptop')
    .action(async (name: string, { json }: KeysOptions, command: Command) => {
      const client = await revokeClient(homeWithKeys(command).keys, name);
      if (json) printJson(client);
      else print(`revoked ${client.name}`);
    });
}

function homeWithKeys(command: Command): Home {
  const home = homeOf(command);
  makeHome(home);
  return home;
}

interface OwnKey {
  readonly name: string;
  readonly publicKey: string;
  readonly daemonKey: string | null;
}

/** Keys of clients in this home; secret halves stay where they are. */
async function readOwnKeys(folder: string): Promise<OwnKey[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder))
    .filter((file) => file.endsWith('.key') && file !== `${DAEMON_NAME}.key`)
    .map((file) => file.slice(0, -'.key'.length));
  const files = await Promise.all(names.toSorted().map((name) => readKeyFile(keyPath(folder, name))));
  return files.map(({ name, publicKey, daemonKey }) => ({ name, publicKey, daemonKey }));
}

function renderList(daemon: string, own: readonly OwnKey[], clients: readonly AllowedClient[]): string {
  return formatRows([
    ['daemon', daemon],
    ...own.map(({ name, publicKey, daemonKey }): [string, string] => [
      `own ${name}`,
      `${publicKey} for the daemon ${daemonKey}`,
    ]),
    ...clients.map(({ name, publicKey, allowedAt, revokedAt }): [string, string] => [
      name,
      `${publicKey} ${revokedAt === null ? `allowed ${allowedAt}` : `revoked ${revokedAt}`}`,
    ]),
  ]);
}
