// Where the bridge listens: ipc paths short enough for a socket address, or TCP on loopback only.
import { chmod, lstat, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../files/index.ts';
import { bindError, foreignEndpointError, socketPathError, tcpEndpointError } from './errors.ts';

/** sockaddr_un.sun_path holds 108 bytes with its final zero (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 107;
const MAX_PORT = 65_535;

/** The two addresses of a bridge. */
export interface Endpoints {
  /** Requests and replies. */
  readonly control: string;
  /** Streams of record batches. */
  readonly data: string;
}

/** Endpoints and the directory that was made for them, removed by `dispose`. */
export interface OwnedEndpoints extends Endpoints {
  dispose(): Promise<void>;
}

/**
 * Creates ipc endpoints in `runDir` (mode 0700), or in a short 0700 directory under the temporary
 * directory when `runDir` is too long for a socket address.
 */
export async function createIpcEndpoints(runDir: string): Promise<OwnedEndpoints> {
  await makeFolder(runDir, 0o700);
  if (Buffer.byteLength(join(runDir, 'control.sock')) <= MAX_SOCKET_PATH_BYTES) {
    return { ...ipcEndpointsIn(runDir), dispose: () => removeSockets(runDir) };
  }
  const shortDir = await mkdtemp(join(tmpdir(), 'ruvector-'));
  return {
    ...ipcEndpointsIn(shortDir),
    dispose: () => rm(shortDir, { recursive: true, force: true }),
  };
}

/** ZeroMQ leaves its socket files behind. */
async function removeSockets(directory: string): Promise<void> {
  for (const name of ['control.sock', 'data.sock']) await rm(join(directory, name), { force: true });
}

function ipcEndpointsIn(directory: string): Endpoints {
  return {
    control: `ipc://${join(directory, 'control.sock')}`,
    data: `ipc://${join(directory, 'data.sock')}`,
  };
}

/**
 * Checks that an endpoint cannot be reached from another machine.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`
 */
export function assertLocalEndpoint(endpoint: string): void {
  const path = ipcPathOf(endpoint);
  if (path !== undefined) {
    assertSocketPath(path);
    return;
  }
  if (/^tcp:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\]):(\d+|\*)$/.test(endpoint)) return;
  throw foreignEndpointError(endpoint);
}

/** A TCP address as text. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `tcp://host:port`, of this or of another machine; port 0 takes a free one.
 * @throws RuvectorError `ERR_WIRE_ENDPOINT`
 */
export function parseTcpEndpoint(endpoint: string): TcpAddress {
  const [, host, digits] = /^tcp:\/\/([\w.-]+|\[[0-9a-f:]+\]):(\d{1,5})\/?$/i.exec(endpoint) ?? [];
  const port = Number(digits);
  if (host !== undefined && port <= MAX_PORT) return { host, port };
  throw tcpEndpointError(endpoint);
}

/** True for an address that only this machine reaches. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

function assertSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw socketPathError(path, bytes, MAX_SOCKET_PATH_BYTES);
}

/**
 * Listens at an endpoint; at the path of an ipc endpoint for its owner only, and in place of a socket that a killed process
 * left. ZeroMQ itself would remove whatever stands there.
 * @param bind listens
 * @throws RuvectorError `ERR_WIRE_ENDPOINT` when somebody listens at the path, or what stands there is no socket; what
 *   `bind` throws
 */
export async function bindEndpoint(
  endpoint: string,
  bind: (endpoint: string) => Promise<void>,
): Promise<void> {
  const path = ipcPathOf(endpoint);
  if (path === undefined) return bind(endpoint);
  await clearPath(endpoint, path);
  await bind(endpoint);
  await chmod(path, 0o600);
}

async function clearPath(endpoint: string, path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (!found) return;
  if (!found.isSocket()) throw bindError(endpoint, 'something else has that name');
  if (await isListening(path)) throw bindError(endpoint, 'something listens there');
  await rm(path, { force: true });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}

/** The path of an ipc endpoint, undefined for another one. */
export function ipcPathOf(endpoint: string): string | undefined {
  return /^ipc:\/\/(.+)$/s.exec(endpoint)?.[1];
}
