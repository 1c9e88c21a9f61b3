// How bundles get from host to host. A transport may lose, delay, repeat or reorder them and read who sends to whom; it can
// neither read nor change what they say.
import type { SyncPeer } from './peers.ts';

/** What became of a bundle at its recipient. */
export type Receipt =
  /** It is in the recipient's file, or was before. */
  | { readonly kind: 'taken' }
  /** The recipient will never take it. */
  | { readonly kind: 'refused'; readonly code: string }
  /** The recipient may take it later: the sender is not pinned there yet, or one of the clocks is wrong. */
  | { readonly kind: 'later'; readonly code: string };

/** Carries bundles. */
export interface SyncTransport extends AsyncDisposable {
  /** For status and errors. */
  readonly address: string;
  /** Whether a bundle for this peer can be given to it at all. */
  reaches(peer: SyncPeer): boolean;
  /** @throws RuvectorError `ERR_STEER_SYNC_TRANSPORT` when it cannot be handed over now */
  send(peer: SyncPeer, bundle: Uint8Array): Promise<Receipt>;
  /** Hands over what waits for this host, if it has to be fetched, until none is left. @throws RuvectorError `ERR_STEER_SYNC_TRANSPORT` */
  fetch(take: TakeBundle): Promise<void>;
}

/** What a host does with a bundle. Never throws what is the bundle's fault. */
export type TakeBundle = (bundle: Uint8Array) => Promise<Receipt>;
