// A host's side of offers: it hears of each, fetches and checks the files, hands the package to the host's own verification
// and gate, and says what became of it; goes back when the offer is withdrawn. What it did is kept in a file, so that a
// host that starts again neither repeats nor forgets it.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { isRuvectorError, messageOf, systemCodeOf } from '../../core/index.ts';
import { writeDurably } from '../../files/index.ts';
import { DEFAULT_TIMEOUT_MS, connectNats } from '../connect.ts';
import type { NatsAccess } from '../connect.ts';
import { offerError } from '../errors.ts';
import { OFFERS_STREAM, OFFERS_SUBJECT } from '../subjects.ts';
import { readModelFile } from './model-files.ts';
import { isCanary, parseOffer } from './offer.ts';
import type { ModelOffer, OfferReport, OfferedFile, ReportState } from './offer.ts';
import { offersError, openOffers, reportSubjectOf } from './offers-stream.ts';
import type { OffersLink } from './offers-stream.ts';

/** The files of an offered package, whole and as their hashes say. */
export type OfferedFiles = Readonly<Partial<Record<OfferedFile['name'], Uint8Array>>>;

/** What the host does with a model. */
export interface OfferedModels {
  /** Verifies it, and makes it live by the host's own rule. @throws what refuses it */
  take(name: string, files: OfferedFiles): Promise<{ version: string; isLive: boolean; reason: string }>;
  /** Goes back from a version, if it is still live. @returns why it is not live any more @throws what hinders it */
  leave(name: string, version: string): Promise<string>;
  /** Which version of it is live, if that has these bytes. */
  findLive(name: string, modelSha256: string): Promise<string | null>;
}

/** Options of {@link takeOffers}. */
export interface TakeOptions {
  readonly access: NatsAccess;
  readonly host: string;
  /** File in which is kept what was done. */
  readonly stateFile: string;
  readonly models: OfferedModels;
  /** Most bytes of a file; more is refused before it is fetched. @default 512 MiB */
  readonly maxFileBytes?: number;
  readonly retryMs?: { readonly least: number; readonly most: number };
  readonly onLog?: (text: string) => void;
}

/** Takes offers until it is closed. */
export interface OfferTaker extends AsyncDisposable {
  /** The host went back from a version by itself. Never throws. */
  noteRollback(version: string, reason: string): void;
}

/** What was done of the newest offer of a name. */
interface Taken {
  readonly offer: string;
  /** In the host's own registry; null when it was refused, or is not known yet. */
  readonly version: string | null;
  /** `taking` is what a host finds that was killed before it could say what became of it. */
  readonly state: ReportState | 'taking';
}

type Settled = Taken & { readonly state: ReportState };

/** How long nothing is asked for where nothing was ever offered. */
const NOTHING_MS = 5000;

const isStillLive = (taken: Taken): taken is Settled => taken.state === 'live';

const isNothingOffered = (error: unknown): boolean =>
  error instanceof Error && error.name === 'StreamNotFoundError';

/** Starts. A server that is away, or has no offers, is tried again. */
export async function takeOffers(options: TakeOptions): Promise<OfferTaker> {
  return new RunningTaker(options, await readState(options.stateFile));
}

async function readState(path: string): Promise<Map<string, Taken>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, Taken>));
  } catch (error) {
    // Without it an offer that stands is taken once more, and verified as always.
    if (systemCodeOf(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    return new Map();
  }
}

class RunningTaker implements OfferTaker {
  readonly #options: TakeOptions;
  readonly #taken: Map<string, Taken>;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #link: OffersLink | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #lastProblem = '';

  constructor(options: TakeOptions, taken: Map<string, Taken>) {
    this.#options = options;
    this.#taken = taken;
    this.#running = this.#run();
  }

  noteRollback(version: string, reason: string): void {
    for (const [name, taken] of this.#taken) {
      if (taken.version !== version || taken.state !== 'live') continue;
      const settled = { ...taken, state: 'rolled-back' } as const;
      void this.#inTurn(() => this.#settle(name, settled, reason)).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await this.#turn;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { least, most } = this.#options.retryMs ?? { least: 500, most: 30_000 };
    for (let waitMs = least; !signal.aborted; waitMs = Math.min(most, waitMs * 2)) {
      try {
        await this.#follow(signal);
        waitMs = least;
      } catch (error) {
        if (isNothingOffered(error)) {
          this.#log('none was offered yet');
          // The first offer makes the stream: canaries are watched for a while only.
          waitMs = Math.min(waitMs, NOTHING_MS);
        } else {
          const { code, message } = offersError(this.#options.access.servers, error);
          this.#log(`${code}: ${message}`);
        }
      }
      await sleep(waitMs * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { access, host } = this.#options;
    const connection: NatsConnection = await connectNats(access, { name: `ruvector-models ${host}` });
    const stop = (): void => void connection.close().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.#link = await openOffers(connection, access.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      const consumer = await this.#link.client.consumers.get(OFFERS_STREAM, {
        filter_subjects: `${OFFERS_SUBJECT}.>`,
      });
      for await (const message of await consumer.consume({ max_messages: 16 })) {
        const offer = parseOffer(message.string());
        if (offer) await this.#inTurn(() => this.#take(offer));
        else this.#log(`what came on "${message.subject}" is no offer`);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#link = null;
      await connection.close().catch(() => undefined);
    }
  }

  async #take(offer: ModelOffer): Promise<void> {
    const { host } = this.#options;
    const known = this.#taken.get(offer.name);
    if (known?.offer === offer.id && known.state === 'taking' && offer.stage === 'withdrawn')
      return this.#leaveUnsettled(offer);
    if (known?.offer === offer.id && known.state !== 'taking') {
      if (offer.stage === 'withdrawn' && isStillLive(known)) await this.#leave(offer.name, known);
      return;
    }
    if (offer.stage === 'withdrawn' || (offer.stage === 'canary' && !isCanary(offer, host))) return;
    try {
      const files = await this.#fetch(offer);
      await this.#note(offer.name, { offer: offer.id, version: null, state: 'taking' });
      const { version, isLive, reason } = await this.#options.models.take(offer.name, files);
      await this.#settle(
        offer.name,
        { offer: offer.id, version, state: isLive ? 'live' : 'candidate' },
        reason,
      );
    } catch (error) {
      // What the server or the line did says nothing of the model: it is offered again with the next connection.
      if (!isRuvectorError(error)) throw error;
      await this.#settle(
        offer.name,
        { offer: offer.id, version: null, state: 'refused' },
        `${error.code}: ${error.message}`,
      );
    }
  }

  /** It was taken and withdrawn, and what became of it in between was not written down. */
  async #leaveUnsettled({ id, name, files }: ModelOffer): Promise<void> {
    const sha256 = files.find((file) => file.name === 'model.onnx')?.sha256 ?? '';
    const version = await this.#options.models.findLive(name, sha256);
    if (version !== null) return this.#leave(name, { offer: id, version, state: 'live' });
    await this.#settle(
      name,
      { offer: id, version, state: 'candidate' },
      'it was withdrawn before it was live',
    );
  }

  async #leave(name: string, known: Settled): Promise<void> {
    try {
      const reason = await this.#options.models.leave(name, known.version!);
      await this.#settle(name, { ...known, state: 'rolled-back' }, reason);
    } catch (error) {
      await this.#settle(name, known, `it was withdrawn and stays: ${messageOf(error)}`);
    }
  }

  async #fetch(offer: ModelOffer): Promise<OfferedFiles> {
    const { access, maxFileBytes = 512 * 2 ** 20 } = this.#options;
    const label = `${offer.name}@${offer.version}`;
    const large = offer.files.find(({ sizeBytes }) => sizeBytes > maxFileBytes);
    if (large)
      throw offerError(label, `its ${large.name} has ${large.sizeBytes} bytes`, 'offer a smaller one');
    const { connection } = this.#link!;
    const stallMs = 2 * (access.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const store = await this.#link!.openStore(false);
    const files: Partial<Record<OfferedFile['name'], Uint8Array>> = {};
    for (const file of offer.files) {
      const bytes = await readModelFile({ store, connection, stallMs }, file);
      if (bytes === null) {
        throw offerError(
          label,
          `its ${file.name} is not in the object store as it was offered`,
          'offer it again, which puts it there',
        );
      }
      files[file.name] = bytes;
    }
    return files;
  }

  /** First the file, then the word: a host that is killed in between says it again. */
  async #settle(name: string, taken: Settled, reason: string): Promise<void> {
    const { host, onLog } = this.#options;
    await this.#note(name, taken);
    onLog?.(`offered model ${name}: ${taken.state}: ${reason}`);
    const report: OfferReport = { offer: taken.offer, host, state: taken.state, reason };
    await this.#link?.client.publish(reportSubjectOf(host, name), JSON.stringify(report));
  }

  async #note(name: string, taken: Taken): Promise<void> {
    this.#taken.set(name, taken);
    await writeDurably(this.#options.stateFile, `${JSON.stringify(Object.fromEntries(this.#taken))}\n`);
  }

  /** One after the other, and none ends the others. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch((error: unknown) => this.#log(messageOf(error)));
    return done;
  }

  #log(text: string): void {
    if (text === this.#lastProblem) return;
    this.#lastProblem = text;
    this.#options.onLog?.(`offers of models: ${text}`);
  }
}
