// The hosts that this one talks to, pinned by their cards: nobody else is listened to, and no card is taken over the wire.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, systemCodeOf } from '../../core/index.ts';
import { makeFolder, writeDurably } from '../../files/index.ts';
import { peerError, syncStateError } from './errors.ts';
import { formatCard, parseCard } from './host-keys.ts';
import type { HostCard } from './host-keys.ts';

/** A pinned host. */
export interface SyncPeer {
  /** What people call it here. */
  readonly name: string;
  readonly card: HostCard;
  /** Where its daemon listens over ZeroMQ, `tcp://host:port`; null where a broker or its own calls reach it. */
  readonly endpoint: string | null;
}

interface PeersFile {
  readonly version: 1;
  readonly peers: readonly {
    readonly name: string;
    readonly card: string;
    readonly endpoint: string | null;
  }[];
}

/** @throws RuvectorError `ERR_STEER_SYNC_STATE`, `ERR_STEER_SYNC_PEER` */
export async function readPeers(path: string): Promise<SyncPeer[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw syncStateError(path, messageOf(error), 'see that it can be read', error);
  }
  try {
    const file = JSON.parse(text) as PeersFile;
    if (file.version !== 1) throw new Error(`it is of version ${String(file.version)}`);
    return file.peers.map(({ name, card, endpoint }) => ({ name, card: parseCard(card), endpoint }));
  } catch (error) {
    throw syncStateError(path, 'it is damaged', 'remove it, and pin the peers again', error);
  }
}

async function writePeers(path: string, peers: readonly SyncPeer[]): Promise<void> {
  const file: PeersFile = {
    version: 1,
    peers: peers.map(({ name, card, endpoint }) => ({ name, card: formatCard(card), endpoint })),
  };
  try {
    await makeFolder(dirname(path), 0o700);
    await writeDurably(path, `${JSON.stringify(file, null, 2)}\n`);
  } catch (error) {
    throw syncStateError(path, messageOf(error), 'see that it can be written', error);
  }
}

/** Pins a host. @throws RuvectorError `ERR_STEER_SYNC_PEER` where its name or its card is pinned already */
export async function addPeer(path: string, peer: SyncPeer): Promise<void> {
  const { name, card, endpoint } = peer;
  if (!/^[\w.-]{1,64}$/.test(name))
    throw peerError(name, 'its name is none', 'take 1 to 64 letters, digits, dots and dashes');
  if (endpoint !== null && !/^(tcp|ipc):\/\/.+/.test(endpoint))
    throw peerError(name, `"${endpoint}" is no endpoint`, 'give it tcp://host:port');
  const peers = await readPeers(path);
  for (const known of peers) {
    if (known.name === name) throw peerError(name, 'a peer of this name is pinned', 'remove that one first');
    if (known.card.fingerprint === card.fingerprint)
      throw peerError(name, `its card is pinned as "${known.name}"`, 'remove that one first');
  }
  await writePeers(path, [...peers, peer]);
}

/** @param named its name or fingerprint @returns the peer that was removed @throws RuvectorError `ERR_STEER_SYNC_PEER` */
export async function removePeer(path: string, named: string): Promise<SyncPeer> {
  const peers = await readPeers(path);
  const found = peers.find(({ name, card }) => name === named || card.fingerprint === named);
  if (!found) throw peerError(named, 'it is not pinned', 'see `dag sync peers list`');
  await writePeers(
    path,
    peers.filter((peer) => peer !== found),
  );
  return found;
}
