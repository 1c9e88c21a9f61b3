// Training samples that survive: an APR2 file, replaced whole and atomically, and an append journal beside
// it, so that recording one costs the same however many there are. One writer a file.
import { link } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRuvectorError, systemClock } from '../../core/index.ts';
import type { Clock, RuvectorError, TrainingSample } from '../../core/index.ts';
import { locateDestination, makeFolder, renameDurably, requireFile } from '../../files/index.ts';
import type { AppendFile, FileLock } from '../../files/index.ts';
import { setAsidePath, writeSamples } from '../durable-file.ts';
import { toStoreError } from '../errors.ts';
import { createProblemLimiter } from '../problem-limiter.ts';
import type { ProblemLimiter } from '../problem-limiter.ts';
import { acquireNamedLock } from '../lock.ts';
import { encodeApr } from './apr-file.ts';
import { encodeSampleFrames, encodeTrainedFrame } from './apr-journal.ts';
import type { DecodedJournal, JournalHead } from './apr-journal.ts';
import { aprReplacedError, aprSetAsideError, corruptJournalError, samplesClosedError } from './errors.ts';
import { appendToJournal, createJournal, openJournal } from './journal-file.ts';
import { fitJournal, journalPath, readApr, readJournal } from './read-samples.ts';
import type { AprOnDisk } from './read-samples.ts';
import { checkSample } from './sample-json.ts';
import { TunerDataCollector } from './tuner-data-collector.ts';
import type { CollectorSettings } from './tuner-data-collector.ts';

/** Options of {@link openSampleStore}. */
export interface SampleStoreOptions extends CollectorSettings {
  /** Journal bytes from which on it is folded into the file, or half the file's size when that is more. @default 1 MiB */
  readonly foldBytes?: number;
  /** Called with damage found at open and folds that failed, at most once a minute a code. Must not throw. */
  readonly onProblem?: (problem: RuvectorError) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** Durable samples of one host. Close it, or use `await using`. */
export interface SampleStore extends AsyncDisposable {
  readonly path: string;
  /** The samples and what is kept beside them. Record through the store, or nothing is durable. */
  readonly collector: TunerDataCollector;
  /** Damage found at open. */
  readonly problems: readonly RuvectorError[];
  /** Bytes of the journal. */
  readonly journalBytes: number;
  /**
   * Records samples; resolves when the disk has them. On a rejection none of the call was taken.
   * @throws RuvectorError `ERR_STORE_APR_SAMPLE`, `ERR_STORE_DISK_FULL`, `ERR_STORE_IO`, `ERR_STORE_CLOSED`
   */
  recordAndPersist(...samples: readonly TrainingSample[]): Promise<void>;
  /** Remembers durably that a training took everything recorded so far. */
  markTrained(): Promise<void>;
  /** Folds the journal into the file now. @throws RuvectorError `ERR_STORE_*`; nothing is lost then */
  save(): Promise<void>;
  /** Folds, and releases the lock. */
  close(): Promise<void>;
}

/**
 * Opens or creates the samples at a path, following its links. A damaged file is renamed to `<path>.corrupt-<ms>` and reported
 * in `problems`; a journal's torn tail is cut off.
 * @throws RuvectorError `ERR_STORE_LOCKED` while another process writes them, `ERR_STORE_APR_VERSION`,
 *   `ERR_STORE_APR_SAMPLE` (the file stays as it is), `ERR_STORE_IO`, `ERR_FILES_TARGET`
 */
export async function openSampleStore(named: string, options: SampleStoreOptions = {}): Promise<SampleStore> {
  // Journal and lock lie beside the file itself: whoever comes by another link is kept out too.
  const { path } = requireFile(await locateDestination(named), 'samples');
  await makeFolder(dirname(path), 0o700).catch((cause: unknown) => {
    throw toStoreError('create the directory of', path, cause);
  });
  const lock = acquireNamedLock(`${path}.lock`, `samples "${path}"`);
  try {
    const store = new FileSampleStore(path, options, lock);
    await store.load();
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

const MAX_PROBLEMS = 256;
const DEFAULT_FOLD_BYTES = 1 << 20;

class FileSampleStore implements SampleStore {
  readonly path: string;
  readonly problems: RuvectorError[] = [];
  readonly #limiter: ProblemLimiter;
  readonly #options: SampleStoreOptions;
  readonly #clock: Clock;
  readonly #lock: FileLock;
  collector: TunerDataCollector;
  #journal: AppendFile | null = null;
  /** Head of the journal that is wanted, while it could not be started. */
  #wantedHead: Pick<JournalHead, 'baseCount' | 'baseCrc'> | null = null;
  /** Journal bytes at which it is folded next. */
  #foldAtBytes = DEFAULT_FOLD_BYTES;
  #queue: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(path: string, options: SampleStoreOptions, lock: FileLock) {
    this.path = path;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#lock = lock;
    this.collector = new TunerDataCollector(options);
    this.#limiter = createProblemLimiter((problem) => options.onProblem?.(problem));
  }

  get journalBytes(): number {
    return this.#journal?.sizeBytes ?? 0;
  }

  async load(): Promise<void> {
    const apr = await this.#readFile();
    this.#planFold(apr.sizeBytes);
    const journal = await readJournal(this.path);
    if (journal?.isDamaged) await this.#keepJournal(journal);
    const fit = journal === null ? 'folded' : fitJournal(apr, journal);
    if (fit === 'foreign') this.#report(aprReplacedError(this.path, journal!.samples.length));
    const kept = fit === 'folded' ? apr.samples : [...apr.samples, ...journal!.samples];
    this.collector = TunerDataCollector.fromSamples(kept, this.#options);
    if (journal?.head) this.collector.restoreSinceTrained(journal.sinceTrained);
    const isWhole = journal !== null && !journal.isDamaged && fit === 'continues';
    if (isWhole) this.#journal = await openJournal(journalPath(this.path), journal.goodEnd);
    else if (fit === 'folded') await this.#startJournal(apr.samples.length, apr.crc);
    else await this.#fold();
  }

  recordAndPersist(...samples: readonly TrainingSample[]): Promise<void> {
    return this.#exclusive(async () => {
      const checked = samples.map((sample, at) => checkSample(sample, at));
      const journal = await this.#openedJournal();
      await appendToJournal(journal, journalPath(this.path), encodeSampleFrames(checked));
      for (const sample of checked) this.collector.record(sample);
      if (journal.sizeBytes > this.#foldAtBytes) await this.#foldOrPutOff(journal.sizeBytes);
    });
  }

  /** The samples are safe in the journal: a fold that fails is tried again when it has doubled, or at close. */
  async #foldOrPutOff(journalBytes: number): Promise<void> {
    await this.#fold().catch((error: RuvectorError) => {
      this.#foldAtBytes = 2 * journalBytes;
      this.#report(error);
    });
  }

  markTrained(): Promise<void> {
    return this.#exclusive(async () => {
      const journal = await this.#openedJournal();
      await appendToJournal(journal, journalPath(this.path), encodeTrainedFrame());
      this.collector.markTrained();
    });
  }

  save(): Promise<void> {
    return this.#exclusive(() => this.#fold());
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.save();
    } finally {
      this.#isClosed = true;
      await this.#journal?.[Symbol.asyncDispose]();
      this.#limiter.close();
      this.#lock.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The file first, then a new journal that names it: see fitJournal for a crash in between. */
  async #fold(): Promise<void> {
    const { pieces, crc } = encodeApr(this.collector.samples());
    await writeSamples(this.path, pieces);
    this.#planFold(pieces.reduce((sum, piece) => sum + piece.length, 0));
    await this.#startJournal(this.collector.length, crc);
  }

  /** At least half the file's size, so that folding costs each sample the same however many there are. */
  #planFold(fileBytes: number): void {
    this.#foldAtBytes = Math.max(this.#options.foldBytes ?? DEFAULT_FOLD_BYTES, fileBytes / 2);
  }

  /** From here on nothing may be appended to the journal of the file that was. */
  async #startJournal(baseCount: number, baseCrc: number): Promise<void> {
    await this.#journal?.[Symbol.asyncDispose]();
    this.#journal = null;
    this.#wantedHead = { baseCount, baseCrc };
    await this.#openedJournal();
  }

  async #openedJournal(): Promise<AppendFile> {
    if (this.#journal) return this.#journal;
    const sinceTrained = this.collector.samplesSinceTrained;
    this.#journal = await createJournal(journalPath(this.path), { ...this.#wantedHead!, sinceTrained });
    return this.#journal;
  }

  async #readFile(): Promise<AprOnDisk> {
    try {
      return await readApr(this.path);
    } catch (error) {
      if (!isRuvectorError(error, 'ERR_STORE_APR_CORRUPT') && !isRuvectorError(error, 'ERR_STORE_APR_JSON')) {
        throw error;
      }
      const setAside = this.#asideOf(this.path);
      await this.#onDisk('set aside', () => renameDurably(this.path, setAside, 'keep'));
      this.#report(aprSetAsideError(this.path, setAside, error));
      return { samples: [], crc: 0, sizeBytes: 0 };
    }
  }

  /** Gives the damaged journal a second name; the next fold replaces the first one. */
  async #keepJournal({ samples }: DecodedJournal): Promise<void> {
    const path = journalPath(this.path);
    const setAside = this.#asideOf(path);
    await this.#onDisk('set aside', () => link(path, setAside));
    this.#report(corruptJournalError(path, setAside, samples.length));
  }

  #asideOf(path: string): string {
    return setAsidePath(path, this.#clock.nowMs());
  }

  async #onDisk(verb: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      throw toStoreError(verb, this.path, cause);
    }
  }

  #report(problem: RuvectorError): void {
    this.problems.push(problem);
    if (this.problems.length > MAX_PROBLEMS) this.problems.shift();
    this.#limiter.report(problem);
  }

  /** One change at a time, in the order of the calls. */
  #exclusive(change: () => Promise<void>): Promise<void> {
    const run = this.#after(this.#queue, change);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #after(earlier: Promise<unknown>, change: () => Promise<void>): Promise<void> {
    await earlier;
    if (this.#isClosed) throw samplesClosedError(this.path);
    await change();
  }
}
