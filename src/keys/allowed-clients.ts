// <home>/keys/clients.json: whose keys a daemon takes. Changed by `keys allow` and `keys revoke`, read by the daemon
// again as soon as it has changed; what cannot be read allows nobody.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, systemCodeOf } from '../core/index.ts';
import { makeFolder, writeDurably } from '../files/index.ts';
import { badKeyFileError, keyFileSystemError, keyNameError, notAKeyError } from './errors.ts';
import { assertKeyName } from './key-file.ts';
import { isKey } from './key-pair.ts';

/** A client's key. */
export interface AllowedClient {
  readonly name: string;
  readonly publicKey: string;
  /** Time as ISO 8601. */
  readonly allowedAt: string;
  /** Null while it is allowed. */
  readonly revokedAt: string | null;
}

const CHECK_MS = 500;

/** Where the list of a folder of keys is. */
export const clientsPath = (folder: string): string => join(folder, 'clients.json');

/** All that were ever allowed; none without a file. @throws RuvectorError `ERR_KEYS_FILE` */
export function readClients(folder: string): AllowedClient[] {
  const path = clientsPath(folder);
  const text = readIfThere(path);
  return text === null ? [] : parseClients(path, text);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw keyFileSystemError(path, error);
  }
}

function parseClients(path: string, text: string): AllowedClient[] {
  const next = 'correct it, or remove it and allow the keys again';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw badKeyFileError(path, 'it is not JSON', next, error);
  }
  const { clients } = Object(parsed) as { clients?: unknown };
  if (Array.isArray(clients) && clients.every((client: AllowedClient) => isKey(client?.publicKey)))
    return clients as AllowedClient[];
  throw badKeyFileError(path, 'it is no list of clients', next);
}

/**
 * Allows a key under a name.
 * @throws RuvectorError `ERR_KEYS_NAME` when another key has it, `ERR_KEYS_KEY`, `ERR_KEYS_FILE`
 */
export async function allowClient(folder: string, name: string, publicKey: string): Promise<AllowedClient> {
  assertKeyName(name);
  if (!isKey(publicKey)) throw notAKeyError(publicKey);
  const clients = readClients(folder);
  const others = clients.filter((client) => client.publicKey !== publicKey);
  if (others.some((client) => client.name === name && client.revokedAt === null))
    throw keyNameError(name, 'another key has it', 'choose another name, or revoke that key first');
  const client = { name, publicKey, allowedAt: new Date().toISOString(), revokedAt: null };
  await writeClients(folder, [...others, client]);
  return client;
}

/**
 * Revokes the key of a name, or the key itself: connections that use it end within a second.
 * @throws RuvectorError `ERR_KEYS_NAME` when no allowed key has it, `ERR_KEYS_FILE`
 */
export async function revokeClient(folder: string, nameOrKey: string): Promise<AllowedClient> {
  const clients = readClients(folder);
  const found = clients.find(
    ({ name, publicKey, revokedAt }) => revokedAt === null && (name === nameOrKey || publicKey === nameOrKey),
  );
  if (!found)
    throw keyNameError(nameOrKey, 'no allowed key has it', 'see the names with `ruvector-memopt keys list`');
  const revoked = { ...found, revokedAt: new Date().toISOString() };
  await writeClients(
    folder,
    clients.map((client) => (client === found ? revoked : client)),
  );
  return revoked;
}

async function writeClients(folder: string, clients: readonly AllowedClient[]): Promise<void> {
  const path = clientsPath(folder);
  try {
    await makeFolder(dirname(path), 0o700);
    await writeDurably(path, `${JSON.stringify({ clients }, null, 2)}\n`);
  } catch (error) {
    throw keyFileSystemError(path, error);
  }
}

/** The list as a daemon follows it. */
export interface ClientAllowList extends Disposable {
  /** Name of an allowed key, null for any other. */
  nameOf(publicKey: string): string | null;
  /** How many are allowed now. */
  readonly size: number;
  /** Called when the list has changed, at most half a second later. Must not throw. */
  onChange(listener: () => void): void;
}

/**
 * Follows the list of a folder.
 * @param onProblem told once each time that it cannot be read: nobody is allowed until it can
 */
export function followClients(folder: string, onProblem: (text: string) => void): ClientAllowList {
  const path = clientsPath(folder);
  const listeners: (() => void)[] = [];
  let names = new Map<string, string>();
  let stamp: string | null = null;
  const look = (): void => {
    const now = stampOf(path);
    if (now === stamp) return;
    stamp = now;
    names = new Map();
    try {
      for (const { name, publicKey, revokedAt } of readClients(folder))
        if (revokedAt === null) names.set(publicKey, name);
    } catch (error) {
      onProblem(`nobody is allowed from another host: ${messageOf(error)}`);
    }
    for (const listener of listeners) listener();
  };
  look();
  const timer = setInterval(look, CHECK_MS).unref();
  return {
    nameOf: (publicKey) => {
      look();
      return names.get(publicKey) ?? null;
    },
    get size() {
      look();
      return names.size;
    },
    onChange: (listener) => void listeners.push(listener),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Changes whenever the file does: each writer renames a new one into its place. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found ? `${found.ino}/${found.mtimeNs}/${found.size}` : 'none';
}
