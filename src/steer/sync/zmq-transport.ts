// Bundles over ZeroMQ, host to host: a ROUTER where this host listens, a DEALER for each bundle's peer. One frame is a
// bundle, one frame the receipt: "+", or "-" or "~" and a code.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/index.ts';
import { DealerSocket, RouterSocket } from '../../sockets/index.ts';
import { MAX_BUNDLE_BYTES } from './bundle-layout.ts';
import { transportError } from './errors.ts';
import type { SyncPeer } from './peers.ts';
import type { Receipt, SyncTransport, TakeBundle } from './transport.ts';

/** Options of {@link openZmqTransport}. */
export interface ZmqTransportOptions {
  /** Where this host listens, `tcp://127.0.0.1:7741`; null: it only calls others. */
  readonly listen: string | null;
  /** Told of each bundle as it comes. */
  readonly take: TakeBundle;
  /** How long a receipt is waited for. @default 10_000 */
  readonly timeoutMs?: number;
}

const signs = { taken: '+', refused: '-', later: '~' } as const;
const LEASE_MS = 10_000;

/** Opens it. @throws RuvectorError `ERR_WIRE_ENDPOINT` when the address is taken or not usable */
export async function openZmqTransport(options: ZmqTransportOptions): Promise<ZmqTransport> {
  if (options.listen === null) return new ZmqTransport(options, null);
  const router = await RouterSocket.open({
    plane: 'data',
    endpoint: options.listen,
    leaseMs: LEASE_MS,
    maxMessageBytes: MAX_BUNDLE_BYTES,
  });
  return new ZmqTransport(options, router);
}

/** Host to host. */
export class ZmqTransport implements SyncTransport {
  readonly address: string;
  readonly #timeoutMs: number;
  readonly #router: RouterSocket | null;
  readonly #serving: Promise<void>;

  constructor({ timeoutMs = 10_000, take }: ZmqTransportOptions, router: RouterSocket | null) {
    this.#timeoutMs = timeoutMs;
    this.#router = router;
    this.address = router?.endpoint ?? 'zeromq';
    this.#serving = router ? serve(router, take) : Promise.resolve();
  }

  reaches({ endpoint }: SyncPeer): boolean {
    return endpoint !== null;
  }

  async send({ endpoint }: SyncPeer, bundle: Uint8Array): Promise<Receipt> {
    const address = endpoint!;
    await using dealer = new DealerSocket({
      plane: 'data',
      endpoint: address,
      leaseMs: LEASE_MS,
      maxMessageBytes: 1024,
    });
    const gone = Promise.withResolvers<never>();
    // Nobody may be waiting for it any more.
    gone.promise.catch(() => undefined);
    dealer.connect((why) =>
      gone.reject(
        transportError(address, why === 'absent' ? 'nobody listens there' : 'the connection ended'),
      ),
    );
    const stop = new AbortController();
    const late = sleep(this.#timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw transportError(address, `no receipt came within ${this.#timeoutMs} ms`);
    });
    late.catch(() => undefined);
    try {
      await dealer.send([bundle]);
      return await Promise.race([firstReceipt(dealer, address), gone.promise, late]);
    } finally {
      stop.abort();
    }
  }

  /** Bundles come by themselves. */
  fetch(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#router?.close();
    await this.#serving;
  }
}

async function firstReceipt(dealer: DealerSocket, address: string): Promise<Receipt> {
  for await (const [frame] of dealer.messages) {
    const receipt = parseReceipt(frame?.toString('latin1') ?? '');
    if (!receipt) throw transportError(address, 'its answer is no receipt');
    return receipt;
  }
  throw transportError(address, 'the connection ended');
}

async function serve(router: RouterSocket, take: TakeBundle): Promise<void> {
  for await (const [peer, bundle] of router.messages) {
    if (!peer || !bundle) continue;
    const receipt = formatReceipt(await take(bundle));
    // Who did not wait for it sends again, and is told that it was taken.
    await router.send(peer, [Buffer.from(receipt, 'latin1')]).catch((error: unknown) => messageOf(error));
  }
}

export function formatReceipt(receipt: Receipt): string {
  return receipt.kind === 'taken' ? signs.taken : signs[receipt.kind] + receipt.code;
}

/** Null for what is none. */
export function parseReceipt(text: string): Receipt | null {
  if (text === signs.taken) return { kind: 'taken' };
  const code = text.slice(1);
  if (!/^ERR_[A-Z_]{1,60}$/.test(code)) return null;
  if (text.startsWith(signs.refused)) return { kind: 'refused', code };
  return text.startsWith(signs.later) ? { kind: 'later', code } : null;
}
