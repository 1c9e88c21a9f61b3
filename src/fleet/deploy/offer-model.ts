// Offers a model to a fleet: files into the object store, the offer to a share of the hosts, and to all of them when none
// of those had to go back. What a host makes of it is the host's.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/index.ts';
import type { RuvectorError } from '../../core/index.ts';
import { DEFAULT_TIMEOUT_MS, connectNats } from '../connect.ts';
import type { NatsAccess } from '../connect.ts';
import { fleetOptionError, offerError } from '../errors.ts';
import { OFFERS_STREAM, REPORTS_SUBJECT } from '../subjects.ts';
import { putModelFile } from './model-files.ts';
import { judgeCanaries, isCanary, parseReport } from './offer.ts';
import type { ModelOffer, OfferReport, OfferStage, OfferedFile } from './offer.ts';
import { ensureOffers, offerSubjectOf, offersError, openOffers } from './offers-stream.ts';
import type { OffersLink } from './offers-stream.ts';

/** Options of {@link offerModel}. */
export interface OfferOptions {
  readonly access: NatsAccess;
  readonly name: string;
  readonly version: string;
  /** The files of the package by their names. */
  readonly files: Readonly<Partial<Record<OfferedFile['name'], Uint8Array>>>;
  /** Share of the hosts that take it first, 0 to 1; 1 offers it to all at once. @default 0.1 */
  readonly canaryShare?: number;
  /** How long canaries are watched. @default 600_000 */
  readonly canaryMs?: number;
  /** How long the others are listened to afterwards. @default 10_000 */
  readonly settleMs?: number;
  /** Hosts of the fleet: when so many have answered, nobody else is waited for. @default unknown */
  readonly hosts?: number;
  /** Aborting ends the watch; the offer stays at the stage that it has. */
  readonly signal: AbortSignal;
  readonly onReport?: (report: OfferReport) => void;
  readonly onStage?: (stage: OfferStage, reason: string) => void;
}

/** What became of it. Plain JSON. */
export interface OfferOutcome {
  readonly offer: string;
  readonly stage: OfferStage;
  readonly reason: string;
  /** The last word of each host that took it. */
  readonly reports: readonly OfferReport[];
}

export const DEFAULT_CANARY_SHARE = 0.1;
export const DEFAULT_CANARY_MS = 600_000;
export const DEFAULT_SETTLE_MS = 10_000;
const LOOK_MS = 200;

/**
 * Offers a model. Resolves when canaries were watched, and the others listened to.
 * @throws RuvectorError `ERR_FLEET_OPTION`, `ERR_FLEET_OFFER` and those of the connection
 */
export async function offerModel(options: OfferOptions): Promise<OfferOutcome> {
  const { canaryShare = DEFAULT_CANARY_SHARE, access, name } = options;
  if (!(canaryShare > 0 && canaryShare <= 1))
    throw fleetOptionError('canary', canaryShare, 'a share above 0, at most 1');
  const connection = await connectNats(access, { name: 'ruvector-deploy', reconnects: true });
  try {
    const link = await openOffers(connection, access.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    await ensureOffers(link);
    const offer = await putFiles(link, options, canaryShare);
    return await new Rollout(link, options, offer).run();
  } catch (error) {
    throw rolloutError(access.servers, `${name}@${options.version}`, error, connection.isClosed());
  } finally {
    await connection.close().catch(() => undefined);
  }
}

function rolloutError(servers: string, model: string, error: unknown, isLost: boolean): RuvectorError {
  const known = offersError(servers, error);
  if (isLost || known.code !== 'ERR_FLEET_UNREACHABLE') return known;
  return offerError(model, messageOf(error), 'see that the server has space for it, and answers', error);
}

async function putFiles(link: OffersLink, options: OfferOptions, canaryShare: number): Promise<ModelOffer> {
  const { connection } = link;
  const stallMs = 2 * (options.access.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const store = await link.openStore(true);
  const files: OfferedFile[] = [];
  for (const [name, bytes] of Object.entries(options.files)) {
    const sha256 = await putModelFile({ store, connection, stallMs }, bytes);
    files.push({ name: name as OfferedFile['name'], sha256, sizeBytes: bytes.length });
  }
  const id = randomBytes(8).toString('hex');
  return { id, name: options.name, version: options.version, stage: 'canary', canaryShare, files };
}

class Rollout {
  readonly #link: OffersLink;
  readonly #options: OfferOptions;
  readonly #offer: ModelOffer;
  readonly #reports = new Map<string, OfferReport>();

  constructor(link: OffersLink, options: OfferOptions, offer: ModelOffer) {
    this.#link = link;
    this.#options = options;
    this.#offer = offer;
  }

  async run(): Promise<OfferOutcome> {
    const { canaryMs = DEFAULT_CANARY_MS, settleMs = DEFAULT_SETTLE_MS, signal } = this.#options;
    const messages = await this.#listen();
    try {
      if (this.#offer.canaryShare < 1) {
        await this.#say(
          'canary',
          `${Math.round(this.#offer.canaryShare * 100)} % of the hosts take it first`,
        );
        await this.#watch(
          canaryMs,
          () => !judgeCanaries(this.#canaries()).isGood && this.#canaries().length > 0,
        );
        if (signal.aborted) return this.#outcome('canary', 'the watch was ended; offer it again to go on');
        const verdict = judgeCanaries(this.#canaries());
        if (!verdict.isGood) {
          await this.#say('withdrawn', verdict.reason);
          await this.#watch(settleMs, () => this.#canaries().every(({ state }) => state !== 'live'));
          return this.#outcome('withdrawn', verdict.reason);
        }
      }
      const reason = this.#offer.canaryShare < 1 ? judgeCanaries(this.#canaries()).reason : 'as asked';
      await this.#say('all', reason);
      await this.#watch(settleMs, () => this.#reports.size >= (this.#options.hosts ?? Infinity));
      return this.#outcome('all', reason);
    } finally {
      messages.stop();
    }
  }

  async #listen(): Promise<{ stop(): void }> {
    const consumer = await this.#link.client.consumers.get(OFFERS_STREAM, {
      filter_subjects: `${REPORTS_SUBJECT}.>`,
    });
    return consumer.consume({
      callback: (message) => {
        const report = parseReport(message.string());
        if (report?.offer !== this.#offer.id) return;
        this.#reports.set(report.host, report);
        this.#options.onReport?.(report);
      },
    });
  }

  #canaries(): OfferReport[] {
    return [...this.#reports.values()].filter(({ host }) => isCanary(this.#offer, host));
  }

  async #say(stage: OfferStage, reason: string): Promise<void> {
    await this.#link.client.publish(
      offerSubjectOf(this.#offer.name),
      JSON.stringify({ ...this.#offer, stage } satisfies ModelOffer),
    );
    this.#options.onStage?.(stage, reason);
  }

  async #watch(forMs: number, isOver: () => boolean): Promise<void> {
    const { signal } = this.#options;
    const endMs = performance.now() + forMs;
    while (performance.now() < endMs && !isOver() && !signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #outcome(stage: OfferStage, reason: string): OfferOutcome {
    return { offer: this.#offer.id, stage, reason, reports: [...this.#reports.values()] };
  }
}
