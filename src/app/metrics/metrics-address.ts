// Where the page of metrics listens. This machine only, unless somebody says why not.
import { configError } from '../errors.ts';

/** A parsed `--metrics`. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
  /** Why other machines may read it; null on loopback. */
  readonly remoteReason: string | null;
}

const MAX_PORT = 65_535;

/**
 * Parses `127.0.0.1:9464`, `[::1]:9464`, `localhost:0` or a port alone.
 * @param remoteReason of `--metrics-remote`
 * @throws ConfigError for what is no address, and for one that other machines reach without a reason
 */
export function parseMetricsAddress(text: string, remoteReason?: string): MetricsAddress {
  const { host, port } = parseListenAddress('--metrics', text, '127.0.0.1:9464');
  if (isLoopback(host)) return { host, port, remoteReason: null };
  const reason = remoteReason?.trim() ?? '';
  if (reason === '') {
    throw configError([
      `--metrics is "${text}", which other machines reach, and the page is neither encrypted nor protected by a password; ` +
        'use 127.0.0.1, or say with --metrics-remote <reason> why it may be so',
    ]);
  }
  return { host, port, remoteReason: reason };
}

/**
 * Parses `127.0.0.1:9464`, `[::1]:9464`, `localhost:0` or a port alone.
 * @param option whose value it is
 * @throws ConfigError for what is no address
 */
export function parseListenAddress(
  option: string,
  text: string,
  example: string,
): { readonly host: string; readonly port: number } {
  const [, v6, name, port] = /^(?:(?:\[([0-9a-f:.]+)\]|([\w.-]+)):)?(\d{1,5})$/i.exec(text.trim()) ?? [];
  if (port === undefined || Number(port) > MAX_PORT) {
    throw configError([`${option} is "${text}", wanted host:port, for example ${example}`]);
  }
  return { host: v6 ?? name ?? '127.0.0.1', port: Number(port) };
}

/** True for a name or address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}
