// A connection to NATS: addresses, credentials and certificates as a user names them, and errors that say which of them
// is wrong. The official client does the rest. https://github.com/nats-io/nats.js
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type * as NatsClient from '@nats-io/transport-node';
import type { Authenticator, ConnectionOptions, NatsConnection, TlsOptions } from '@nats-io/transport-node';
import { adviseOn, isRuvectorError, systemCodeOf } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import type { NatsUrl } from '../sockets/index.ts';
import { maskUrl, parseNatsUrl } from '../sockets/index.ts';
import {
  credentialsError,
  fleetOptionError,
  refusedAccessError,
  tlsError,
  unreachableError,
} from './errors.ts';

/** Where the servers are and who asks. */
export interface NatsAccess {
  /** `nats://host:4222` or `tls://…`; several servers of one cluster with commas between them. */
  readonly servers: string;
  /** File of a JWT with its seed (`.creds`), or of an NKEY seed alone. */
  readonly credentials?: string | undefined;
  /** File of the authorities that are trusted. @default those of Node */
  readonly ca?: string | undefined;
  /** File of this client's certificate. */
  readonly cert?: string | undefined;
  /** File of the key of that certificate. */
  readonly key?: string | undefined;
  /** How long a server is waited for. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

/** How a connection lives. */
export interface ConnectionLife {
  /** Shown by the server. */
  readonly name: string;
  /** True comes back by itself for ever. @default false */
  readonly reconnects?: boolean;
}

export const DEFAULT_TIMEOUT_MS = 5000;
/** A peer that was stopped in its tracks keeps its sockets open: it is asked, and given up after two of these. */
const PING_MS = 5000;

/**
 * Connects.
 * @throws RuvectorError `ERR_FLEET_OPTION`, `ERR_FLEET_CREDENTIALS`, `ERR_FLEET_AUTH`, `ERR_FLEET_TLS`, `ERR_FLEET_UNREACHABLE`
 */
export async function connectNats(access: NatsAccess, life: ConnectionLife): Promise<NatsConnection> {
  const options = await readConnectionOptions(access);
  const { connect } = await import('@nats-io/transport-node');
  try {
    return await connect({
      ...options,
      name: life.name,
      reconnect: life.reconnects ?? false,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      pingInterval: PING_MS,
      maxPingOut: 2,
    });
  } catch (error) {
    throw natsError(access.servers, error);
  }
}

/** @throws RuvectorError `ERR_FLEET_OPTION` when a text names no servers */
export function checkServers(servers: string): void {
  for (const text of servers.split(',')) {
    if (!parseNatsUrl(text))
      throw fleetOptionError('servers', `"${maskUrl(text)}"`, 'nats://host:4222 or tls://host:4222');
  }
}

async function readConnectionOptions(access: NatsAccess): Promise<ConnectionOptions> {
  checkServers(access.servers);
  const urls = access.servers.split(',').map((text) => parseNatsUrl(text)!);
  const { user, pass, token } = urls[0]!;
  const { ca, cert, key } = access;
  if ((cert === undefined) !== (key === undefined))
    throw fleetOptionError('cert', cert ?? 'left out', 'both cert and key, or neither');
  const isEncrypted = ca !== undefined || cert !== undefined || urls.some((url) => url.isEncrypted);
  return {
    servers: urls.map(({ server }) => server),
    timeout: access.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    ...(user !== undefined && { user }),
    ...(pass !== undefined && { pass }),
    ...(token !== undefined && { token }),
    ...(isEncrypted && {
      // Handed on to Node, which knows more options than the client's type.
      tls: {
        ...(await readTls({ ca, cert, key })),
        checkServerIdentity: toIdentityCheck(urls),
      } as TlsOptions,
    }),
    ...(access.credentials !== undefined && { authenticator: await readAuthenticator(access.credentials) }),
  };
}

/**
 * The client names no server whose address is a number, and Node then looks for "localhost" in its certificate: what the
 * user wrote is looked for instead.
 */
function toIdentityCheck(urls: readonly NatsUrl[]): typeof checkServerIdentity {
  const hosts = urls.map(({ server }) => new URL(server).hostname.replace(/^\[|\]$/g, ''));
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return (host, certificate) => {
    const names = host === 'localhost' && addresses.length > 0 ? addresses : [host];
    const flaws = names.map((name) => checkServerIdentity(name, certificate));
    return flaws.includes(undefined) ? undefined : flaws[0];
  };
}

async function readTls(paths: Record<'ca' | 'cert' | 'key', string | undefined>): Promise<object> {
  const entries = Object.entries(paths).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, path]) => [name, (await readSecret(path)).toString()])),
  ) as object;
}

/** Read again for every connection: who was renewed meanwhile comes back with what the file holds by then. */
async function readAuthenticator(path: string): Promise<Authenticator> {
  const client = await import('@nats-io/transport-node');
  let known = buildAuthenticator(path, await readSecret(path), client);
  return (nonce) => {
    try {
      known = buildAuthenticator(path, readFileSync(path), client);
    } catch {
      // The server says whether what was known still serves.
    }
    return known(nonce);
  };
}

function buildAuthenticator(
  path: string,
  bytes: Buffer,
  { credsAuthenticator, nkeyAuthenticator }: typeof NatsClient,
): Authenticator {
  const text = bytes.toString().trim();
  if (text.includes('BEGIN NATS USER JWT')) return credsAuthenticator(bytes);
  const seed = /^S[A-Z][A-Z2-7]{56}$/m.exec(text);
  if (!seed)
    throw credentialsError(
      path,
      'it holds neither a JWT with its seed nor an NKEY seed',
      'give the file that `nsc generate creds` or `nk -gen user` wrote',
    );
  return nkeyAuthenticator(Buffer.from(seed[0]));
}

async function readSecret(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { state, nextStep } = adviseOn(cause);
    throw credentialsError(path, state, nextStep, cause);
  }
}

const ACCESS_ERRORS = new Set([
  'AuthorizationError',
  'UserAuthenticationExpiredError',
  'PermissionViolationError',
]);
const TLS_TEXT = /certificate|TLS|SSL|altname/i;

/** What the client threw, as what a user can act on. */
export function natsError(servers: string, error: unknown): RuvectorError {
  if (isRuvectorError(error)) return error;
  const masked = maskUrl(servers);
  for (const cause of causesOf(error)) {
    if (ACCESS_ERRORS.has(cause.name)) return refusedAccessError(masked, cause);
    const isTls = TLS_TEXT.test(`${systemCodeOf(cause) ?? ''} ${cause.message}`);
    if (isTls) return tlsError(masked, cause);
  }
  return unreachableError(masked, error);
}

/** Whether it is JetStream that a server, or this account of it, lacks. */
export const isWithoutJetStream = (error: unknown): boolean =>
  causesOf(error).some(({ name, message }) => /jetstream.*not enabled/i.test(`${name} ${message}`));

function causesOf(error: unknown): Error[] {
  const found: Error[] = [];
  for (let cause = error; cause instanceof Error && found.length < 8; cause = cause.cause) found.push(cause);
  return found;
}
