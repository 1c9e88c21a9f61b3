// What `doctor` says of other hosts: whether they reach the daemon, whose keys it takes, and how long the certificate of
// streams is valid.
import { X509Certificate } from 'node:crypto';
import { findDaemon } from '../../bridge/index.ts';
import { readClients } from '../../keys/index.ts';
import { readCertificate } from '../../stream/index.ts';
import type { HostStatus } from '../host/status-types.ts';
import { readSavedConfig } from '../host/config.ts';
import type { Check } from './check.ts';

const DAY_MS = 86_400_000;
const RENEW_DAYS = 14;

/** The checks of what other hosts reach. */
export const remoteChecks: readonly Check[] = [
  {
    name: 'Other hosts',
    severity: 'limited',
    costs: 'what is said above about who gets in and what can be read on the way',
    fix: 'ruvector-memopt keys list, allow, revoke; serve --listen without --trusted-network   (docs/fleet.md)',
    look: async (home) => {
      const clients = readClients(home.keys).filter(({ revokedAt }) => revokedAt === null).length;
      await using client = await findDaemon(home.bridgeFile);
      const status = client && ((await client.request('status')).result as Partial<HostStatus>);
      return describeRemote(status?.remote ?? null, clients);
    },
  },
  {
    name: 'Certificate of streams',
    severity: 'limited',
    costs: 'readers of wss:// streams refuse it, or will soon',
    fix: 'renew it in its place: a running daemon takes the new one by itself',
    look: async (home) => {
      const { tlsCert, tlsKey } = readSavedConfig(home.root);
      if (tlsCert === null || tlsKey === null) return 'none: streams go unencrypted, on this machine only';
      const { cert } = readCertificate({ certFile: tlsCert, keyFile: tlsKey });
      return describeValidity(new X509Certificate(cert).validToDate, new Date());
    },
  },
];

/** @throws Error for what a user should know of */
export function describeRemote(remote: HostStatus['remote'], clients: number): string {
  if (!remote) return `they do not reach this daemon (serve --listen); ${clients} keys are allowed`;
  const { endpoint, trust, allowedClients, bridge } = remote;
  if (trust === 'all')
    throw new Error(`${endpoint}: nothing is encrypted, and a token is all that is asked for`);
  if (trust === 'bulk')
    throw new Error(`${endpoint}: batches are not encrypted; ${clients} keys are allowed`);
  if (allowedClients === 0) throw new Error(`${endpoint}: no key is allowed, so nobody can connect`);
  const { tampered, replayed } = bridge;
  if (tampered + replayed > 0) {
    throw new Error(
      `${endpoint}: ${tampered} messages were changed on their way, ${replayed} repeated or withheld`,
    );
  }
  return `${endpoint}, encrypted; ${allowedClients} keys are allowed, ${bridge.clients} clients connected`;
}

/** @throws Error when it is time to renew it */
export function describeValidity(validTo: Date, now: Date): string {
  const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MS);
  const until = `valid until ${validTo.toISOString()}`;
  if (days < RENEW_DAYS) throw new Error(`${until}, ${days} days from now`);
  return `${until}, ${days} days from now`;
}
